"""Replays a source and holds it against what was recorded, another recording, another model or machine file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from robot.loop import ControlLoop
from robot.recording_format import RecordedStep
from robot.recording_messages import Decisions
from robot.recording_reader import is_recording, read_recording
from robot.settings import RobotConfig
from robot.types import StepRecord
from sim.footage.changes import changes_of
from sim.footage.track import Track
from sim.replay import Nobody, Others, Progress, Watcher, decisions_in, replay_recording
from sim.replay_pictures import is_film, replay_pictures
from sim.replay_result import ReplayResult
from sim.replay_setting import ReplayError, Setting

MODEL, MACHINE = ".onnx", ".toml"


class Tracker:
    """A Watcher that keeps the track of the replay and, of a recording, the one that was recorded."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._index = 0
        self._loop: ControlLoop | None = None
        self.decisions: dict[int, Decisions] = {}
        self.config: RobotConfig | None = None
        self.ours = self.recorded = Track(label, {}, 0.0)

    def begin(self, config: RobotConfig, t_start: float) -> None:
        """Start both tracks."""
        self.config = config
        self.ours = Track.of(self._label, config, t_start)
        self.recorded = Track.of("recorded", config, t_start)

    def step(self, loop: ControlLoop, done: StepRecord, given: RecordedStep | None) -> None:
        """Keep the step."""
        if self._loop is not None and loop is not self._loop:
            self.ours.next_row()
        self._loop = loop
        self.ours.replayed(done)
        index = self._index if given is None else given.index
        self._index += 1
        if given is not None:
            self.recorded.recorded(given)
        self.decisions[index] = Decisions(
            index,
            done.now,
            done.mode,
            done.pose,
            done.pulses,
            done.pulse_refusals,
            done.flower_refusals,
            done.places,
        )


@dataclass(frozen=True)
class Compared:
    """A replay's result and both tracks; `theirs` is None where there was nothing to compare with."""

    result: ReplayResult
    config: RobotConfig
    ours: Track
    theirs: Track | None


class Both:
    """Two watchers as one."""

    def __init__(self, one: Watcher, two: Watcher) -> None:
        self._each = (one, two)

    def begin(self, config: RobotConfig, t_start: float) -> None:
        """Tell both."""
        for each in self._each:
            each.begin(config, t_start)

    def step(self, loop: ControlLoop, done: StepRecord, given: RecordedStep | None) -> None:
        """Tell both."""
        for each in self._each:
            each.step(loop, done, given)


def replay_source(
    source: Path,
    setting: Setting,
    others: Others | None = None,
    watcher: Watcher | None = None,
    progress: Progress = lambda share: None,
) -> ReplayResult:
    """Replay a recording, a folder of pictures, a picture or a video; raises ReplayError and its like."""
    if is_film(source):
        return replay_pictures(source, setting, others, watcher, progress)
    if setting.speed_m_s is not None:
        raise ReplayError(f"--speed {setting.speed_m_s:g}: a recording holds its own speed; leave it out")
    return replay_recording(source, setting, others, watcher, progress)


def compare(
    source: Path,
    setting: Setting,
    against: Path | None = None,
    watcher: Watcher | None = None,
    progress: Progress = lambda share: None,
) -> Compared:
    """Replay a source and tell what it decides otherwise than `against`, a recording by default itself.

    `against` is another recording of the same drive, a model (.onnx) or a machine file (.toml) to replay with.
    """
    theirs: Track | None = None
    others: Others | None = None
    half: Callable[[float], None] = progress
    if against is not None and against.suffix in {MODEL, MACHINE}:
        other = _against(setting, against)
        tracker = Tracker(other.label)
        replay_source(source, other, None, tracker, lambda share: progress(0.5 * share))
        theirs, others = tracker.ours, tracker.decisions
        half = lambda share: progress(0.5 + 0.5 * share)  # noqa: E731  # one line says it
    elif against is not None:
        theirs, others = recorded_track(against)
    tracker = Tracker(setting.label)
    both = Both(tracker, watcher or Nobody())
    result = replay_source(source, setting, others, both, half)
    if against is None and not is_film(source):
        theirs = tracker.recorded
    if theirs is not None:
        result = msgspec.structs.replace(result, changes=changes_of(tracker.ours, theirs))
    if tracker.config is None:
        raise ReplayError(f"{source}: holds no step to replay; name another source")
    return Compared(result, tracker.config, tracker.ours, theirs)


def _against(setting: Setting, against: Path) -> Setting:
    """Return the other setting: the same source and switches, another model or machine file."""
    if not against.exists():
        raise ReplayError(
            f"--against {against}: not there; name a recording, an .onnx model or a machine file"
        )
    machine = against if against.suffix == MACHINE else setting.machine
    model = against if against.suffix == MODEL else None
    return Setting(machine, model, {}, setting.recorded_detections, setting.speed_m_s, setting.detector)


def recorded_track(path: Path) -> tuple[Track, dict[int, Decisions]]:
    """Return what another recording decided; raises RecordingError or ReplayError."""
    if path.exists() and not is_recording(path):
        raise ReplayError(f"--against {path}: no recording, model or machine file; name one of these")
    recording = read_recording(path)
    recording.close()
    track = Track(f"recorded in {path.name}", {}, recording.header.t_start)
    return track, decisions_in(path, track.recorded)
