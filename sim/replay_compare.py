"""Compares what two runs decided, step by step, and says each difference in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from robot.decisions import DecisionHash
from robot.recording_messages import Decisions
from robot.types import FlowerRefusal, Mode, PlannedPulse, PulseRefusal, StepRecord

KEEP_DIFFERENCES = 1000

Kind = Literal["gained", "lost", "changed"]
Key = tuple[str, ...]


class Difference(msgspec.Struct, frozen=True):
    """One decision that is not the recorded one: new, missing, or another for the same flowers."""

    step: int
    t: float
    kind: Kind
    what: str


class Comparison:
    """Takes two runs' decisions step after step; None stands for a step in which nothing was decided."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self.count = 0
        self._hash = DecisionHash()
        self._modes: tuple[Mode | None, Mode | None] = (None, None)

    @property
    def recorded_sha256(self) -> str:
        """The fingerprint of the decisions compared with, so far."""
        return self._hash.hexdigest()

    def step(self, index: int, t: float, ours: StepRecord | None, theirs: Decisions | None) -> None:
        """Compare one step."""
        if theirs is not None:
            self._hash.add(theirs.pulses, theirs.pulse_refusals, theirs.flower_refusals)
        for kind, what in (*self._mode(ours, theirs), *_differences(_texts(ours), _texts(theirs))):
            self.count += 1
            if len(self.differences) < KEEP_DIFFERENCES:
                self.differences.append(Difference(index, round(t, 6), kind, what))

    def _mode(self, ours: StepRecord | None, theirs: Decisions | None) -> Iterator[tuple[Kind, str]]:
        """Tell when the two begin to be in different modes; a mode holds until the next is told."""
        before = self._modes
        mode = ours.mode if ours is not None else before[0]
        other = theirs.mode if theirs is not None else before[1]
        self._modes = (mode, other)
        if mode is not other and self._modes != before and mode is not None and other is not None:
            yield "changed", f"mode {mode.value} instead of {other.value}"


def sentences(step: StepRecord | Decisions | None) -> list[str]:
    """Return a step's decisions in words."""
    return list(_texts(step).values())


def _differences(ours: dict[Key, str], theirs: dict[Key, str]) -> Iterator[tuple[Kind, str]]:
    if ours == theirs:
        return
    for key, text in ours.items():
        other = theirs.get(key)
        if other is None:
            yield "gained", text
        elif other != text:
            yield "changed", f"{text} instead of {other}"
    for key, text in theirs.items():
        if key not in ours:
            yield "lost", text


def _texts(step: StepRecord | Decisions | None) -> dict[Key, str]:
    """Return a step's decisions as sentences, by the flowers that they are about."""
    if step is None:
        return {}
    texts = {("pulse", *_whom(pulse)): _pulse_text(pulse) for pulse in step.pulses}
    texts |= {("no pulse", *_whom(one.pulse)): _refusal_text(one) for one in step.pulse_refusals}
    return texts | _flower_texts(step.flower_refusals)


def _flower_texts(refusals: Iterable[FlowerRefusal]) -> dict[Key, str]:
    return {
        ("flower", one.side, str(one.flower_id), "final" if one.final else ""): (
            f"{one.side} flower {one.flower_id} {'passed' if one.final else 'left'}: {one.reason.value}"
        )
        for one in refusals
    }


def _whom(pulse: PlannedPulse) -> Key:
    return (pulse.side, *map(str, pulse.flower_ids))


def _pulse_text(pulse: PlannedPulse) -> str:
    flowers = ", ".join(map(str, pulse.flower_ids))
    train = f"{pulse.train.count} x {pulse.train.on_us} of {pulse.train.period_us} µs"
    return (
        f"pulse {pulse.pulse_id} at {pulse.side} flowers {flowers}: nozzle {pulse.nozzle} "
        f"at {pulse.trigger_ticks} ticks, direction {pulse.direction:+d}, {train}"
    )


def _refusal_text(refused: PulseRefusal) -> str:
    return f"refused ({refused.reason.value}): {_pulse_text(refused.pulse)}"
