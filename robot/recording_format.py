"""A recording: what the loop was given and what it decided, step by step. Recorder and replay meet here.

One MCAP file. A step is written as its pictures, then its decisions, then `/bombus/inputs`, which closes it:
a file that is cut off anywhere never shows half a step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_args

import cv2
import msgspec
import numpy as np
import simplejpeg
from mcap.records import Channel, Message, Metadata

from firmware_bridge.events import Event
from robot.ledger import TreatedPlace
from robot.mcap_records import MAGIC, Cut, protobuf_field, records
from robot.types import Command, FlowerRefusal, Mode, PlannedPulse, PulseRefusal
from vision.types import SIDES, Frame, Pose, Side

T = TypeVar("T")

FORMAT_VERSION = 1
INPUTS_TOPIC = "/bombus/inputs"
DECISIONS_TOPIC = "/bombus/decisions"
HEADER_METADATA = "bombus.header"
EVENT_TYPES: tuple[type, ...] = get_args(Event)
"""What the bridge may tell the loop; recorded by name and fields."""

IMAGE_DATA_FIELD = 2
"""Number of `data` in foxglove.CompressedImage (schemas/proto/foxglove/CompressedImage.proto)."""


class RecordingError(Exception):
    """The recording cannot be written or read; the text names the file, the cause and the remedy."""


class RecordingHeader(msgspec.Struct, frozen=True):
    """What a replay must know before the first step. `t_start` is on the steps' monotonic clock.

    `wall_start` is UTC in ISO 8601, `model_sha256` of the detector's ONNX file, `config_toml` the machine
    file's text, `treated` what the ledger knew of the row, `extra` whatever else the builder must know.
    """

    wall_start: str
    t_start: float
    config_toml: str
    model_sha256: str = ""
    treated: tuple[TreatedPlace, ...] = ()
    versions: dict[str, str] = {}
    extra: dict[str, str] = {}
    format_version: int = FORMAT_VERSION


class FrameRef(msgspec.Struct, frozen=True):
    """A frame that the loop took; `exact` says that its picture decodes to the very pixels it had."""

    side: Side
    camera_id: str
    seq: int
    t_capture: float
    format: str
    exact: bool


class StepInputs(msgspec.Struct, frozen=True):
    """The message on `/bombus/inputs`; events as (type name, fields). `lost_before` counts dropped steps."""

    index: int
    now: float
    events: list[tuple[str, Any]]
    frames: list[FrameRef]
    commands: list[Command]
    lost_before: int


class Decisions(msgspec.Struct, frozen=True):
    """The message on `/bombus/decisions`."""

    index: int
    now: float
    mode: Mode
    pose: Pose | None
    pulses: tuple[PlannedPulse, ...]
    pulse_refusals: tuple[PulseRefusal, ...]
    flower_refusals: tuple[FlowerRefusal, ...]


class UnknownEvent(msgspec.Struct, frozen=True):
    """An event of a type that this version does not know."""

    name: str
    fields: Any


class RecordedFrame(msgspec.Struct, frozen=True):
    """A frame as it was taken, its picture still encoded."""

    ref: FrameRef
    image: bytes

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


class Recording:
    """An open recording: iterate it once for its steps.

    `truncated` and `inexact_because` (empty when a replay must give the same decisions) hold for the part
    read so far and are final after the last step.
    """

    def __init__(self, path: Path, event_types: Sequence[type]) -> None:
        self.path = path
        self._event_types = {kind.__name__: kind for kind in event_types}
        self._cut = Cut(reason="")
        self.inexact_because = ""
        self._file = _open(path)
        self._size = max(1, path.stat().st_size)
        cut = Cut()
        self._records = records(self._file, cut)
        try:
            self.header = _read_header(path, self._records, cut)
        except RecordingError:
            self._file.close()
            raise
        self._cut = cut
        self._channels: dict[int, str] = {}
        self._images: dict[Side, bytes] = {}
        self._decisions: Decisions | None = None

    @property
    def truncated(self) -> bool:
        """Whether the file ends early or is damaged."""
        return bool(self.truncated_because)

    @property
    def truncated_because(self) -> str:
        """Why reading ended early, or an empty text; final after the last step."""
        return self._cut.reason

    @property
    def share_read(self) -> float:
        """How much of the file has been read, 0..1, in steps of the file's chunks."""
        return min(1.0, self._cut.offset / self._size)

    def __iter__(self) -> Iterator[RecordedStep]:
        with self._file:
            for record in self._records:
                if isinstance(record, Channel):
                    self._channels[record.id] = record.topic
                elif isinstance(record, Message):
                    step = self._take(self._channels.get(record.channel_id, ""), record.data)
                    if step is not None:
                        yield step

    def close(self) -> None:
        """Close the file; only needed when it is not read to its end."""
        self._file.close()

    def _take(self, topic: str, data: bytes) -> RecordedStep | None:
        if topic == INPUTS_TOPIC:
            return self._step(_decoded(self.path, data, msgspec.msgpack.decode, StepInputs))
        if topic == DECISIONS_TOPIC:
            self._decisions = _decoded(self.path, data, msgspec.json.decode, Decisions)
        for side in SIDES:
            if topic == f"/camera/{side}":
                self._images[side] = _decoded(self.path, data, _image_bytes, bytes)
        return None

    def _step(self, inputs: StepInputs) -> RecordedStep:
        images, self._images = self._images, {}
        decisions, self._decisions = self._decisions, None
        if inputs.lost_before and not self.inexact_because:
            self.inexact_because = f"{inputs.lost_before} steps before step {inputs.index} were not recorded"
        frames: dict[Side, RecordedFrame] = {}
        for ref in inputs.frames:
            if not ref.exact and not self.inexact_because:
                self.inexact_because = f"the pictures of {ref.camera_id} were compressed again to be recorded"
            frames[ref.side] = RecordedFrame(ref, images.get(ref.side, b""))
        return RecordedStep(
            inputs.index,
            inputs.now,
            tuple(self._event(name, fields) for name, fields in inputs.events),
            frames,
            tuple(inputs.commands),
            decisions,
        )

    def _event(self, name: str, fields: Any) -> object:
        kind = self._event_types.get(name)
        if kind is None:
            if not self.inexact_because:
                self.inexact_because = f"it holds events of type {name}, which this version does not know"
            return UnknownEvent(name, fields)
        try:
            event: object = msgspec.convert(fields, kind)
        except msgspec.ValidationError as error:
            raise RecordingError(
                f"recording {self.path}: its {name} event has other fields ({error}); "
                "replay it with the version of Bombus that recorded it"
            ) from error
        return event


