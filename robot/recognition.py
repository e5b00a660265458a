"""Which of today's flowers was treated on an earlier day: places are matched as a pattern, not one by one.

Between two passes the count of travel slips by millimetres a metre, so that a whole stretch of row seems moved, while
flowers of a truss stand only 14 to 28 mm apart. The shift is found from many flowers together; then each remembered
place belongs to at most one flower, within the uncertainty of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import dist
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from robot.dose import Treatment, Treatments
from vision.types import SIDES, Flower, Side

Floats = NDArray[np.float64]

WINDOW_M: Final = 0.4
"""Remembered places this far either side of the nozzles are matched together."""

EVERY_M: Final = 0.02
"""Cart travel after which the match is made anew."""

REMEMBERED_STD_M: Final = np.array([0.004, 0.004, 0.008])
"""Of a remembered place in s, h, d: the map's error then, and a day's growth (assumed)."""

FIRST_SHIFT_STD_M: Final = np.array([0.006, 0.003])
SHIFT_GROWTH_M: Final = np.array([0.004, 0.001])
"""Std of the shift in s and h at the row's head, and by how much it grows per root metre of row (assumed)."""

KERNEL_M: Final = 0.004
"""Width of the vote that a pair of places gives to its shift."""

GATE: Final = 11.3
"""Squared Mahalanobis distance that 99 % of true pairs stay under (chi-square, three degrees of freedom)."""

LEAST_VIEWS: Final = 3


PASS_GAP_S: Final = 600.0
"""Treatments farther apart in time are of different passes, each with a slip of its own."""

SAME_M: Final = 0.006
"""Treatments of one pass nearer than this are of one flower."""


@dataclass(slots=True)
class _Pass:
    """The flowers treated in one earlier pass: K groups of treatments and their places (K, 3), by s.

    `moved` (s, h): how far the row seems moved since, `std`: how sure that is, `at_s`: where it was last looked at.
    """

    groups: list[list[Treatment]]
    places: Floats
    moved: Floats = field(default_factory=lambda: np.zeros(2))
    std: Floats = field(default_factory=FIRST_SHIFT_STD_M.copy)
    at_s: float | None = None


class Recognition:
    """Holds the treatments of earlier passes against the flowers of today; `look` keeps `treatments` current."""

    def __init__(self, treatments: Treatments) -> None:
        self._treatments = treatments
        self._passes: dict[Side, list[_Pass]] = {side: [] for side in SIDES}
        for side in SIDES:
            earlier = [one for one in treatments.of_earlier() if one.side == side]
            self._passes[side] = [_grouped(part) for part in _by_pass(earlier)]
        self._now: dict[Treatment, Treatment] = {}

    def look(self, side: Side, flowers: list[Flower], nozzles_s: float) -> list[Flower]:
        """Match what is remembered around the nozzles with the flowers there; returns the flowers."""
        seen: list[Flower] | None = None
        for past in self._passes[side]:
            if past.at_s is not None and abs(nozzles_s - past.at_s) < EVERY_M:
                continue
            if seen is None:
                seen = [flower for flower in flowers if flower.place_known and flower.views >= LEAST_VIEWS]
            self._match(past, seen, nozzles_s)
        return flowers

    def _match(self, past: _Pass, seen: Sequence[Flower], nozzles_s: float) -> None:
        travel = abs(nozzles_s - (past.at_s or 0.0))
        past.std, past.at_s = np.hypot(past.std, SHIFT_GROWTH_M * travel**0.5), nozzles_s
        middle = nozzles_s - float(past.moved[0])
        first, last = np.searchsorted(past.places[:, 0], (middle - WINDOW_M, middle + WINDOW_M)).tolist()
        places = past.places[first:last]
        if not len(places):
            return
        owners = np.full(len(places), -1)
        if seen:
            now = np.array([flower.position for flower in seen])
            past.moved, past.std = _moved(places, now, past)
            owners = _owners(places, seen, now, past)
        for group, owner in zip(past.groups[first:last], owners.tolist(), strict=True):
            for one in group:
                self._place(one, past, None if owner < 0 else seen[owner])

    def _place(self, original: Treatment, past: _Pass, flower: Flower | None) -> None:
        """Put a remembered treatment where it is today: at its flower, or where the row has moved to."""
        s, h, d = original.place
        if flower is None:
            place = (s + float(past.moved[0]), h + float(past.moved[1]), d)
            new = replace(original, place=place, origin=original.place)
        else:
            s, h, d = (float(x) for x in flower.position)
            key = (original.side, flower.flower_id)
            new = replace(original, place=(s, h, d), recognised=key, origin=original.place)
        old = self._now.get(original, original)
        if new != old and self._treatments.exchange(old, new):
            self._now[original] = new


