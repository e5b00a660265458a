"""Trained weights to the ONNX file that the robot runs, checked against torch, and the figures of its speed."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime as ort
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from torch import Tensor, nn

from vision.training import TrainingError
from vision.training.network import SIZE_MULTIPLE, FlowerDetector, FlowerNetwork, NetworkConfig

OPSET: Final = 17
OUTPUTS: Final = ("boxes", "stages", "scores")
NETWORK: Final = "network"
"""Key of the file's own notes under which it says what its network is made of."""

PREFIX: Final = "network."
"""Of the weights' names in the file."""

MOST_SCORE_ERROR: Final = 2e-3
"""Greatest difference of the sorted scores to torch's; sums run in another order."""


def export_onnx(network: FlowerNetwork, path: Path, size: tuple[int, int]) -> str:
    """Write the detector for any picture with sides that are multiples of 32; return the file's sha256.

    The file appears whole or not at all. Raises TrainingError when onnxruntime disagrees with torch.
    """
    width, height = size
    if width % SIZE_MULTIPLE or height % SIZE_MULTIPLE:
        raise TrainingError(f"input size {width}x{height}: both sides must be multiples of {SIZE_MULTIPLE}")
    detector = FlowerDetector(network).eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with warnings.catch_warnings():
        # The exporter is chosen on purpose: the newer one writes the weights to a second file.
        warnings.simplefilter("ignore", DeprecationWarning)
        _export(detector, torch.zeros(1, height, width, 3, dtype=torch.uint8), part)
    data = _told(part, network.config)
    _check(detector, data, size)
    part.write_bytes(data)
    part.replace(path)
    return hashlib.sha256(data).hexdigest()


def _export(detector: FlowerDetector, example: Tensor, path: Path) -> None:
    torch.onnx.export(
        detector,
        (example,),
        path,
        dynamo=False,
        opset_version=OPSET,
        input_names=["image"],
        output_names=list(OUTPUTS),
        dynamic_axes={"image": {1: "height", 2: "width"}},
        # Batch norms stay apart, so that training can go on from the file; onnxruntime folds them on loading.
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
    )


def _told(path: Path, config: NetworkConfig) -> bytes:
    """Return the model with what its network is made of, for those who train on."""
    model = onnx.load_model(path)
    onnx.helper.set_model_props(model, {NETWORK: config.model_dump_json()})
    return model.SerializeToString(deterministic=True)


def run_once(data: bytes, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Return boxes, stages and scores that onnxruntime finds in one picture (H, W, 3)."""
    found = _session(data).run(list(OUTPUTS), {"image": image[None]})
    return [np.asarray(array, np.float32) for array in found]


def inference_ms(path: Path, size: tuple[int, int], runs: int = 100) -> dict[str, float]:
    """Time single inferences on one thread, in ms: the least and the median of `runs`."""
    session = _session(path.read_bytes())
    image = np.random.default_rng(0).integers(0, 256, (1, size[1], size[0], 3), np.uint8)
    taken = []
    for _ in range(runs):
        before = perf_counter()
        session.run(list(OUTPUTS), {"image": image})
        taken.append(1e3 * (perf_counter() - before))
    return {"min": round(min(taken), 1), "p50": round(float(np.median(taken)), 1)}


def exported_network(path: Path) -> NetworkConfig | None:
    """Return what the network of an exported model is made of, None where it does not say; raises TrainingError."""
    told = {entry.key: entry.value for entry in _read(path).metadata_props}
    try:
        return NetworkConfig.model_validate_json(told[NETWORK]) if NETWORK in told else None
    except ValueError as error:
        raise TrainingError(
            f"{path}: of another version's network; train with that version or anew"
        ) from error


def exported_weights(path: Path) -> dict[str, Tensor]:
    """Return the network's weights that an exported model holds; raises TrainingError for any other file."""
    graph = _read(path).graph
    if any(node.op_type == "QuantizeLinear" for node in graph.node):
        raise TrainingError(f"{path}: computes in integers; go on from flowers-float.onnx beside it")
    values = {tensor.name: np.array(onnx.numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    weights = {name.removeprefix(PREFIX): value for name, value in values.items() if name.startswith(PREFIX)}
    if not weights:
        raise TrainingError(f"{path}: holds no weights of this program's network; name one that it exported")
    return {name: torch.from_numpy(value) for name, value in weights.items()}


def _read(path: Path) -> onnx.ModelProto:
    try:
        return onnx.load_model(path)
    except (OSError, DecodeError) as error:
        raise TrainingError(
            f"{path}: not a readable ONNX model ({error}); name one that this program exported"
        ) from error


def _session(data: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _check(detector: nn.Module, data: bytes, size: tuple[int, int]) -> None:
    """Compare with torch on a picture of the wanted size and on another one."""
    random = np.random.default_rng(7)
    for width, height in (size, (size[0] + SIZE_MULTIPLE, size[1] - SIZE_MULTIPLE or SIZE_MULTIPLE)):
        image = random.integers(0, 256, (height, width, 3), np.uint8)
        with torch.no_grad():
            wanted = detector(torch.from_numpy(image[None]))[2].numpy()
        error = float(np.abs(run_once(data, image)[2] - wanted).max())
        if not error <= MOST_SCORE_ERROR:
            raise TrainingError(
                f"export: onnxruntime's scores differ from torch's by {error:.4f} at {width}x{height}; "
                f"use the versions in pyproject.toml (torch {torch.__version__}, onnxruntime {ort.__version__} found)"
            )
