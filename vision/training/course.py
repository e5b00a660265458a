"""One whole course of training: scenes, photographs, the loop, the export, its figures and its card."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vision.detector import Detector
from vision.stills import StillRule
from vision.training import TrainingError
from vision.training.assess import domain_statistics, figures, on_frames, on_stills
from vision.training.augment import AugmentConfig
from vision.training.batches import BatchMaker
from vision.training.card import INPUT_SIZE, SCORE_THRESHOLD, STILL_RULE, write_card
from vision.training.curves import draw_curves
from vision.training.export import export_onnx, inference_ms
from vision.training.loss import LossConfig
from vision.training.network import NetworkConfig
from vision.training.photos import Photo, PhotoSet, read_photos, split_by_group
from vision.training.quantise import quantise
from vision.training.scenes import Sample, SceneCache, SceneSource
from vision.training.train import StepReport, TrainConfig, Trainer, averaged_network

MODEL: Final = "flowers.onnx"
FLOAT_MODEL: Final = "flowers-float.onnx"
CALIBRATION_BATCHES: Final = 8
"""Windows whose ranges the integers are fitted to: 128 at 16 a batch."""

SCORE_FLOOR: Final = 0.02
"""Figures look at detections down to this score, so that the whole curve is seen."""


Sources = tuple[SceneCache | None, Sequence[Photo]]
"""Rendered scenes and photographs to learn from."""


class CourseConfig(BaseModel):
    """A training file: what to learn from and how; every section has usable defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    scenes: int = Field(4000, ge=0, le=1_000_000, description="rendered scenes; 0 for photographs alone")
    validation_scenes: int = Field(
        200, ge=1, le=10_000, description="rendered scenes kept apart for the figures"
    )
    photo_look: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the rendered scenes whose plants are modelled after photographs",
    )
    photo_share: float = Field(
        0.25, ge=0, le=1, description="share of windows from photographs, where there are any"
    )
    held_out: float = Field(
        0.2, ge=0, le=0.9, description="share of the photographs kept apart, by whole groups"
    )
    start: Path | None = Field(
        None,
        description="checkpoint or exported flowers-float.onnx to go on from; none: published or random weights",
    )
    integers: bool = Field(
        True, description="export in 8-bit integers, twice as fast; flowers-float.onnx is written beside"
    )
    credits: tuple[str, ...] = Field((), description="who must be named wherever the model is published")
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig()
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()

    @property
    def scenes_folder(self) -> str:
        """Name of the folder that keeps the rendered scenes: scenes of another look are drawn anew."""
        return f"scenes-photo-{self.photo_look:g}" if self.photo_look else "scenes"


@dataclass(frozen=True, slots=True)
class Observer:
    """Whom a course tells how far it is: scenes drawn of all, and each step of the training."""

    scenes: Callable[[int, int], None]
    step: Callable[[StepReport], None]


@dataclass(frozen=True, slots=True)
class Material:
    """What a course learns from and what it keeps apart."""

    scenes: SceneCache | None
    validation: SceneCache
    photos: list[Photo]
    apart: list[Photo]


def read_course(path: Path) -> CourseConfig:
    """Read a training file (TOML); raises TrainingError naming file, key, value and remedy."""
    try:
        return CourseConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise TrainingError(
            f"{path}: cannot be read ({error.strerror}); name an existing TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: not TOML ({error}); mend the file at that place") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise TrainingError(f"{path}: {key} = {problem['input']!r}: {problem['msg']}; mend it") from error


def gather(
    config: CourseConfig,
    sources: tuple[SceneSource, SceneSource],
    data: Sequence[Path],
    out: Path,
    progress: Callable[[int, int], None],
) -> Material:
    """Read the photographs and draw the scenes of (training, validation) `sources` that `out` lacks."""
    photos = photos_in(data)
    if not photos and not config.scenes:
        raise TrainingError("nothing to learn from: scenes = 0 and no --data; give one of them")
    learned, apart = split_by_group(photos, config.held_out, config.train.seed)
    validation = SceneCache(out / "validation", sources[1], 0, config.validation_scenes)
    scenes = SceneCache(out / config.scenes_folder, sources[0], 0, config.scenes) if config.scenes else None
    for cache in (validation, scenes):
        if cache is not None:
            cache.fill(progress)
    return Material(scenes, validation, learned, apart)


