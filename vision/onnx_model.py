"""Loads a detector's ONNX file with its card: a wrong file, hash, shape or class list is refused by name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vision.types import STAGE_NAMES

TOP = 100
"""Detections that the graph gives."""

OUTPUTS = {"boxes": (TOP, 4), "stages": (TOP, 3), "scores": (TOP,)}
"""What the graph must give, by name and shape."""

CPU = "CPUExecutionProvider"

InputSide = Annotated[int, Field(ge=32, le=8192, multiple_of=32)]

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


class ModelError(Exception):
    """The model cannot be used; the text names the file, the cause and the remedy in one line."""


class ModelCard(BaseModel):
    """What a detector needs to know of its model; the rest of the card is for people."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(min_length=1, description="shown to people")
    classes: tuple[str, str, str] = Field(description="must be bud, open, spent: the order of every array")
    input_size: tuple[InputSide, InputSide] = Field(description="width, height in px")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the ONNX file")
    score_threshold: float = Field(ge=0, le=1, description="detections below are dropped")


class OnnxModel:
    """An inference session and its card."""

    def __init__(self, path: Path, threads: int = 1, provider: str = CPU) -> None:
        """Load `path` and the card beside it (same name, .json); raises ModelError.

        Where `provider` is not installed the CPU takes over, and `fallback` says so.
        """
        self.path = path
        self.fallback = _why_not(provider)
        data = _read(path, "name an existing ONNX file, or leave the setting out for the shipped one")
        self.card = model_card(path)
        self.sha256 = hashlib.sha256(data).hexdigest()
        if self.sha256 != self.card.sha256:
            raise ModelError(
                f"{path}: its sha256 {self.sha256[:12]} is not the card's {self.card.sha256[:12]}; "
                "use the card that came with this file"
            )
        self.session = _session(
            path, data, threads, [CPU] if self.fallback or provider == CPU else [provider, CPU]
        )
        self._check_shapes()

    @property
    def provider(self) -> str:
        """The execution provider in use, after any fall-back."""
        return str(self.session.get_providers()[0])

    @property
    def turns(self) -> bool:
        """Whether the graph leaves height and width open, so that width and height may change places."""
        _, height, width, _ = self.session.get_inputs()[0].shape
        return not isinstance(height, int) and not isinstance(width, int)

    def _check_shapes(self) -> None:
        width, height = self.card.input_size
        inputs = self.session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(uint8)" or len(inputs[0].shape) != 4:
            raise ModelError(
                f"{self.path}: wants {_shown(inputs)}; it must take one uint8 image (1, H, W, 3)"
            )
        if not _fits(inputs[0].shape, (1, height, width, 3)):
            raise ModelError(
                f"{self.path}: takes images {inputs[0].shape}, its card says [1, {height}, {width}, 3]; "
                "mend the card"
            )
        given = {output.name: output.shape for output in self.session.get_outputs()}
        for name, shape in OUTPUTS.items():
            if name not in given or not _fits(given[name], shape):
                raise ModelError(
                    f"{self.path}: output {name} is {given.get(name, 'missing')}, must be {list(shape)}; "
                    "export it again"
                )


def _fits(given: Sequence[int | str | None], wanted: tuple[int, ...]) -> bool:
    """Whether a declared shape agrees; a dimension that is a name may be anything."""
    return len(given) == len(wanted) and all(
        not isinstance(g, int) or g == w for g, w in zip(given, wanted, strict=True)
    )


def _why_not(provider: str) -> str | None:
    """Return why `provider` cannot be used, with the remedy, or None."""
    present = ort.get_available_providers()
    if provider in present:
        return None
    return f"{provider} is not in this onnxruntime ({', '.join(present)}); using {CPU}: install a build that has it"


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error


def model_card(model_path: Path) -> ModelCard:
    """Return the card beside an ONNX file; raises ModelError."""
    path = model_path.with_suffix(".json")
    text = _read(path, "put the model's card beside it")
    try:
        card = ModelCard.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise ModelError(f"{path}: {key}: {problem['msg']}; mend the card") from error
    if card.classes != STAGE_NAMES:
        raise ModelError(
            f"{path}: classes = {list(card.classes)}; must be {list(STAGE_NAMES)}, in this order"
        )
    return card


def _session(path: Path, data: bytes, threads: int, providers: list[str]) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # An idle worker that spins would take the core that the rest of the loop needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(data, options, providers=providers)
    except LOAD_ERRORS as error:
        why = str(error).splitlines()[0]
        raise ModelError(f"{path}: not a usable ONNX model ({why}); export it again") from error


def _shown(inputs: list[ort.NodeArg]) -> str:
    return ", ".join(f"{node.name} {node.type} {node.shape}" for node in inputs)
