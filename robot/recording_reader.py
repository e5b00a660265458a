"""Reads recordings back: one file, or a run's folder of files as one; up to a cut, and on behind a gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from mcap.records import Channel, Message, Metadata

from robot.mcap_records import MAGIC, Cut, Record, protobuf_field, records
from robot.recording_format import (
    DECISIONS_TOPIC,
    EVENT_TYPES,
    FORMAT_VERSION,
    HEADER_METADATA,
    INPUTS_TOPIC,
    RecordedFrame,
    RecordedStep,
    RecordingError,
    RecordingHeader,
    StepInputs,
    UnknownEvent,
    decoded,
    detections_topic,
    image_topic,
)
from robot.recording_messages import Decisions, decisions_of, detections_of, parsed
from vision.types import SIDES, Detections, Side

IMAGE_DATA_FIELD = 2
"""Number of `data` in foxglove.CompressedImage (schemas/proto/foxglove/CompressedImage.proto)."""

SUFFIX = ".mcap"
HOW_TO_NAME = "name an .mcap file or a run's folder, as --record or recording.folder wrote it"


class PartFile:
    """One open file of a recording, its header read; `messages` yields the rest once."""

    def __init__(self, path: Path) -> None:
        """Open; raises RecordingError when it is none of ours."""
        self.path = path
        self.cut = Cut()
        self._file = _open(path)
        self._records = records(self._file, self.cut)
        try:
            self.header = _read_header(path, self._records, self.cut)
        except RecordingError:
            self._file.close()
            raise

    def records(self) -> Iterator[Record]:
        """Yield what follows the header; afterwards `cut` is final and the file closed."""
        with self._file:
            yield from self._records

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Yield topic and data of every message."""
        topics: dict[int, str] = {}
        for record in self.records():
            if isinstance(record, Channel):
                topics[record.id] = record.topic
            elif isinstance(record, Message):
                yield topics.get(record.channel_id, ""), record.data

    def close(self) -> None:
        """Close the file before its end."""
        self._file.close()


class Recording:
    """An open recording: iterate it once for its steps.

    `truncated` and `inexact_because` (empty when a replay must give the same decisions) hold for the part
    read so far and are final after the last step.
    """

    def __init__(self, path: Path, event_types: Sequence[type] = EVENT_TYPES) -> None:
        self.path = path
        self.files = files_of(path)
        self._event_types = {kind.__name__: kind for kind in event_types}
        self.inexact_because = ""
        self.truncated_because = ""
        self._part = PartFile(self.files[0])
        self._sizes = [file.stat().st_size for file in self.files]
        self._parts_done = 0
        self.header = self._part.header
        self._next_index = 0
        self._images: dict[Side, bytes] = {}
        self._found: dict[Side, tuple[int, Detections]] = {}
        self._decisions: Decisions | None = None

    @property
    def truncated(self) -> bool:
        """Whether the recording ends early or is damaged at its end."""
        return bool(self.truncated_because)

    @property
    def share_read(self) -> float:
        """How much of the files has been read, 0..1, in steps of their chunks."""
        done = sum(self._sizes[: self._parts_done])
        here = self._part.cut.offset if self._parts_done < len(self.files) else 0
        return min(1.0, (done + here) / max(1, sum(self._sizes)))

    def __iter__(self) -> Iterator[RecordedStep]:
        for number, path in enumerate(self.files):
            if number:
                self._part = self._next_part(path)
            self._images, self._found, self._decisions = {}, {}, None
            for topic, data in self._part.messages():
                step = self._take(topic, data)
                if step is not None:
                    yield step
            self._parts_done = number + 1
            # A cut that loses nothing shows in no gap; only the last file's cut ends the recording early.
            self.truncated_because = self._part.cut.reason if self._parts_done == len(self.files) else ""

    def close(self) -> None:
        """Close the file; only needed when it is not read to its end."""
        self._part.close()

    def _next_part(self, path: Path) -> PartFile:
        part = PartFile(path)
        if (part.header.wall_start, part.header.t_start) != (self.header.wall_start, self.header.t_start):
            part.close()
            raise RecordingError(f"recording {path}: of another run than {self.files[0].name}; move it away")
        return part

    def _take(self, topic: str, data: bytes) -> RecordedStep | None:
        path = self._part.path
        if topic == INPUTS_TOPIC:
            return self._step(decoded(path, data, _inputs, StepInputs))
        if topic == DECISIONS_TOPIC:
            self._decisions = decoded(path, data, _decisions, Decisions)
        for side in SIDES:
            if topic == image_topic(side):
                self._images[side] = decoded(path, data, _image_bytes, bytes)
            elif topic == detections_topic(side):
                self._found[side] = decoded(path, data, _detections, tuple)
        return None

    def _step(self, inputs: StepInputs) -> RecordedStep:
        images, self._images = self._images, {}
        found, self._found = self._found, {}
        decisions, self._decisions = self._decisions, None
        lost = inputs.index - self._next_index
        if lost:
            self._doubt(f"{lost} steps before step {inputs.index} were not recorded, or their file is gone")
        self._next_index = inputs.index + 1
        frames: dict[Side, RecordedFrame] = {}
        for ref in inputs.frames:
            if not ref.exact:
                self._doubt(f"the pictures of {ref.camera_id} were compressed again to be recorded")
            seq, seen = found.get(ref.side, (None, None))
            frames[ref.side] = RecordedFrame(ref, images.get(ref.side, b""), seen if seq == ref.seq else None)
        return RecordedStep(
            inputs.index,
            inputs.now,
            tuple(self._event(name, fields) for name, fields in inputs.events),
            frames,
            tuple(inputs.commands),
            decisions,
            inputs.treated,
        )

    def _event(self, name: str, fields: Any) -> object:
        kind = self._event_types.get(name)
        if kind is None:
            self._doubt(f"it holds events of type {name}, which this version does not know")
            return UnknownEvent(name, fields)
        try:
            event: object = msgspec.convert(fields, kind)
        except msgspec.ValidationError as error:
            raise RecordingError(
                f"recording {self.path}: its {name} event has other fields ({error}); "
                "replay it with the version of Bombus that recorded it"
            ) from error
        return event

    def _doubt(self, why: str) -> None:
        self.inexact_because = self.inexact_because or why