def _by_pass(treatments: Sequence[Treatment]) -> list[list[Treatment]]:
    """Return the treatments of each pass, oldest first."""
    passes: list[list[Treatment]] = []
    for one in sorted(treatments, key=lambda treatment: treatment.t):
        if not passes or one.t - passes[-1][-1].t > PASS_GAP_S:
            passes.append([])
        passes[-1].append(one)
    return passes


def _grouped(treatments: Sequence[Treatment]) -> _Pass:
    """Return one pass's treatments by flower: a train treats neighbours too, so a flower may have had two."""
    groups: list[list[Treatment]] = []
    for one in sorted(treatments, key=lambda treatment: treatment.place):
        for group in reversed(groups[-8:]):
            if dist(group[0].place, one.place) <= SAME_M:
                group.append(one)
                break
        else:
            groups.append([one])
    return _Pass(groups, np.array([group[0].place for group in groups]).reshape(-1, 3))


def _moved(places: Floats, now: Floats, past: _Pass) -> tuple[Floats, Floats]:
    """Return the shift (s, h) that most pairs of places (N, 3) and flowers (M, 3) agree on, and its std."""
    apart = (now[None, :, :] - places[:, None, :]).reshape(-1, 3)
    reach = 3.0 * past.std + 2.0 * KERNEL_M
    near = (np.abs(apart[:, :2] - past.moved) < reach).all(axis=1) & (np.abs(apart[:, 2]) < 0.03)
    votes = apart[near, :2]
    if not len(votes):
        return past.moved, past.std
    closeness = np.square(votes[:, None, :] - votes[None, :, :]).sum(axis=2) / (2.0 * KERNEL_M**2)
    prior = np.square((votes - past.moved) / past.std).sum(axis=1)
    agreed = np.exp(-closeness).sum(axis=1)
    best = int(np.argmax(agreed - 0.5 * prior))
    weight = np.exp(-closeness[best])
    mean = (weight[:, None] * votes).sum(axis=0) / weight.sum()
    variance = KERNEL_M**2 / weight.sum()
    # The prior's word and the votes', by their certainties.
    share = past.std**2 / (past.std**2 + variance)
    return past.moved + share * (mean - past.moved), np.sqrt(past.std**2 * (1.0 - share))


def _owners(places: Floats, seen: Sequence[Flower], now: Floats, past: _Pass) -> NDArray[np.int64]:
    """Return for each remembered place (N,) the index of its flower, -1 for none."""
    moved = places.copy()
    moved[:, :2] += past.moved
    spread = np.array([np.clip(np.diagonal(flower.covariance), 0.0, 1.0) for flower in seen])
    variance = spread + REMEMBERED_STD_M**2
    variance[:, :2] += past.std**2
    variance = np.where(np.isfinite(variance), variance, 1.0)
    cost = (np.square(now[None, :, :] - moved[:, None, :]) / variance[None, :, :]).sum(axis=2)
    cost = np.minimum(np.where(np.isfinite(cost), cost, GATE), GATE)
    owners = np.full(len(places), -1)
    for row, column in zip(*linear_sum_assignment(cost), strict=True):
        if cost[row, column] < GATE:
            owners[row] = column
    return owners
