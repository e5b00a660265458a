"""All flowers of a house that live now: new trusses bring them, days carry them from bud to open to spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.config import ConfigError
from robot.mission.house_map import House
from sim.season.crop_config import CropConfig
from vision.types import SIDES

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]
DAY_H = 24.0

FLOWER = np.dtype(
    [
        ("stem", "i4"),
        ("truss", "i4"),
        ("opens_h", "f8"),
        ("closes_h", "f8"),
        ("last_h", "f8"),
        ("h0", "f4"),
        ("d", "f4"),
        ("sinks", "f4"),
        ("luck", "f4"),
        ("chance", "f4"),
        ("grains", "f4"),
        ("today", "f4"),
        ("air", "f4"),
        ("visits", "u2"),
        ("visits_today", "u2"),
        ("over_cap", "u2"),
    ]
)
"""A flower: its times in hours of the season, its height when it opens and how it sinks (m/day), its lateral place;
`luck` decides whether it hides for good, `chance` whether it sets; grains of the days gone and of today; the sum of
`day_of_air` over its days; visits in all, today, and over the cap."""


@dataclass(frozen=True, slots=True)
class Stems:
    """Every stem of a house, row-side by row-side: (S,) arrays and the crops they belong to."""

    row: NDArray[np.int32]
    side: NDArray[np.int8]
    s: Floats
    head: Floats
    crop: NDArray[np.int16]
    next_truss_h: Floats
    truss_count: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.row)


def crop_of_rows(house: House, crops: Sequence[CropConfig], name: str) -> list[int]:
    """Return the crop of each row: the last one whose patterns match; raises ConfigError for a bare row."""
    found = []
    for row in house.rows:
        mine = [k for k, crop in enumerate(crops) if any(fnmatchcase(row, pattern) for pattern in crop.rows)]
        if not mine:
            raise ConfigError(f"{name}: crops: no crop stands in row '{row}'; name it, or a pattern, in rows")
        found.append(mine[-1])
    return found


def plant_stems(
    house: House, crops: Sequence[CropConfig], of_row: Sequence[int], rng: np.random.Generator
) -> Stems:
    """Return the stems of a house; their first trusses are spread evenly over the time from truss to truss."""
    columns: list[list[NDArray[Any]]] = [[] for _ in range(6)]
    for number, row in enumerate(house.rows.values()):
        crop = crops[of_row[number]]
        count = max(1, round(crop.stems_per_m2 * row.length * row.pitch / 2.0))
        for side in row.sides:
            along = (np.arange(count) + rng.random(count)) * row.length / count
            head = crop.head_height_m + crop.head_spread_m * np.clip(rng.standard_normal(count), -2.5, 2.5)
            begins = rng.random(count) * crop.truss_days * DAY_H - _longest_h(crop)
            new: tuple[NDArray[Any], ...] = (
                np.full(count, number, np.int32),
                np.full(count, SIDES.index(side), np.int8),
                along,
                head,
                np.full(count, of_row[number], np.int16),
                begins,
            )
            for column, values in zip(columns, new, strict=True):
                column.append(values)
    row_of, side_of, s, head, crop_of, begins = (np.concatenate(column) for column in columns)
    return Stems(
        row_of.astype(np.int32),
        side_of.astype(np.int8),
        s.astype(np.float64),
        head.astype(np.float64),
        crop_of.astype(np.int16),
        begins.astype(np.float64),
        np.zeros(len(row_of), np.int32),
    )


def _longest_h(crop: CropConfig) -> float:
    """Hours from a truss's first flower to the last one's end, at most: what grew before the season began."""
    return DAY_H * (crop.flowers_per_truss[1] * crop.flower_days + crop.open_days[1] + 1.0)


class Flowers:
    """The living flowers, those of one truss side by side and oldest first. Memory holds the living alone."""

    def __init__(self, stems: Stems, crops: Sequence[CropConfig], rng: np.random.Generator) -> None:
        self.stems, self._crops, self._rng = stems, crops, rng
        self.all: NDArray[np.void] = np.zeros(0, FLOWER)
        self.most_alive = 0

    def __len__(self) -> int:
        return len(self.all)

    def grow_until(self, until_h: float) -> None:
        """Add the trusses whose first flower opens before `until_h`."""
        fresh = [self.all]
        for number, crop in enumerate(self._crops):
            mine = self.stems.crop == number
            while (due := np.flatnonzero(mine & (self.stems.next_truss_h < until_h))).size:
                fresh.append(self._trusses(crop, due))
        if len(fresh) > 1:
            self.all = np.concatenate(fresh)
        self.most_alive = max(self.most_alive, len(self.all))

    def _trusses(self, crop: CropConfig, due: Indices) -> NDArray[np.void]:
        rng, stems = self._rng, self.stems
        count = rng.integers(crop.flowers_per_truss[0], crop.flowers_per_truss[1] + 1, due.size)
        flowers = np.zeros(int(count.sum()), FLOWER)
        which = np.repeat(np.arange(due.size), count)
        order = np.arange(flowers.size) - np.repeat(np.cumsum(count) - count, count)
        day = np.floor(stems.next_truss_h[due] / DAY_H)[which] + np.floor(order * crop.flower_days)
        flowers["stem"] = due[which]
        flowers["truss"] = stems.truss_count[due][which]
        flowers["opens_h"] = DAY_H * day + _between(rng, crop.opens_hour, flowers.size)
        flowers["closes_h"] = flowers["opens_h"] + DAY_H * _between(rng, crop.open_days, flowers.size)
        age_days = order * crop.flower_days
        hang = _between(rng, crop.hangs_m, due.size)[which] * order / np.maximum(count[which] - 1, 1)
        flowers["h0"] = (
            stems.head[due][which] - crop.opens_below_head_m - hang - crop.sinks_m_per_day * age_days
        )
        flowers["sinks"] = crop.sinks_m_per_day
        flowers["d"] = _between(rng, crop.flower_zone_d_m, flowers.size)
        flowers["luck"], flowers["chance"] = rng.random(flowers.size), rng.random(flowers.size)
        spread = 1.0 + crop.truss_days_spread * np.clip(rng.standard_normal(due.size), -2.5, 2.5)
        stems.next_truss_h[due] += DAY_H * crop.truss_days * np.maximum(spread, 0.2)
        stems.truss_count[due] += 1
        return flowers

    def take_closed(self, until_h: float) -> NDArray[np.void]:
        """Take out the flowers that closed before `until_h` and return them; young fruits live elsewhere."""
        closed = self.all["closes_h"] <= until_h
        gone = self.all[closed]
        self.all = self.all[~closed]
        return gone

    def open_at(self, hours: Floats | float) -> Flags:
        """Return which flowers are open at `hours`, one moment for all or one each."""
        found: Flags = (self.all["opens_h"] <= hours) & (hours < self.all["closes_h"])
        return found

    def steps_to_bud(self, hours: Floats | float) -> NDArray[np.int8]:
        """Return how many flowers on a bud hangs on the same truss: 1 beside it, 2, or 3 for farther and none."""
        flowers = self.all
        buds = flowers["opens_h"] > hours
        steps = np.full(len(flowers), 3, np.int8)
        for step in (2, 1):
            same = (flowers["stem"][step:] == flowers["stem"][:-step]) & (
                flowers["truss"][step:] == flowers["truss"][:-step]
            )
            steps[:-step][same & buds[step:]] = step
        return steps

    def truss_numbers(self) -> NDArray[np.intp]:
        """Return the number of each flower's truss, rising along the array."""
        flowers = self.all
        if not len(flowers):
            return np.zeros(0, np.intp)
        new = (np.diff(flowers["stem"]) != 0) | (np.diff(flowers["truss"]) != 0)
        return np.concatenate([[0], np.cumsum(new)]).astype(np.intp)

    def heights(self, hours: Floats | float) -> Floats:
        """Return (N,) heights above the rail at `hours`."""
        flowers = self.all
        days = (hours - flowers["opens_h"]) / DAY_H
        heights: Floats = flowers["h0"].astype(np.float64) - flowers["sinks"] * days
        return heights


def _between(rng: np.random.Generator, span: tuple[float, float], count: int) -> Floats:
    return span[0] + (span[1] - span[0]) * rng.random(count)
