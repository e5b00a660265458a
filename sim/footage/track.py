"""What one run saw and decided, in a form that two runs can be held side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from robot.recording_format import RecordedStep
from robot.recording_messages import Decisions
from robot.settings import RobotConfig
from robot.types import (
    Command,
    CommandName,
    FlowerKey,
    FlowerRefusal,
    Place,
    PlannedPulse,
    Reason,
    StepRecord,
)
from vision.types import Detections, Pose, Side


@dataclass(frozen=True, slots=True)
class Shot:
    """A pulse that was sent, or refused by safety with `refused`; `row` counts the rows of the recording."""

    t: float
    row: int
    pulse: PlannedPulse
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A flower that was left alone for now, or for good when `final`."""

    t: float
    row: int
    side: Side
    flower_id: int
    reason: Reason
    final: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Look:
    """One frame: from where it was taken and what was found in it."""

    row: int
    side: Side
    seq: int
    t: float
    cart_s: float
    boxes: NDArray[np.float32]
    stages: NDArray[np.int64]
    scores: NDArray[np.float32]


@dataclass(slots=True)
class Track:
    """Everything of one run that can be compared; `t` is seconds since the recording's start."""

    label: str
    latency_s: Mapping[Side, float]
    t_start: float
    row: int = 0
    shots: list[Shot] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    @classmethod
    def of(cls, label: str, config: RobotConfig, t_start: float) -> Track:
        """Return an empty track of that machine."""
        return cls(label, {camera.side: camera.latency_s for camera in config.cameras}, t_start)

    def replayed(self, record: StepRecord) -> None:
        """Take a step that the loop has just done."""
        self._begin(record.commands)
        self._decided(record.now, record.pulses, record)
        if record.pose is not None:
            for side, frame in record.frames.items():
                found = record.detections.get(side)
                if isinstance(found, Detections):
                    self._look(side, frame.seq, frame.t_capture, record.pose, record.now, found)

    def recorded(self, step: RecordedStep) -> None:
        """Take a step as it was recorded."""
        self._begin(step.commands)
        decisions = step.decisions
        if decisions is None:
            return
        self._decided(step.now, decisions.pulses, decisions)
        if decisions.pose is not None:
            for side, frame in step.frames.items():
                if frame.found is not None:
                    ref = frame.ref
                    self._look(side, ref.seq, ref.t_capture, decisions.pose, step.now, frame.found)

    def next_row(self) -> None:
        """Begin another row: its flowers are others, even at the same place."""
        self.row += 1

    def finals(self) -> dict[str, int]:
        """Return how many flowers were passed untreated, by reason."""
        counts: dict[str, int] = {}
        for one in self.left:
            if one.final:
                counts[one.reason.value] = counts.get(one.reason.value, 0) + 1
        return dict(sorted(counts.items()))

    def _begin(self, commands: Iterable[Command]) -> None:
        if any(one.name in {CommandName.SET_ROW, CommandName.SET_POSITION} for one in commands):
            self.next_row()

    def _decided(self, now: float, pulses: Iterable[PlannedPulse], told: StepRecord | Decisions) -> None:
        t = now - self.t_start
        self.shots += [Shot(t, self.row, pulse) for pulse in pulses]
        self.shots += [Shot(t, self.row, one.pulse, one.reason.value) for one in told.pulse_refusals]
        self.left += [
            self._left(t, one, told.places) for one in told.flower_refusals if _key(one) in told.places
        ]

    def _left(self, t: float, one: FlowerRefusal, places: Mapping[FlowerKey, Place]) -> Left:
        return Left(t, self.row, one.side, one.flower_id, one.reason, one.final, places[_key(one)])

    def _look(
        self, side: Side, seq: int, t_capture: float, pose: Pose, now: float, found: Detections
    ) -> None:
        back = now - (t_capture - self.latency_s.get(side, 0.0))
        stages = found.stages.argmax(axis=1) if len(found) else np.empty(0, np.int64)
        self.looks.append(
            Look(
                self.row,
                side,
                seq,
                t_capture - self.t_start,
                pose.s - pose.velocity * back,
                found.boxes,
                stages,
                found.scores,
            )
        )


def _key(one: FlowerRefusal) -> FlowerKey:
    return one.side, one.flower_id
