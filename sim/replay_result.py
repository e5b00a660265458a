"""What a replay saw and decided, counted; and what `bombus replay --json` prints of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from robot.types import FlowerKey, Reason, StepRecord
from sim.footage.changes import Changes
from sim.replay_compare import Comparison, Difference
from sim.replay_parts import LastStep
from vision.types import STAGE_NAMES, Detections


class ReplayResult(msgspec.Struct, frozen=True):
    """What `bombus replay --json` prints.

    `recorded_decisions_sha256` and `exact` are None where there is nothing to compare with. `note` says
    why a difference may come from the inputs and not from the code, or where a cut-off file ends.
    `differences` are step by step, by the flowers' numbers; `changes` match shots by place, so that another
    model or machine file can be judged.
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
    changes: Changes | None = None


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
