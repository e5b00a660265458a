"""Replay: the robot's own loop on recorded inputs, its decisions compared with the recorded ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

import msgspec

from firmware_bridge.events import Event
from robot.build import open_detector, picture_watch
from robot.config import ConfigError, load_config, parse_config
from robot.loop import ControlLoop, LoopParts
from robot.recording_format import EVENT_TYPES, RecordedStep, RecordingHeader
from robot.recording_messages import Decisions
from robot.recording_reader import Recording, read_recording
from robot.settings import SHIPPED_MODEL, RobotConfig
from robot.sight import FlowerDetector, SideParts
from robot.types import FlowerKey, Reason, StepRecord
from sim.replay_compare import Comparison, Difference
from sim.replay_parts import HeldCommands, HeldFrame, LastStep, ReplayClock, ReplayLink, ledger_as_it_was
from vision.flower_map import FlowerMap
from vision.frame_checks import FrameChecks
from vision.types import STAGE_NAMES, Detections, Side

Progress = Callable[[float], None]
"""Takes how much is done, 0..1."""


class ReplayError(Exception):
    """The source cannot be replayed; the text names it, the cause and the remedy."""


class ReplayResult(msgspec.Struct, frozen=True):
    """What `bombus replay --json` prints.

    `recorded_decisions_sha256` and `exact` are None where there is nothing to compare with. `note` says
    why a difference may come from the inputs and not from the code, or where a cut-off file ends.
    """

    source: str
    frames: int
    steps: int
    pulses: int
    detections: dict[str, int]
    refusals: dict[str, int]
    unusable_frames: dict[str, int]
    decisions_sha256: str
    recorded_decisions_sha256: str | None
    exact: bool | None
    truncated: bool
    note: str
    differences: list[Difference]
    difference_count: int


@dataclass(slots=True)
class Tally:
    """Counts what a replay sees and decides."""

    frames: int = 0
    steps: int = 0
    pulses: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    reasons: dict[FlowerKey, Reason] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)

    def add(self, seen: LastStep) -> StepRecord | None:
        """Take the step just done and return it."""
        step = seen.record
        if step is None:
            return None
        self.steps += 1
        self.frames += len(step.frames)
        self.pulses += len(step.pulses)
        for found in step.detections.values():
            if isinstance(found, Detections):
                self.stages.update(STAGE_NAMES[stage] for stage in found.stages.argmax(axis=1).tolist())
        for refusal in step.flower_refusals:
            self.reasons[refusal.side, refusal.flower_id] = refusal.reason
        for side in step.frames:
            problem = seen.view.sides[side].frame_problem if seen.view is not None else None
            if problem is not None:
                self.unusable[problem.partition(":")[0]] += 1
        return step

    def begin_row(self) -> None:
        """Keep what became of the flowers; the next row numbers its own from the start."""
        self.refused.update(str(reason) for reason in self.reasons.values())
        self.reasons.clear()

    def result(self, source: Path, sha256: str, compared: Comparison | None, **rest: object) -> ReplayResult:
        """Return the result, with `compared` when there was something to compare with."""
        self.begin_row()
        found = compared or Comparison()
        recorded = found.recorded_sha256 if compared is not None else None
        values = {
            "source": str(source),
            "frames": self.frames,
            "steps": self.steps,
            "pulses": self.pulses,
            "detections": {name: self.stages[name] for name in STAGE_NAMES},
            "refusals": dict(sorted(self.refused.items())),
            "unusable_frames": dict(sorted(self.unusable.items())),
            "decisions_sha256": sha256,
            "recorded_decisions_sha256": recorded,
            "exact": None if recorded is None else sha256 == recorded and not found.count,
            "truncated": False,
            "note": "",
            "differences": found.differences,
            "difference_count": found.count,
        }
        return ReplayResult(**{**values, **rest})  # type: ignore[arg-type]  # checked by the tests


class Replay:
    """The loop rebuilt from a recording's header; `step` gives it one recorded step."""

    def __init__(self, header: RecordingHeader, config: RobotConfig, detector: FlowerDetector) -> None:
        self.clock = ReplayClock(header.t_start, datetime.fromisoformat(header.wall_start))
        self.link, self.commands, self.seen = ReplayLink(), HeldCommands(), LastStep()
        self.sources = {camera.side: HeldFrame(camera.camera_id) for camera in config.cameras}
        self.loop = ControlLoop(
            LoopParts(
                config=config,
                clock=self.clock,
                link=self.link,
                sides=sides_of(config, self.sources, detector),
                ledger=ledger_as_it_was(header, config.row.name),
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
        for side, source in self.sources.items():
            frame = recorded.frames.get(side)
            source.frame = frame.decode() if frame is not None else None
        self.loop.step()


def sides_of(
    config: RobotConfig, sources: Mapping[Side, HeldFrame], detector: FlowerDetector
) -> dict[Side, SideParts]:
    """Return the way from frame to flowers for every side that has a source."""
    sides: dict[Side, SideParts] = {}
    for settings in config.cameras:
        if settings.side in sources:
            camera = settings.model()
            sides[settings.side] = SideParts(
                sources[settings.side],
                FrameChecks(camera.width, camera.height, config.frames),
                detector,
                camera,
                lambda camera=camera: FlowerMap(camera, config.map),  # type: ignore[misc]  # bound early
                watch=picture_watch(detector, config),
            )
    return sides


def replay_recording(
    path: Path,
    machine: Path | None = None,
    against: Path | None = None,
    detector: FlowerDetector | None = None,
    progress: Progress = lambda share: None,
) -> ReplayResult:
    """Replay a recording; a cut-off one up to its cut.

    `machine` goes before the recorded machine file, `detector` before the recorded model. Compared with
    the recording itself, or with `against`. Raises RecordingError, ReplayError, ConfigError or ModelError.
    """
    recording = read_recording(path, EVENT_TYPES)
    try:
        config = machine_of(recording, machine)
        note = "" if machine is None else f"replayed with {machine}, not with the recorded machine file"
        if detector is None:
            detector, model_note = detector_of(recording, config, machine)
            note = note or model_note
        others = None if against is None else decisions_in(against)
        replay = Replay(recording.header, config, detector)
        tally, compared = Tally(), Comparison()
        for recorded in recording:
            replay.step(recorded)
            ours = tally.add(replay.seen)
            theirs = recorded.decisions if others is None else others.pop(recorded.index, None)
            compared.step(recorded.index, recorded.now, ours, theirs)
            progress(recording.share_read)
    finally:
        recording.close()
    for index, missed in sorted((others or {}).items()):
        compared.step(index, missed.now, None, missed)
    return tally.result(
        path,
        replay.loop.decisions_sha256,
        compared,
        truncated=recording.truncated,
        note=cut_text(recording, tally.steps, replay.clock.t - recording.header.t_start)
        or note
        or recording.inexact_because,
    )


def cut_text(recording: Recording, steps: int, seconds: float) -> str:
    """Return how far a cut-off recording goes, or '' for a whole one."""
    if not recording.truncated:
        return ""
    return (
        f"recording {recording.path}: cut off ({recording.truncated_because}); "
        f"replayed the {steps} steps, {seconds:.1f} s, before the cut"
    )


def decisions_in(path: Path) -> dict[int, Decisions]:
    """Return a recording's decisions by step; raises RecordingError, ReplayError when it is cut off."""
    recording = read_recording(path, EVENT_TYPES)
    found = {step.index: step.decisions for step in recording if step.decisions is not None}
    if recording.truncated:
        raise ReplayError(
            f"recording {path}: cut off ({recording.truncated_because}); compare with a whole recording"
        )
    return found


def machine_of(recording: Recording, machine: Path | None) -> RobotConfig:
    """Return the recorded machine, or the one of file `machine`."""
    if recording.header.extra.get("detector") == "truth":
        raise ReplayError(
            f"recording {recording.path}: made with --detector truth, it holds no pictures; "
            "record again with --detector onnx"
        )
    if machine is not None:
        return load_config(machine)
    try:
        return parse_config(recording.header.config_toml, "machine file")
    except ConfigError as error:
        raise ReplayError(
            f"recording {recording.path}: its {error}; it is of another version: "
            "replay it with that one, or with --config FILE"
        ) from error


def detector_of(
    recording: Recording, config: RobotConfig, machine: Path | None
) -> tuple[FlowerDetector, str]:
    """Return the machine's detector (the shipped one when its file is gone), and a note if it is another."""
    model = config.detector.model
    if machine is None and not model.exists():
        model = SHIPPED_MODEL
    detector = open_detector(config.detector, model)
    wanted, given = recording.header.model_sha256, detector.model.sha256
    if wanted in {"", given}:
        there, here = recording.header.extra.get("provider", ""), detector.model.provider
        other = f"recorded with inference on {there}, replayed on {here}: last digits may differ"
        return detector, other if there not in {"", here} else ""
    return detector, f"recorded with model {wanted[:12]}, replayed with {given[:12]} ({model})"
