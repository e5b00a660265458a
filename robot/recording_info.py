"""What a recording holds: a glance at its ends for a list, a full reading for everything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Message

from robot.config import ConfigError, parse_config
from robot.recording_format import EVENT_TYPES, RecordedStep, RecordingError, RecordingHeader
from robot.recording_reader import PartFile, Recording, files_of, read_recording
from robot.recording_store import Stored, stored, stored_in


class Listed(msgspec.Struct, frozen=True):
    """One line of `bombus recordings list`; `state` is whole, cut off, being written or unreadable."""

    name: str
    path: str
    wall_start: str
    seconds: float
    files: int
    bytes: int
    state: str
    marked: bool
    mark: str


class CameraFacts(msgspec.Struct, frozen=True):
    """Frames of one camera and how many came in a second."""

    frames: int
    fps: float


class Facts(msgspec.Struct, frozen=True):
    """What `bombus recordings info --json` prints. `refusals` are flowers passed untreated, by reason."""

    name: str
    path: str
    machine: str
    row: str
    wall_start: str
    seconds: float
    files: int
    bytes: int
    steps: int
    lost_steps: int
    cameras: dict[str, CameraFacts]
    detections: int
    pulses: int
    pulse_refusals: dict[str, int]
    refusals: dict[str, int]
    commands: int
    model_sha256: str
    versions: dict[str, str]
    cut_off_because: str
    inexact_because: str
    marked: bool
    mark: str
    in_use: bool


def listed(folder: Path) -> list[Listed]:
    """Return the recordings of a folder, oldest first; raises RecordingError."""
    return [_listed(one) for one in stored_in(folder)]


def _listed(one: Stored) -> Listed:
    start, seconds, state = "", 0.0, "unreadable"
    try:
        files = files_of(one.path)
        first = PartFile(files[0])
        first.close()
        start, (end_ns, whole) = first.header.wall_start, _end_of(files[-1])
        seconds = round(max(0.0, end_ns * 1e-9 - datetime.fromisoformat(start).timestamp()), 1)
        state = "being written" if one.in_use else "whole" if whole else "cut off"
    except (RecordingError, OSError, ValueError):
        pass
    return Listed(
        one.path.name,
        str(one.path),
        start,
        seconds,
        len(one.files),
        one.size,
        state,
        one.mark is not None,
        one.mark or "",
    )


def _end_of(file: Path) -> tuple[int, bool]:
    """Return the last message's log time (ns), and whether the file was finished."""
    try:
        with file.open("rb") as opened:
            summary = make_reader(opened).get_summary()
        if summary is not None and summary.statistics is not None:
            return summary.statistics.message_end_time, True
    except (McapError, ValueError, EOFError):
        pass
    part, end = PartFile(file), 0
    for record in part.records():
        if isinstance(record, Message):
            end = max(end, record.log_time)
    return end, not part.cut.reason


class _Counts:
    def __init__(self, header: RecordingHeader) -> None:
        self.header = header
        self.steps = self.lost = self.detections = self.pulses = self.commands = 0
        self.end, self.next_index = header.t_start, 0
        self.frames: dict[str, list[float]] = {}
        self.pulse_refusals: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()

    def add(self, step: RecordedStep) -> None:
        self.steps += 1
        self.lost += step.index - self.next_index
        self.next_index, self.end = step.index + 1, step.now
        self.commands += len(step.commands)
        for frame in step.frames.values():
            self.frames.setdefault(frame.ref.camera_id, []).append(frame.ref.t_capture)
            self.detections += 0 if frame.found is None else len(frame.found)
        if step.decisions is not None:
            self.pulses += len(step.decisions.pulses)
            self.pulse_refusals.update(one.reason.value for one in step.decisions.pulse_refusals)
            self.refusals.update(one.reason.value for one in step.decisions.flower_refusals if one.final)


def facts_of(path: Path, progress: Callable[[float], None] = lambda share: None) -> Facts:
    """Read a recording to its end and return what it holds; raises RecordingError."""
    recording = read_recording(path, EVENT_TYPES)
    counts = _Counts(recording.header)
    try:
        for step in recording:
            counts.add(step)
            progress(recording.share_read)
    finally:
        recording.close()
    return _facts(recording, counts, stored(path))


def _facts(recording: Recording, counts: _Counts, on_disk: Stored) -> Facts:
    header = recording.header
    machine, row = _names(header)
    return Facts(
        name=recording.path.name,
        path=str(recording.path),
        machine=machine,
        row=row,
        wall_start=header.wall_start,
        seconds=round(counts.end - header.t_start, 3),
        files=len(recording.files),
        bytes=on_disk.size,
        steps=counts.steps,
        lost_steps=counts.lost,
        cameras={name: _camera(times) for name, times in sorted(counts.frames.items())},
        detections=counts.detections,
        pulses=counts.pulses,
        pulse_refusals=dict(sorted(counts.pulse_refusals.items())),
        refusals=dict(sorted(counts.refusals.items())),
        commands=counts.commands,
        model_sha256=header.model_sha256,
        versions=dict(header.versions),
        cut_off_because=recording.truncated_because,
        inexact_because=recording.inexact_because,
        marked=on_disk.mark is not None,
        mark=on_disk.mark or "",
        in_use=on_disk.in_use,
    )


def _camera(times: list[float]) -> CameraFacts:
    span = times[-1] - times[0]
    return CameraFacts(len(times), round((len(times) - 1) / span, 2) if span > 0 else 0.0)


def _names(header: RecordingHeader) -> tuple[str, str]:
    """Return the machine's and the row's names, as far as this version reads the recorded machine file."""
    try:
        config = parse_config(header.config_toml, "recorded machine file")
    except ConfigError:
        return "", ""
    return config.name, config.row.name