def read_recording(path: Path, event_types: Sequence[type] = EVENT_TYPES) -> Recording:
    """Open a recording, whole or cut off; raises RecordingError when it is none."""
    return Recording(path, event_types)


def is_recording(path: Path) -> bool:
    """Return whether `path` is a recording by its name or, a folder, by what lies in it."""
    return path.suffix == SUFFIX if not path.is_dir() else any(path.glob(f"*{SUFFIX}"))


def files_of(path: Path) -> list[Path]:
    """Return the files of a recording in the order of their names; raises RecordingError."""
    if not path.is_dir():
        return [path]
    files = sorted(path.glob(f"*{SUFFIX}"))
    # A run that ended between making a file and writing its header leaves one without any.
    while len(files) > 1 and files[-1].stat().st_size <= len(MAGIC):
        files.pop()
    if not files:
        raise RecordingError(f"recording {path}: holds no {SUFFIX} file; {HOW_TO_NAME}")
    return files


def _open(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(f"recording {path}: {error.strerror or error}; {HOW_TO_NAME}") from error
    if file.read(len(MAGIC)) != MAGIC:
        file.close()
        raise RecordingError(f"recording {path}: not an MCAP file; {HOW_TO_NAME}")
    return file


def _read_header(path: Path, found: Iterator[Record], cut: Cut) -> RecordingHeader:
    for record in found:
        if isinstance(record, Metadata) and record.name == HEADER_METADATA:
            text = record.metadata.get("json", "").encode()
            version = decoded(path, text, msgspec.json.decode, dict[str, Any]).get("format_version")
            if version != FORMAT_VERSION:
                raise RecordingError(
                    f"recording {path}: format {version}, this version reads {FORMAT_VERSION}; "
                    "replay it with the version of Bombus that recorded it"
                )
            return decoded(path, text, msgspec.json.decode, RecordingHeader)
        if isinstance(record, Message):
            break
    why = f" ({cut.reason})" if cut.reason else ""
    raise RecordingError(f"recording {path}: no Bombus header in it{why}; {HOW_TO_NAME}")


def _image_bytes(message: bytes, type: type[bytes]) -> bytes:
    return type(protobuf_field(message, IMAGE_DATA_FIELD))


def _inputs(data: bytes, type: type[StepInputs]) -> StepInputs:
    packed: bytes = parsed("StepInputs", data).msgpack
    return msgspec.msgpack.decode(packed, type=type)


def _decisions(data: bytes, type: type[Decisions]) -> Decisions:
    return decisions_of(data)


def _detections(data: bytes, type: type[tuple[int, Detections]]) -> tuple[int, Detections]:
    return detections_of(data)
