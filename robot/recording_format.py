"""A recording: what the loop was given and what it decided, step by step. Recorder and replay meet here.

MCAP files, one a minute. A step is written as its pictures and detections, then its decisions, then
`/bombus/inputs`, which closes it: a file that is cut off anywhere never shows half a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import cv2
import msgspec
import numpy as np
import simplejpeg

from firmware_bridge.events import Event
from robot.ledger import TreatedPlace
from robot.recording_messages import Decisions
from robot.types import Command
from vision.types import Detections, Frame, Side

T = TypeVar("T")

FORMAT_VERSION = 2
INPUTS_TOPIC = "/bombus/inputs"
DECISIONS_TOPIC = "/bombus/decisions"
HEADER_METADATA = "bombus.header"
END_METADATA = "bombus.end"
EVENT_TYPES: tuple[type, ...] = get_args(Event)
"""What the bridge may tell the loop; recorded by name and fields."""


def image_topic(side: Side) -> str:
    """Return the topic of a side's pictures."""
    return f"/camera/{side}"


def detections_topic(side: Side) -> str:
    """Return the topic of what the detector found on a side."""
    return f"/bombus/{side}/detections"


class RecordingError(Exception):
    """The recording cannot be written or read; the text names the file, the cause and the remedy."""


class RecordingHeader(msgspec.Struct, frozen=True):
    """What a replay must know before the first step. `t_start` is on the steps' monotonic clock.

    `wall_start` is UTC in ISO 8601, `model_sha256` of the detector's ONNX file, `config_toml` the machine
    file's text, `treated` what the ledger knew of the row, `extra` whatever else the builder must know: `row` is
    the one that a mission went on in.
    A run's files count `part` from 0; all begin with the same header but for it and `first_step`.
    """

    wall_start: str
    t_start: float
    config_toml: str
    model_sha256: str = ""
    treated: tuple[TreatedPlace, ...] = ()
    versions: dict[str, str] = {}
    extra: dict[str, str] = {}
    part: int = 0
    first_step: int = 0
    format_version: int = FORMAT_VERSION


class FrameRef(msgspec.Struct, frozen=True):
    """A frame that the loop took; `exact` says that its picture decodes to the very pixels it had."""

    side: Side
    camera_id: str
    seq: int
    t_capture: float
    format: str
    exact: bool


class StepInputs(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a step was given, in msgpack inside `bombus.StepInputs`; events as (type name, fields).

    `treated` is what the ledger knew of the row that the step began, None where it began none.

    Steps are numbered from 0 through all files of a run; a number left out is a step that was not recorded.
    """

    index: int
    now: float
    events: list[tuple[str, Any]]
    frames: list[FrameRef]
    commands: list[Command]
    treated: tuple[TreatedPlace, ...] | None = None


class UnknownEvent(msgspec.Struct, frozen=True):
    """An event of a type that this version does not know."""

    name: str
    fields: Any


class RecordedFrame(msgspec.Struct, frozen=True):
    """A frame as it was taken, its picture still encoded; `found` is None where nothing was detected in it."""

    ref: FrameRef
    image: bytes
    found: Detections | None = None

    def decode(self) -> Frame:
        """Return the frame with its pixels; raises RecordingError when the picture is damaged."""
        ref = self.ref
        try:
            if ref.format == "png":
                decoded = cv2.imdecode(np.frombuffer(self.image, np.uint8), cv2.IMREAD_COLOR)
                if decoded is None:
                    raise ValueError("not a PNG picture")
                return Frame(ref.camera_id, ref.seq, ref.t_capture, np.asarray(decoded, np.uint8), None)
            image = simplejpeg.decode_jpeg(self.image, colorspace="BGR")
        except (ValueError, cv2.error) as error:
            raise RecordingError(
                f"frame {ref.seq} of {ref.camera_id}: damaged ({error}); replay up to this step only"
            ) from error
        return Frame(ref.camera_id, ref.seq, ref.t_capture, image, self.image)


class RecordedStep(msgspec.Struct, frozen=True):
    """One step of the loop. `decisions` is None where nothing was decided and the mode stayed."""

    index: int
    now: float
    events: tuple[object, ...]
    frames: dict[Side, RecordedFrame]
    commands: tuple[Command, ...]
    decisions: Decisions | None
    treated: tuple[TreatedPlace, ...] | None = None


def pack_event(event: object) -> tuple[str, Any]:
    """Return an event as its type's name and its fields."""
    return type(event).__name__, event


def pack_header(header: RecordingHeader) -> Mapping[str, str]:
    """Return the header as MCAP metadata."""
    return {"json": msgspec.json.encode(header).decode(), "wall_start": header.wall_start}


def decoded(path: Path, data: bytes, decode: Any, kind: type[T]) -> T:
    """Return what `decode` makes of `data`; raises RecordingError."""
    try:
        value: T = decode(data, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RecordingError(
            f"recording {path}: a message cannot be read ({error}); it was written by another version"
        ) from error
    return value