def read_recording(path: Path, event_types: Sequence[type] = EVENT_TYPES) -> Recording:
    """Open a recording, whole or cut off; raises RecordingError when it is none."""
    return Recording(path, event_types)


def pack_event(event: object) -> tuple[str, Any]:
    """Return an event as its type's name and its fields."""
    return type(event).__name__, event


def pack_header(header: RecordingHeader) -> Mapping[str, str]:
    """Return the header as MCAP metadata."""
    return {"json": msgspec.json.encode(header).decode(), "wall_start": header.wall_start}


def _open(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(
            f"recording {path}: {error.strerror or error}; name an .mcap file written by --record"
        ) from error
    if file.read(len(MAGIC)) != MAGIC:
        file.close()
        raise RecordingError(f"recording {path}: not an MCAP file; name an .mcap file written by --record")
    return file


def _read_header(path: Path, found: Iterator[object], cut: Cut) -> RecordingHeader:
    for record in found:
        if isinstance(record, Metadata) and record.name == HEADER_METADATA:
            text = record.metadata.get("json", "").encode()
            version = _decoded(path, text, msgspec.json.decode, dict[str, Any]).get("format_version")
            if version != FORMAT_VERSION:
                raise RecordingError(
                    f"recording {path}: format {version}, this version reads {FORMAT_VERSION}; "
                    "replay it with the version of Bombus that recorded it"
                )
            return _decoded(path, text, msgspec.json.decode, RecordingHeader)
        if isinstance(record, Message):
            break
    why = f" ({cut.reason})" if cut.reason else ""
    raise RecordingError(
        f"recording {path}: no Bombus header in it{why}; name an .mcap file written by --record"
    )


def _image_bytes(message: bytes, type: type[bytes]) -> bytes:
    return type(protobuf_field(message, IMAGE_DATA_FIELD))


def _decoded(path: Path, data: bytes, decode: Any, kind: type[T]) -> T:
    try:
        value: T = decode(data, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RecordingError(
            f"recording {path}: a message cannot be read ({error}); it was written by another version"
        ) from error
    return value
