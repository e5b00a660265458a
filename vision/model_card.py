"""The card beside a detector's ONNX file, JSON or TOML: how to feed the graph and how to read what it gives."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vision.types import STAGE_NAMES

InputSide = Annotated[int, Field(ge=32, le=8192, multiple_of=32)]
Layout = Literal["flowers", "yolox", "yolov8", "dfine"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class ModelError(Exception):
    """The model cannot be used; the text names the file, the cause and the remedy in one line."""


class InputCard(BaseModel):
    """How a picture is made into the graph's input: (value / divisor - mean) / std in each channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fit: Literal["corner", "centre", "stretch"] = Field(
        "corner", description="where a picture of another shape goes; stretch changes its shape"
    )
    padding: int = Field(0, ge=0, le=255, description="grey level beside the picture")
    colour: Literal["bgr", "rgb"] = Field("rgb", description="order of the channels")
    divisor: Positive = Field(255.0, description="1 for graphs that want 0..255")
    mean: tuple[Finite, Finite, Finite] = Field((0.0, 0.0, 0.0), description="in the order of `colour`")
    std: tuple[Positive, Positive, Positive] = Field((1.0, 1.0, 1.0), description="in the order of `colour`")


class OutputCard(BaseModel):
    """How rows of the graph's output are to be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scores: Literal["probabilities", "logits"] = Field(
        "probabilities", description="logits still need a sigmoid"
    )
    boxes: Literal["grid", "pixels"] = Field(
        "pixels", description="yolox: grid when strides are still to be multiplied in"
    )
    strides: tuple[Annotated[int, Field(ge=1, le=256)], ...] = Field(
        (8, 16, 32), min_length=1, description="yolox with boxes = grid: of its maps, in order"
    )
    nms: bool = Field(True, description="false where the graph itself leaves no doubles")
    nms_iou: float = Field(0.6, gt=0, le=1, description="boxes that overlap more are one flower")


class ModelCard(BaseModel):
    """What a detector needs to know of its model; the rest of the card is for people."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(min_length=1, description="shown to people")
    layout: Layout = Field("flowers", description="of the outputs; docs/vision.md describes each")
    classes: tuple[str, ...] = Field(min_length=1, description="in the order of the graph's outputs")
    input_size: tuple[InputSide, InputSide] = Field(description="width, height in px")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the ONNX file")
    score_threshold: float = Field(ge=0, le=1, description="detections below are dropped")
    input: InputCard = Field(default_factory=InputCard)
    output: OutputCard = Field(default_factory=OutputCard)

    @model_validator(mode="after")
    def _sections_belong(self) -> Self:
        """A section that the layout does not read would be a silent default."""
        given = {name for name in ("input", "output") if name in self.model_fields_set}
        if self.layout == "flowers" and given:
            raise ValueError(
                f"[{sorted(given)[0]}] has no meaning for layout flowers; remove it or name the layout"
            )
        unread = {"boxes", "strides"} if self.layout == "yolov8" else set()
        if self.layout == "dfine":
            unread = {"boxes", "strides", "scores"}
        wrong = sorted(unread & self.output.model_fields_set)
        if wrong:
            raise ValueError(f"output.{wrong[0]} has no meaning for layout {self.layout}; remove it")
        return self

    @property
    def stage_columns(self) -> tuple[int, ...]:
        """Which of the graph's classes are bud, open and spent, in that order."""
        return tuple(self.classes.index(name) for name in STAGE_NAMES)


def card_path(model_path: Path) -> Path:
    """Return where the card of a model lies: beside it, .json or, where there is none, .toml."""
    beside = [model_path.with_suffix(suffix) for suffix in (".json", ".toml")]
    return next((path for path in beside if path.is_file()), beside[0])


def model_card(model_path: Path) -> ModelCard:
    """Return the card beside an ONNX file; raises ModelError."""
    path = card_path(model_path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); put the model's card beside it, .json or .toml"
        ) from error
    try:
        if path.suffix == ".toml":
            card = ModelCard.model_validate(tomllib.loads(text.decode("utf-8")))
        else:
            card = ModelCard.model_validate_json(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: not TOML ({error}); mend the card") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise ModelError(f"{path}: {key}: {problem['msg']}; mend the card") from error
    _check_classes(path, card)
    return card


def _check_classes(path: Path, card: ModelCard) -> None:
    """Ours are the stages alone; another model may know more, in any order, but each stage once."""
    if card.layout == "flowers":
        if card.classes != STAGE_NAMES:
            raise ModelError(
                f"{path}: classes = {list(card.classes)}; must be {list(STAGE_NAMES)}, in this order"
            )
        return
    lacking = [name for name in STAGE_NAMES if name not in card.classes]
    doubled = sorted({name for name in card.classes if card.classes.count(name) > 1})
    if lacking:
        raise ModelError(
            f"{path}: classes = {list(card.classes)}: no {', '.join(lacking)}; "
            f"all of {', '.join(STAGE_NAMES)} must be among them, in the order of the graph's outputs"
        )
    if doubled:
        raise ModelError(f"{path}: classes: {doubled[0]} stands there twice; name each class once")
