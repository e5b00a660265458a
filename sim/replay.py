"""Replay: the robot's own loop on recorded inputs, its decisions compared with the recorded ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

from firmware_bridge.events import Event
from robot.build import picture_watch
from robot.loop import ControlLoop, LoopParts
from robot.recording_format import RecordedStep, RecordingHeader
from robot.recording_messages import Decisions
from robot.recording_reader import Recording, read_recording
from robot.settings import RobotConfig
from robot.sight import FlowerDetector, SideParts
from robot.types import StepRecord
from sim.replay_compare import Comparison
from sim.replay_parts import HeldCommands, HeldFrame, LastStep, ReplayClock, ReplayLink, ledger_as_it_was
from sim.replay_result import ReplayResult, Tally
from sim.replay_setting import AS_RECORDED, Eye, ReplayError, Setting, eye_maker, is_truth, machine_of
from sim.stand_in import StandInChecks
from vision.flower_map import FlowerMap
from vision.frame_checks import FrameChecks
from vision.types import Side

Progress = Callable[[float], None]
"""Takes how much is done, 0..1."""

Others = Mapping[int, Decisions]
"""Another run's decisions by step."""


class Watcher(Protocol):
    """Looks on while a source is replayed."""

    def begin(self, config: RobotConfig, t_start: float) -> None:
        """The machine is known, nothing is done yet."""
        ...

    def step(self, loop: ControlLoop, done: StepRecord, given: RecordedStep | None) -> None:
        """A step is done; `given` is what was recorded of it, None for pictures and videos."""
        ...


class Nobody:
    """Looks away."""

    def begin(self, config: RobotConfig, t_start: float) -> None:
        """Nothing to note."""

    def step(self, loop: ControlLoop, done: StepRecord, given: RecordedStep | None) -> None:
        """Nothing to note."""


class Replay:
    """The loop rebuilt from a recording's header; `step` gives it one recorded step."""

    def __init__(
        self,
        header: RecordingHeader,
        config: RobotConfig,
        eyes: Mapping[Side, Eye],
        *,
        drawn: bool = True,
    ) -> None:
        """Not `drawn` are recordings whose pictures stand for others."""
        self.clock = ReplayClock(header.t_start, datetime.fromisoformat(header.wall_start))
        self.link, self.commands, self.seen = ReplayLink(), HeldCommands(), LastStep()
        self.sources = {camera.side: HeldFrame(camera.camera_id) for camera in config.cameras}
        self._eyes = eyes
        self._ledger = ledger_as_it_was(header, config.row.name)
        self.loop = ControlLoop(
            LoopParts(
                config=config,
                clock=self.clock,
                link=self.link,
                sides=sides_of(config, self.sources, eyes, drawn=drawn),
                ledger=self._ledger,
                commands=self.commands,
                recorder=self.seen,
                telemetry=self.seen,
            )
        )

    def step(self, recorded: RecordedStep) -> None:
        """Do one step on what the recorded one was given; raises RecordingError for a damaged picture."""
        self.clock.t = recorded.now
        self.link.events = cast("tuple[Event, ...]", recorded.events)
        self.commands.commands = recorded.commands
        self._ledger.told = recorded.treated
        for side, source in self.sources.items():
            frame = recorded.frames.get(side)
            self._eyes[side].show(frame)
            source.frame = frame.decode() if frame is not None else None
        self.loop.step()


def sides_of(
    config: RobotConfig,
    sources: Mapping[Side, HeldFrame],
    eyes: Mapping[Side, FlowerDetector],
    *,
    drawn: bool = True,
) -> dict[Side, SideParts]:
    """Return the way from frame to flowers for every side that has a source."""
    sides: dict[Side, SideParts] = {}
    for settings in config.cameras:
        if settings.side in sources:
            camera = settings.model()
            checks = FrameChecks(camera.width, camera.height, config.frames)
            stand_in = StandInChecks(config.frames)
            sides[settings.side] = SideParts(
                sources[settings.side],
                checks if drawn else stand_in,
                eyes[settings.side],
                camera,
                lambda camera=camera: FlowerMap(camera, config.map),  # type: ignore[misc]  # bound early
                watch=picture_watch(eyes[settings.side], config) if drawn else None,
            )
    return sides


def replay_recording(
    path: Path,
    setting: Setting = AS_RECORDED,
    others: Others | None = None,
    watcher: Watcher | None = None,
    progress: Progress = lambda share: None,
) -> ReplayResult:
    """Replay a recording; a cut-off one up to its cut. Compared with itself, or with `others`.

    Raises RecordingError, ReplayError, ConfigError or ModelError.
    """
    recording = read_recording(path)
    watcher = watcher or Nobody()
    try:
        config = machine_of(recording, setting)
        note = "" if setting.label == AS_RECORDED.label else f"replayed with {setting.label}"
        eyes, eye_note = eyes_of(recording, config, setting)
        left = None if others is None else dict(others)
        replay = Replay(recording.header, config, eyes, drawn=not is_truth(recording))
        watcher.begin(config, recording.header.t_start)
        tally, compared = Tally(), Comparison()
        for recorded in recording:
            replay.step(recorded)
            ours = tally.add(replay.seen)
            if ours is not None:
                watcher.step(replay.loop, ours, recorded)
            theirs = recorded.decisions if left is None else left.pop(recorded.index, None)
            compared.step(recorded.index, recorded.now, ours, theirs)
            progress(recording.share_read)
    finally:
        recording.close()
    progress(1.0)
    for index, missed in sorted((left or {}).items()):
        compared.step(index, missed.now, None, missed)
    return tally.result(
        path,
        replay.loop.decisions_sha256,
        compared,
        truncated=recording.truncated,
        note=cut_text(recording, tally.steps, replay.clock.t - recording.header.t_start)
        or note
        or eye_note
        or recording.inexact_because,
    )


def eyes_of(recording: Recording, config: RobotConfig, setting: Setting) -> tuple[dict[Side, Eye], str]:
    """Return what each side sees with, sharing one detector, and a note when it is another than recorded."""
    make, note = eye_maker(recording, config, setting)
    return {side: make() for side in config.sides}, note


def cut_text(recording: Recording, steps: int, seconds: float) -> str:
    """Return how far a cut-off recording goes, or '' for a whole one."""
    if not recording.truncated:
        return ""
    return (
        f"recording {recording.path}: cut off ({recording.truncated_because}); "
        f"replayed the {steps} steps, {seconds:.1f} s, before the cut"
    )


def decisions_in(
    path: Path, watcher: Callable[[RecordedStep], None] = lambda step: None
) -> dict[int, Decisions]:
    """Return a recording's decisions by step; raises RecordingError, ReplayError when it is cut off."""
    recording = read_recording(path)
    found: dict[int, Decisions] = {}
    for step in recording:
        watcher(step)
        if step.decisions is not None:
            found[step.index] = step.decisions
    if recording.truncated:
        raise ReplayError(
            f"recording {path}: cut off ({recording.truncated_because}); compare with a whole recording"
        )
    return found
