"""Scores a run against the truth: coverage, precision, doubles and aim error, from what the jets did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from sim.airjet import TrainEffect
from vision.types import Side, Stage

NEAREST_READY_M = 0.06
"""A train farther than this from every ready flower aimed at nothing real: it costs precision, not aim."""


class FlowerTruth(Protocol):
    """What the score needs of one side of the crop."""

    stage: NDArray[np.int32]

    def near(self, s: float, reach: float) -> NDArray[np.intp]:
        """Return the indices of flowers within `reach` of `s` along the row."""
        ...

    def positions(self, index: NDArray[np.intp], t: float) -> NDArray[np.float64]:
        """Return (M, 3) places (s, h, d) at `t`."""
        ...


class Percentiles(msgspec.Struct, frozen=True):
    """Median and tails; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Percentiles:
        """Return the percentiles of `values`, rounded to 0.01."""
        if not values:
            return cls(None, None, None)
        p50, p95, p99 = (round(float(v), 2) for v in np.percentile(np.asarray(values), (50, 95, 99)))
        return cls(p50, p95, p99)


class Score(msgspec.Struct, frozen=True):
    """The score of one run; shares are None where nothing was there to count."""

    ready: int
    treated: int
    coverage: float | None
    pulses: int
    precision: float | None
    bud_hits: int
    spent_hits: int
    doubles: int
    aim_error_mm: Percentiles


def score(trains: Sequence[TrainEffect], flowers: Mapping[Side, FlowerTruth], treated_dose: float) -> Score:
    """Score `trains` against the truth.

    A flower is hit by a train that gives it `treated_dose` or more. A pulse is precise when it hits a ready
    flower; a pulse that hits any bud is a bud hit, even when it also hits a ready flower; likewise spent.
    `doubles` counts ready flowers hit by more than one train. Cost: linear in trains.
    """
    hits: dict[tuple[Side, int], int] = {}
    precise = bud_hits = spent_hits = 0
    aim_error_mm: list[float] = []
    for train in trains:
        stages = flowers[train.side].stage
        hit = [flower for flower, dose in train.dose.items() if dose >= treated_dose]
        kinds = {int(stages[flower]) for flower in hit}
        precise += int(Stage.OPEN) in kinds
        bud_hits += int(Stage.BUD) in kinds
        spent_hits += int(Stage.SPENT) in kinds
        for flower in hit:
            if stages[flower] == Stage.OPEN:
                hits[train.side, flower] = hits.get((train.side, flower), 0) + 1
        error = _aim_error_m(train, flowers[train.side])
        if error is not None:
            aim_error_mm.append(1000.0 * error)
    ready = sum(int(np.count_nonzero(side.stage == Stage.OPEN)) for side in flowers.values())
    return Score(
        ready=ready,
        treated=len(hits),
        coverage=_share(len(hits), ready),
        pulses=len(trains),
        precision=_share(precise, len(trains)),
        bud_hits=bud_hits,
        spent_hits=spent_hits,
        doubles=sum(count > 1 for count in hits.values()),
        aim_error_mm=Percentiles.of(aim_error_mm),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _aim_error_m(train: TrainEffect, side: FlowerTruth) -> float | None:
    """Distance in the (s, h) plane from the jet's axis, at the middle of the train, to the nearest ready flower."""
    t, s, h = train.middle()
    index = side.near(s, 2 * NEAREST_READY_M)
    index = index[side.stage[index] == Stage.OPEN]
    if index.size == 0:
        return None
    places = side.positions(index, t)
    nearest = float(np.min(np.hypot(places[:, 0] - s, places[:, 1] - h)))
    return nearest if nearest <= NEAREST_READY_M else None
