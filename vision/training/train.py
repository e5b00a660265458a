"""The training loop: AdamW on a cosine, averaged weights, checkpoints that continue at the exact step."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from vision.training import TrainingError
from vision.training.batches import Batch, BatchMaker, made_ahead
from vision.training.export import exported_network, exported_weights
from vision.training.loss import LossConfig, flower_loss
from vision.training.network import FlowerNetwork, NetworkConfig


class TrainConfig(BaseModel):
    """How long and how fast to learn; `steps`, when given, decides the end instead of `minutes`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    minutes: float = Field(
        30.0, gt=0, le=10_000, description="training time, all runs of one checkpoint together"
    )
    steps: int | None = Field(
        None, ge=1, description="exact number of batches instead, for runs to be repeated"
    )
    batch: int = Field(16, ge=1, le=1024, description="pictures a batch")
    rate: float = Field(2e-3, gt=0, le=1, description="highest learning rate")
    last_rate: float = Field(
        0.02, ge=0, le=1, description="learning rate at the end, as a share of the highest"
    )
    warm_up: int = Field(150, ge=0, description="steps until the highest rate")
    decay: float = Field(0.02, ge=0, le=1, description="weight decay")
    average: float = Field(0.998, ge=0, lt=1, description="what the averaged weights keep each step")
    hold: bool = Field(
        True,
        description="a body with published weights keeps its first stages and channel-by-channel filters: twice as fast",
    )
    most_gradient: float = Field(20.0, gt=0, description="norm that gradients are cut to")
    threads: int = Field(2, ge=1, le=256, description="threads that train")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="of the convolutions; bfloat16 is faster where the processor knows it"
    )
    checkpoint_s: float = Field(60.0, ge=0, description="time between checkpoints")
    seed: int = Field(1, ge=0, description="of weights and of batches")


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a progress display and the curves want to know after each step."""

    step: int
    progress: float
    elapsed_s: float
    heat_loss: float
    box_loss: float


class Trainer:
    """Holds the weights, their running average and the optimiser; `run` trains to the configured end."""

    def __init__(
        self,
        network: NetworkConfig,
        loss: LossConfig,
        config: TrainConfig,
        checkpoint: Path,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        torch.manual_seed(config.seed)
        self._loss, self._config, self._checkpoint, self._clock = loss, config, checkpoint, clock
        self.network_config = network
        # Pictures come as (B, H, W, 3): weights laid out the same way train a fifth faster (2 cores, torch 2.13).
        self.network = FlowerNetwork(network).to(memory_format=torch.channels_last)
        self.averaged = FlowerNetwork(network)
        self.averaged.load_state_dict(self.network.state_dict())
        self.averaged.eval()
        if config.hold:
            self.network.hold_published()
        self._optimiser = torch.optim.AdamW(_groups(self.network, config.decay), lr=config.rate)
        self.step, self.elapsed_s = 0, 0.0
        self.history: list[tuple[float, ...]] = []

    def run(self, maker: BatchMaker, report: Callable[[StepReport], None] | None = None) -> None:
        """Train until the end; saves a checkpoint now and then and at the end, also when interrupted."""
        torch.set_num_threads(self._config.threads)
        self.network.train()
        before, saved_at = self._clock(), self._clock()
        with closing(made_ahead(maker, self.step)) as batches:
            try:
                while self._progress() < 1.0:
                    heat, box = self._one_step(next(batches))
                    self.step += 1
                    now = self._clock()
                    self.elapsed_s, before = self.elapsed_s + now - before, now
                    self.history.append((float(self.step), heat, box))
                    if report is not None:
                        report(StepReport(self.step, self._progress(), self.elapsed_s, heat, box))
                    if now - saved_at >= self._config.checkpoint_s:
                        self.save()
                        saved_at = now
            finally:
                self.save()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "network_config": self.network_config.model_dump(),
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "history": self.history,
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._checkpoint)

    def resume(self) -> None:
        """Continue from the checkpoint: weights, averages, optimiser, step and time used so far."""
        state = load_checkpoint(self._checkpoint, self.network_config)
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed_s = int(state["step"]), float(state["elapsed_s"])
        self.history = [tuple(row) for row in state["history"]]

    def start(self) -> None:
        """Begin from the weights that the body was published with, where there are any; raises TrainingError."""
        self.network.begin_published()
        self.averaged.load_state_dict(self.network.state_dict())

    def start_from(self, path: Path) -> None:
        """Begin a new run from another one's averaged weights: its checkpoint.pt or its exported model."""
        exported = path.suffix == ".onnx"
        state = exported_weights(path) if exported else load_checkpoint(path, self.network_config)["averaged"]
        try:
            for network in (self.network, self.averaged):
                missing = network.load_state_dict(state, strict=False).missing_keys
                if [name for name in missing if not name.endswith("num_batches_tracked")]:
                    raise TrainingError(f"{path}: lacks {missing[0]}; use the same [network]")
        except RuntimeError as error:
            raise TrainingError(f"{path}: weights of another network; use the same [network]") from error

    def _progress(self) -> float:
        if self._config.steps is not None:
            return self.step / self._config.steps
        return self.elapsed_s / (60.0 * self._config.minutes)

    def _one_step(self, batch: Batch) -> tuple[float, float]:
        rate = self._config.rate * rate_share(self.step, self._progress(), self._config)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        short = self._config.precision == "bfloat16"
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=short):
            maps = self.network(torch.from_numpy(batch.images))
        heat, box = flower_loss(maps.float(), batch.targets, self._loss)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(heat + box)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._config.most_gradient)
        if not math.isfinite(float(norm)):
            raise TrainingError(
                f"step {self.step}: the loss is not finite; lower the learning rate ({rate:g})"
            )
        self._optimiser.step()
        self._average()
        return float(heat.detach()), float(box.detach())

    @torch.no_grad()
    def _average(self) -> None:
        """Pull the averaged weights after the trained ones, faster at the beginning."""
        keep = min(self._config.average, (1.0 + self.step) / (10.0 + self.step))
        trained = self.network.state_dict()
        for name, value in self.averaged.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(trained[name], 1.0 - keep)
            else:
                value.copy_(trained[name])


