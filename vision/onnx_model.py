"""Loads a detector's ONNX file with its card: a wrong file, hash, shape or class list is refused by name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from vision.model_card import ModelCard, ModelError, card_path, model_card
from vision.providers import CPU, FULL_NAMES, Chosen, choose, session_providers, short_name

__all__ = ["ModelCard", "ModelError", "OnnxModel", "model_card"]

TOP = 100
"""Detections that the graph gives."""

OUTPUTS = {"boxes": (TOP, 4), "stages": (TOP, 3), "scores": (TOP,)}
"""What the graph must give, by name and shape."""

FLOAT_TYPES = ("tensor(float)", "tensor(float16)")
SIZE_INPUT = ("orig_target_sizes", "tensor(int64)")
"""Second input of a deployed D-FINE graph: width and height of the pixels that its boxes shall be in."""

LOAD_ERRORS: tuple[type[Exception], ...] = (
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoModel,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
    RuntimeError,
    ValueError,
)
"""What onnxruntime raises for a file it cannot use; they share no base class of their own."""


class OnnxModel:
    """An inference session and its card."""

    def __init__(self, path: Path, threads: int = 1, provider: str = CPU) -> None:
        """Load `path` and the card beside it (same name, .json or .toml); raises ModelError.

        Where `provider` is not installed or does not start the CPU takes over, and `fallback` says so.
        """
        chosen = choose(provider)
        self.path = path
        data = _read(path)
        self.card = model_card(path)
        self.sha256 = hashlib.sha256(data).hexdigest()
        if self.sha256 != self.card.sha256:
            raise ModelError(
                f"{path}: its sha256 {self.sha256[:12]} is not that of {card_path(path).name}, "
                f"{self.card.sha256[:12]}; use the card that came with this file"
            )
        self.session, self.fallback = _session(path, data, threads, chosen)
        self._check_shapes()

    @property
    def provider(self) -> str:
        """The short name of the execution provider in use, after any fall-back."""
        return short_name(str(self.session.get_providers()[0]))

    @property
    def said(self) -> str:
        """Model, provider and any fall-back in one line for people."""
        return f"{self.card.name} on {self.provider}" + (f" ({self.fallback})" if self.fallback else "")

    @property
    def turns(self) -> bool:
        """Whether the graph leaves height and width open, so that width and height may change places."""
        _, height, width, _ = self.session.get_inputs()[0].shape
        return not isinstance(height, int) and not isinstance(width, int)

    def _check_shapes(self) -> None:
        if self.card.layout == "flowers":
            self._check_flowers()
        else:
            self._check_foreign()

    def _check_flowers(self) -> None:
        width, height = self.card.input_size
        inputs = self.session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(uint8)" or len(inputs[0].shape) != 4:
            raise ModelError(
                f"{self.path}: wants {_shown(inputs)}; it must take one uint8 image (1, H, W, 3), "
                "or its card must name another layout"
            )
        self._check_input(inputs[0], (1, height, width, 3))
        given = {output.name: output.shape for output in self.session.get_outputs()}
        for name, shape in OUTPUTS.items():
            if name not in given or not _fits(given[name], shape):
                raise ModelError(
                    f"{self.path}: output {name} is {given.get(name, 'missing')}, must be {list(shape)}; "
                    "export it again"
                )

    def _check_foreign(self) -> None:
        width, height = self.card.input_size
        inputs = self.session.get_inputs()
        if not inputs or inputs[0].type not in FLOAT_TYPES or len(inputs[0].shape) != 4:
            raise ModelError(
                f"{self.path}: wants {_shown(inputs)}; layout {self.card.layout} takes one float image (1, 3, H, W)"
            )
        extra = [node for node in inputs[1:] if (node.name, node.type) != SIZE_INPUT]
        if extra or (len(inputs) > 1 and self.card.layout != "dfine"):
            raise ModelError(
                f"{self.path}: wants {_shown(inputs)}; beside the image only dfine may take {SIZE_INPUT[0]} (int64)"
            )
        self._check_input(inputs[0], (1, 3, height, width))

    def _check_input(self, node: ort.NodeArg, wanted: tuple[int, ...]) -> None:
        if not _fits(node.shape, wanted):
            raise ModelError(
                f"{self.path}: takes images {node.shape}, its card says {list(wanted)}; mend the card"
            )


def _fits(given: Sequence[int | str | None], wanted: tuple[int, ...]) -> bool:
    """Whether a declared shape agrees; a dimension that is a name may be anything."""
    return len(given) == len(wanted) and all(
        not isinstance(g, int) or g == w for g, w in zip(given, wanted, strict=True)
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        remedy = "name an existing ONNX file, or leave the setting out for the shipped one"
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error


def _session(
    path: Path, data: bytes, threads: int, chosen: Chosen
) -> tuple[ort.InferenceSession, str | None]:
    """Return a session and why it does not run where it was asked to, or None."""
    try:
        session = _opened(data, threads, chosen.name)
    except LOAD_ERRORS as error:
        why = str(error).splitlines()[0]
        if chosen.name == CPU:
            raise ModelError(f"{path}: not a usable ONNX model ({why}); export it again") from error
        session, fallback = _session(path, data, threads, Chosen(CPU))
        return session, fallback or f"provider {chosen.name} does not take this model ({why}); using {CPU}"
    if session.get_providers()[0] != FULL_NAMES[chosen.name]:
        # A build may have a provider whose libraries (CUDA, TensorRT) are not on this machine.
        return session, (
            f"provider {chosen.name} did not start, its libraries are missing; "
            f"using {short_name(session.get_providers()[0])}"
        )
    return session, chosen.fallback


def _opened(data: bytes, threads: int, provider: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4 if provider != CPU else 3
    # An idle worker that spins would take the core that the rest of the loop needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # onnxruntime's own fall-back prints on standard output; ours is told where the user looks.
    return ort.InferenceSession(
        data, options, providers=session_providers(provider, threads), enable_fallback=0
    )


def _shown(inputs: list[ort.NodeArg]) -> str:
    return ", ".join(f"{node.name} {node.type} {node.shape}" for node in inputs)