def photos_in(data: Sequence[Path]) -> list[Photo]:
    """Return the photographs of several data sets (COCO or YOLO); raises TrainingError."""
    return list(chain.from_iterable(read_photos(folder) for folder in data))


def learn(config: CourseConfig, material: Material, out: Path, resume: bool, observer: Observer) -> Trainer:
    """Train to the configured end; the checkpoint is `out`/checkpoint.pt."""
    return learn_from(config, (material.scenes, material.photos), out, resume, observer)


def learn_from(
    config: CourseConfig,
    sources: Sources,
    out: Path,
    resume: bool,
    observer: Observer,
) -> Trainer:
    """Train on rendered scenes and photographs to the configured end, as `learn`."""
    trainer = Trainer(config.network, config.loss, config.train, out / "checkpoint.pt")
    if resume:
        trainer.resume()
    elif config.start is not None:
        trainer.start_from(config.start)
    else:
        trainer.start()
    trainer.run(_batches(config, sources), observer.step)
    return trainer


def _batches(config: CourseConfig, sources: Sources) -> BatchMaker:
    scenes, photos = sources
    return BatchMaker(
        scenes,
        PhotoSet(photos) if photos else None,
        photo_share=config.photo_share,
        batch=config.train.batch,
        seed=config.train.seed,
        config=config.augment,
    )


def export(config: CourseConfig, sources: Sources, out: Path) -> None:
    """Write `out`/flowers.onnx from its checkpoint and what it learned from.

    In integers where the course says so, and then the same in floats as flowers-float.onnx beside it.
    """
    network, model = averaged_network(out / "checkpoint.pt"), out / MODEL
    if not config.integers:
        for stale in (out / FLOAT_MODEL, (out / FLOAT_MODEL).with_suffix(".json")):
            stale.unlink(missing_ok=True)
        export_onnx(network, model, INPUT_SIZE)
        return
    export_onnx(network, out / FLOAT_MODEL, INPUT_SIZE)
    maker = _batches(config, sources)
    windows = chain.from_iterable(maker.make(step).images for step in range(CALIBRATION_BATCHES))
    quantise(out / FLOAT_MODEL, windows, model)


def publish(
    config: CourseConfig, material: Material, out: Path, trainer: Trainer, command: str
) -> dict[str, Any]:
    """Export `out`/flowers.onnx, measure it, write its card and curves; return the card."""
    model = out / MODEL
    export(config, (material.scenes, material.photos), out)
    draw_curves(trainer.history, out / "curves.png")
    rest: dict[str, Any] = {
        "trained": {
            "command": command,
            "seed": config.train.seed,
            "scenes": config.scenes,
            "photos": len(material.photos),
            "photos_held_out": len(material.apart),
            "steps": trainer.step,
            "pictures_seen": trainer.step * config.train.batch,
            "minutes": round(trainer.elapsed_s / 60.0, 1),
            "config": config.model_dump(mode="json"),
        },
        "credits": list(config.credits),
    }
    write = partial(write_card, model, out.resolve().name)
    write(rest)
    seen = domain_statistics(_all(material.validation), on_frames(Detector(model)))
    _card_of_floats(out / FLOAT_MODEL, {**rest, **seen})
    return write({**rest, **seen, "figures": measure(model, material)})


def _card_of_floats(model: Path, card: Mapping[str, Any]) -> None:
    """The float model is usable too, where a graphics processor prefers it."""
    if model.is_file():
        write_card(model, f"{model.resolve().parent.name}-float", card)


def measure(model: Path, material: Material) -> dict[str, Any]:
    """Return the figures of an exported model on what was kept apart, and its speed on one thread.

    `floats` says the same of flowers-float.onnx, where that lies beside the model.
    """
    detector = Detector(model, score_threshold=SCORE_FLOOR)
    result = {"rendered": figures(_all(material.validation), on_frames(detector), SCORE_THRESHOLD)}
    if material.apart:
        apart = PhotoSet(material.apart)
        look = on_stills(detector, StillRule.model_validate(STILL_RULE))
        result["photos_held_out"] = figures(_all(apart), look, SCORE_THRESHOLD)
    result["inference_ms"] = inference_ms(model, INPUT_SIZE)
    exact = model.with_name(FLOAT_MODEL)
    if model.name == MODEL and exact.is_file():
        result["floats"] = measure(exact, material)
    return result


def _all(samples: SceneCache | PhotoSet) -> Iterator[Sample]:
    return (samples.sample(index) for index in range(len(samples)))
