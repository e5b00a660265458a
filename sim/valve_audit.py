"""Holds what the ledger says of every pulse against the valves' own trace of edges."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import dist
from pathlib import Path
from typing import Any

import msgspec

from firmware_bridge.plant_page import PlantEdge
from robot.ledger import PulseState
from robot.read_only import read_only
from robot.types import Place

SAME_TRAIN_S = 0.1
"""A longer pause on one nozzle parts two trains; openings of a train follow within 50 ms."""
WITHIN_S = 2.0
"""From the host's idea of a train's first opening to any of its openings in the trace, either process held up."""
LONGEST_WAIT_S = 25.0
"""From sending to the first opening; the MCU keeps no pulse longer."""

BIN_M = 0.1

INTENTS = """
SELECT i.pulse_id, i.nozzle, i.openings, i.t, o.outcome, o.openings, o.opened_at
FROM intent i LEFT JOIN outcome o USING (pulse_id) ORDER BY i.pulse_id
"""

TARGETS = """
SELECT i.pulse_id, i.side, f.s, f.h, f.d
FROM intent i JOIN intent_flower f USING (pulse_id) LEFT JOIN outcome o USING (pulse_id)
WHERE o.outcome IS NULL OR o.outcome NOT IN ('not_fired', 'refused') ORDER BY i.pulse_id
"""
"""The flowers that had air, or may have had."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of one valve; times in monotonic seconds, `closed` None for one that never closed.

    `steps` are the board's own millisecond steps meanwhile: fewer than the time says when it was held up.
    """

    nozzle: int
    opened: float
    closed: float | None
    steps: int


class Trace:
    """Edges to openings, as they come."""

    def __init__(self) -> None:
        self.openings: list[Opening] = []
        self.last_closing = 0.0
        self._open: dict[int, tuple[float, int]] = {}

    def take(self, edges: Sequence[PlantEdge]) -> None:
        """Take the newest edges."""
        for edge in edges:
            at = edge.at_us * 1e-6
            if edge.open:
                self._open[edge.nozzle] = (at, edge.step)
            elif edge.nozzle in self._open:
                opened, step = self._open.pop(edge.nozzle)
                self.openings.append(Opening(edge.nozzle, opened, at, (edge.step - step) % 2**32))
                self.last_closing = at

    def all(self) -> list[Opening]:
        """Return every opening, the ones that never closed too."""
        stuck = [Opening(nozzle, opened, None, 0) for nozzle, (opened, _) in self._open.items()]
        return sorted([*self.openings, *stuck], key=lambda opening: opening.opened)


class Intent(msgspec.Struct, frozen=True, array_like=True):
    """A pulse that was meant to be fired, and what the ledger says became of it."""

    pulse_id: int
    nozzle: int
    wanted: int
    t: float
    outcome: str | None
    openings: int | None
    opened_at: float | None


@dataclass(slots=True)
class Audit:
    """What came of comparing; `problems` says each disagreement in a line."""

    states: Counter[str] = field(default_factory=Counter)
    fired_twice: int = 0
    unasked: int = 0
    misreported: int = 0
    lost: int = 0
    shot_twice: int = 0
    past_cap: int = 0
    longest_s: float = 0.0
    problems: list[str] = field(default_factory=list)


def _rows(ledger: Path, statement: str) -> list[Any]:
    with read_only(ledger) as db:
        return db.execute(statement).fetchall()


def audit(ledger: Path, openings: Sequence[Opening], cap_steps: int, same_flower_m: float) -> Audit:
    """Compare a ledger with the openings of its whole life; a valve may be open for `cap_steps` ms of the board.

    Order and counts decide, times only tell trains apart: any process here may be held up for a moment.
    """
    result = Audit()
    by_nozzle: defaultdict[int, list[Opening]] = defaultdict(list)
    for opening in openings:
        by_nozzle[opening.nozzle].append(opening)
        lasted = float("inf") if opening.closed is None else opening.closed - opening.opened
        result.longest_s = max(result.longest_s, lasted)
        result.past_cap += opening.closed is None or opening.steps > cap_steps + 1
    intents = [msgspec.convert(row, Intent) for row in _rows(ledger, INTENTS)]
    result.states.update(intent.outcome or "lost" for intent in intents)
    result.lost = result.states["lost"]
    for nozzle, trace in by_nozzle.items():
        own = [intent for intent in intents if intent.nozzle == nozzle]
        _settle_maybes(own, _without_measured(own, trace, result), result)
    _find_flowers_shot_twice(_rows(ledger, TARGETS), same_flower_m, result)
    return result


def _without_measured(intents: Sequence[Intent], trace: Sequence[Opening], result: Audit) -> list[Opening]:
    """Give each measured outcome its openings, nearest first; returns those that no outcome speaks of."""
    left = sorted(trace, key=lambda opening: opening.opened)
    measured = [(intent.opened_at, intent) for intent in intents if intent.opened_at is not None]
    for opened_at, intent in sorted(measured, key=lambda pair: pair[0]):
        told = intent.openings or 0
        first = min(range(len(left)), key=lambda i: abs(left[i].opened - opened_at), default=0)
        own = [
            opening for opening in left[first : first + told] if abs(opening.opened - opened_at) <= WITHIN_S
        ]
        if len(own) != told:
            result.misreported += 1
            result.problems.append(f"pulse {intent.pulse_id}: told {told} openings, the valve {len(own)}")
        del left[first : first + len(own)]
    return left


def _settle_maybes(intents: Sequence[Intent], left: Sequence[Opening], result: Audit) -> None:
    """Give each remaining train to one pulse of unknown outcome; a train that nobody owns is a fault."""
    free = [intent for intent in intents if intent.outcome in {None, PulseState.MAYBE_FIRED}]
    for train in _trains(left):
        first = train[0].opened
        owners = [
            intent
            for intent in free
            if 0.0 <= first - intent.t <= LONGEST_WAIT_S and len(train) <= intent.wanted
        ]
        if owners:
            free.remove(owners[-1])
            continue
        asked = any(0.0 <= first - intent.t <= LONGEST_WAIT_S for intent in intents)
        result.fired_twice += asked
        result.unasked += not asked
        result.problems.append(f"nozzle {train[0].nozzle}: {len(train)} openings at {first:.3f} s, no owner")


def _trains(openings: Sequence[Opening]) -> list[list[Opening]]:
    trains: list[list[Opening]] = []
    for opening in openings:
        if trains and opening.opened - trains[-1][-1].opened <= SAME_TRAIN_S:
            trains[-1].append(opening)
        else:
            trains.append([opening])
    return trains


def _find_flowers_shot_twice(
    targets: Sequence[tuple[int, str, float, float, float]], same_flower_m: float, result: Audit
) -> None:
    """Count pulses meant only for flowers that had theirs before. All of a campaign is one interval.

    A jet at one flower may meet its treated neighbour too: that one is listed with the pulse, and is no repeat.
    """
    met: defaultdict[tuple[str, int], list[Place]] = defaultdict(list)
    by_pulse: defaultdict[int, list[tuple[str, Place]]] = defaultdict(list)
    for pulse_id, side, *(s, h, d) in targets:
        by_pulse[pulse_id].append((side, (s, h, d)))
    for pulse_id, flowers in by_pulse.items():
        again = [
            any(
                dist(place, there) <= same_flower_m
                for i in (-1, 0, 1)
                for there in met[side, round(place[0] / BIN_M) + i]
            )
            for side, place in flowers
        ]
        if all(again):
            result.shot_twice += 1
            result.problems.append(f"pulse {pulse_id}: every flower of it had been shot before")
        for side, place in flowers:
            met[side, round(place[0] / BIN_M)].append(place)