def rate_share(step: int, progress: float, config: TrainConfig) -> float:
    """Return the learning rate's share of the highest: a linear warm-up, then half a cosine."""
    if step < config.warm_up:
        return (step + 1) / (config.warm_up + 1)
    wave = 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))
    return config.last_rate + (1.0 - config.last_rate) * wave


def load_checkpoint(path: Path, network: NetworkConfig | None = None) -> dict[str, Any]:
    """Read a checkpoint; raises TrainingError when it is absent, damaged or of another network."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        found = NetworkConfig.model_validate(state["network_config"])
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: no checkpoint there; start without --resume") from error
    except (
        OSError,
        RuntimeError,
        EOFError,
        KeyError,
        ValueError,
        TypeError,
        pickle.UnpicklingError,
    ) as error:
        raise TrainingError(
            f"{path}: not a checkpoint of this program ({type(error).__name__}); start anew"
        ) from error
    if network is not None and found != network:
        raise TrainingError(
            f"{path}: made for another network ({found}); use the same configuration or start anew"
        )
    return state


def network_of(path: Path) -> NetworkConfig | None:
    """Return what the network of a checkpoint or an exported model is made of; raises TrainingError."""
    if path.suffix == ".onnx":
        return exported_network(path)
    return NetworkConfig.model_validate(load_checkpoint(path)["network_config"])


def averaged_network(path: Path) -> FlowerNetwork:
    """Return the averaged weights of a checkpoint, ready to look."""
    state = load_checkpoint(path)
    network = FlowerNetwork(NetworkConfig.model_validate(state["network_config"]))
    network.load_state_dict(state["averaged"])
    return network.eval()


def _groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weights decay; biases and batch norms do not; what is held is not learned."""
    learned = [weight for weight in network.parameters() if weight.requires_grad]
    decayed: list[Tensor] = [p for p in learned if p.ndim > 1]
    free: list[Tensor] = [p for p in learned if p.ndim <= 1]
    return [{"params": decayed, "weight_decay": decay}, {"params": free, "weight_decay": 0.0}]
