"""Writes recordings anew: cut-off files made whole, and parts joined or cut out for somebody else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from mcap.records import Channel, Message, Metadata, Schema
from mcap.writer import CompressionType, Writer

from robot.mcap_records import MAGIC
from robot.recording_format import HEADER_METADATA, RecordingError, RecordingHeader, pack_header
from robot.recording_reader import PartFile, files_of
from robot.recording_store import stored

Progress = Callable[[float], None]

CHUNK_BYTES = 4 * 1024 * 1024
TAIL_BYTES = 1 << 20
"""More unread bytes than one unfinished message are damage: the original is then kept."""

LASTING = ("/tf", "/camera/left/calibration", "/camera/right/calibration")
"""Topics whose first message of a file holds for all of it: a cut-out needs it, too."""


class Recovered(msgspec.Struct, frozen=True):
    """What became of one file: whole (nothing to do), recovered, or unreadable (set aside)."""

    file: str
    was: str
    state: str
    messages: int
    kept_as: str


class _Copy:
    """Joins files into one: schemas and channels that are alike become one."""

    def __init__(self, file: BinaryIO, header: RecordingHeader, *, compressed: bool) -> None:
        kind = CompressionType.ZSTD if compressed else CompressionType.NONE
        self._writer = Writer(file, CHUNK_BYTES, kind)
        self._writer.start(profile="bombus", library="bombus")
        self._writer.add_metadata(HEADER_METADATA, dict(pack_header(header)))
        self._schemas: dict[tuple[str, str, bytes], int] = {}
        self._channels: dict[tuple[str, str, int], int] = {}
        self.messages = 0

    def take(self, part: PartFile, first_ns: int, last_ns: int, *, last: bool) -> None:
        """Copy a file's messages from `first_ns` to `last_ns` by log time; its end's metadata if `last`."""
        schemas: dict[int, int] = {0: 0}
        channels: dict[int, int] = {}
        topics: dict[int, str] = {}
        started: set[str] = set()
        for record in part.records():
            match record:
                case Schema():
                    schemas[record.id] = self._schema(record)
                case Channel():
                    topics[record.id] = record.topic
                    channels[record.id] = self._channel(record, schemas)
                case Message() if record.channel_id in channels:
                    topic = topics[record.channel_id]
                    lasts = topic in LASTING and topic not in started
                    started.add(topic)
                    if record.log_time <= last_ns and (lasts or record.log_time >= first_ns):
                        self._message(record, channels[record.channel_id], max(record.log_time, first_ns))
                case Metadata() if last:
                    self._writer.add_metadata(record.name, record.metadata)
                case _:
                    pass

    def finish(self) -> None:
        self._writer.finish()  # type: ignore[no-untyped-call]  # mcap leaves this one untyped

    def _schema(self, schema: Schema) -> int:
        key = (schema.name, schema.encoding, schema.data)
        if key not in self._schemas:
            self._schemas[key] = self._writer.register_schema(*key)
        return self._schemas[key]

    def _channel(self, channel: Channel, schemas: dict[int, int]) -> int:
        key = (channel.topic, channel.message_encoding, schemas.get(channel.schema_id, 0))
        if key not in self._channels:
            self._channels[key] = self._writer.register_channel(*key, metadata=channel.metadata)
        return self._channels[key]

    def _message(self, message: Message, channel: int, log_time: int) -> None:
        self._writer.add_message(channel, log_time, message.data, message.publish_time, message.sequence)
        self.messages += 1


def join(
    files: Sequence[Path],
    out: Path,
    window_s: tuple[float, float] | None = None,
    *,
    compressed: bool = False,
    progress: Progress = lambda share: None,
) -> int:
    """Write files of one run as one new file, or the `window_s` of it (s since its start); returns messages.

    The file has its name only once it is whole and on the disk. Raises RecordingError.
    """
    if out.exists():
        raise RecordingError(f"{out}: exists; name a new file, nothing is overwritten")
    first = PartFile(files[0])
    first.close()
    header = first.header
    wall_ns = _wall_ns(header)
    low, high = window_s or (float("-inf"), float("inf"))
    first_ns = wall_ns + round(low * 1e9) if low > float("-inf") else 0
    last_ns = wall_ns + round(high * 1e9) if high < float("inf") else (1 << 63)
    scratch = out.with_name(out.name + ".part")
    try:
        with scratch.open("xb") as file:
            copy = _Copy(file, header, compressed=compressed)
            for number, path in enumerate(files, start=1):
                copy.take(PartFile(path), first_ns, last_ns, last=number == len(files))
                progress(number / len(files))
            copy.finish()
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(out)
    except OSError as error:
        raise RecordingError(f"{out}: {error.strerror or error}; name a place with room") from error
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
    return copy.messages


def recover(path: Path, progress: Progress = lambda share: None) -> list[Recovered]:
    """Make every cut-off file of a recording whole, in its place; raises RecordingError.

    A file that only lost its end keeps all its messages. Of one that is damaged within, what stands before the
    damage becomes a whole file, and the original stays beside it as `.damaged`.
    """
    if stored(path).in_use:
        raise RecordingError(f"recording {path}: is being written; end that run first")
    files = sorted(path.glob("*.mcap")) if path.is_dir() else files_of(path)
    done: list[Recovered] = []
    for number, file in enumerate(files, start=1):
        done.append(_recovered(file))
        progress(number / len(files))
    return done


def _recovered(file: Path) -> Recovered:
    try:
        part = PartFile(file)
    except RecordingError as error:
        if file.exists() and (file.stat().st_size <= len(MAGIC) or "no Bombus header" in str(error)):
            return Recovered(file.name, "no header", "unreadable", 0, _set_aside(file))
        raise
    messages = sum(1 for record in part.records() if isinstance(record, Message))
    why = part.cut.reason
    if not why:
        return Recovered(file.name, "", "whole", messages, "")
    mended = file.with_name(file.name + ".mended")
    mended.unlink(missing_ok=True)
    join([file], mended)
    kept = "" if file.stat().st_size - part.cut.offset < TAIL_BYTES else _set_aside(file)
    mended.replace(file)
    return Recovered(file.name, why, "recovered", messages, kept)


def _set_aside(file: Path) -> str:
    aside = file.with_name(file.name + ".damaged")
    file.rename(aside)
    return aside.name


def _wall_ns(header: RecordingHeader) -> int:
    return round(datetime.fromisoformat(header.wall_start).timestamp() * 1e9)
