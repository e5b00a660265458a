"""Flowers that were aimed at again, in a later pass or after a restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import dist
from pathlib import Path

from robot.build import NoRecorder
from robot.read_only import read_only
from robot.types import Place, Recorder, StepRecord
from vision.types import Side

NO_AIR = "SELECT pulse_id FROM outcome WHERE outcome IN ('not_fired', 'refused')"
BIN_M = 0.1

SAME_PASS_S = 2.0
"""Two trains for neighbours in one pass are the planner's choice; a second visit comes later."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One pulse and the flower it was meant for; others in its jet only get a share of it."""

    pulse_id: int
    row: str
    side: Side
    t: float
    place: Place


class AimLog:
    """A Recorder that keeps what each pulse was meant for, over all the programs of a day."""

    def __init__(self, row: Callable[[], str]) -> None:
        """`row` tells where the cart stands; `inner` is who records the program that runs."""
        self._row = row
        self.inner: Recorder = NoRecorder()
        self.aims: list[Aim] = []

    def record_step(self, record: StepRecord) -> None:
        """Keep the step's pulses."""
        row = self._row() if record.pulses else ""
        self.aims += [Aim(p.pulse_id, row, p.side, record.now, p.places[0]) for p in record.pulses]
        self.inner.record_step(record)

    @property
    def problem(self) -> str:
        """What keeps the inner recorder from keeping."""
        return self.inner.problem

    def close(self) -> None:
        """Close the inner recorder."""
        self.inner.close()

    def twice(self, ledger: Path, same_flower_m: float) -> int:
        """Return how many flowers were aimed at over `SAME_PASS_S` after one within `same_flower_m` of them.

        Pulses that gave no air by the ledger's word do not count.
        """
        with read_only(ledger) as db:
            without_air = {pulse_id for (pulse_id,) in db.execute(NO_AIR)}
        seen: defaultdict[tuple[str, str, int], list[Aim]] = defaultdict(list)
        twice = 0
        for aim in (aim for aim in self.aims if aim.pulse_id not in without_air):
            at = int(aim.place[0] // BIN_M)
            near = [one for place in (at - 1, at, at + 1) for one in seen[aim.row, aim.side, place]]
            twice += any(
                aim.t - one.t > SAME_PASS_S and dist(one.place, aim.place) <= same_flower_m for one in near
            )
            seen[aim.row, aim.side, at].append(aim)
        return twice
