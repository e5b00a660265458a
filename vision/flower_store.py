"""Rows of all flowers of one side, found by s: looking up a window costs the same in a row of any length."""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import NDArray

from vision.flower_filter import COLUMNS, RHO, S0, A, Floats

BIN_M = 0.25
"""Length of one bin of s: a few bins cover what a camera sees."""

Slots = NDArray[np.int64]


class FlowerStore:
    """A growing table (capacity, COLUMNS) with free slots, an id for each slot, and bins of slots by s."""

    def __init__(self) -> None:
        self._rows: Floats = np.zeros((256, COLUMNS))
        self._ids: NDArray[np.int64] = np.full(256, -1, dtype=np.int64)
        self._bin_of: NDArray[np.int64] = np.zeros(256, dtype=np.int64)
        self._free: list[int] = list(range(255, -1, -1))
        self._bins: dict[int, set[int]] = {}

    def __len__(self) -> int:
        return len(self._ids) - len(self._free)

    def add(self, rows: Floats, ids: NDArray[np.int64]) -> Slots:
        """Store new flowers and return their slots (N,)."""
        while len(self._free) < len(rows):
            self._grow()
        slots = np.array([self._free.pop() for _ in range(len(rows))], dtype=np.int64)
        self._rows[slots] = rows
        self._ids[slots] = ids
        self._bin_of[slots] = _bins(rows)
        for slot in slots.tolist():
            self._bins.setdefault(int(self._bin_of[slot]), set()).add(slot)
        return slots

    def remove(self, slots: Slots) -> None:
        """Forget the flowers in `slots`; each must be in use."""
        for slot in slots.tolist():
            self._take_from_bin(slot)
            self._ids[slot] = -1
            self._free.append(slot)

    def write(self, slots: Slots, rows: Floats) -> None:
        """Replace the rows of `slots` and move those that crossed into another bin."""
        self._rows[slots] = rows
        bins = _bins(rows)
        for moved in np.flatnonzero(bins != self._bin_of[slots]).tolist():
            slot = int(slots[moved])
            self._take_from_bin(slot)
            self._bin_of[slot] = bins[moved]
            self._bins.setdefault(int(bins[moved]), set()).add(slot)

    def rows(self, slots: Slots) -> Floats:
        """Return a copy of the rows (N, COLUMNS) of `slots`."""
        return self._rows[slots]

    def ids(self, slots: Slots) -> NDArray[np.int64]:
        """Return the flower ids (N,) of `slots`."""
        return self._ids[slots]

    def rename(self, slot: int, flower_id: int) -> None:
        """Give the flower in `slot` another id."""
        self._ids[slot] = flower_id

    def near(self, s_low: float, s_high: float) -> Slots:
        """Return, in a fixed order, the slots of all flowers in bins that touch s_low..s_high."""
        return np.array(sorted(self.slots_near(s_low, s_high)), dtype=np.int64)

    def slots_near(self, s_low: float, s_high: float) -> list[int]:
        """Return the same in no order, for those who sort by something else."""
        first, last = floor(s_low / BIN_M), floor(s_high / BIN_M)
        if last - first > len(self._bins):
            return [slot for key, slots in self._bins.items() if first <= key <= last for slot in slots]
        return [slot for key in range(first, last + 1) for slot in self._bins.get(key, ())]

    def all(self) -> Slots:
        """Return the slots of all flowers, in a fixed order."""
        return np.flatnonzero(self._ids >= 0)

    def _take_from_bin(self, slot: int) -> None:
        key = int(self._bin_of[slot])
        self._bins[key].discard(slot)
        if not self._bins[key]:
            del self._bins[key]

    def _grow(self) -> None:
        size = len(self._ids)
        self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._ids = np.concatenate([self._ids, np.full(size, -1, dtype=np.int64)])
        self._bin_of = np.concatenate([self._bin_of, np.zeros(size, dtype=np.int64)])
        self._free = list(range(2 * size - 1, size - 1, -1)) + self._free


def _bins(rows: Floats) -> NDArray[np.int64]:
    s = rows[:, S0] + rows[:, A] / rows[:, RHO]
    return np.floor(s / BIN_M).astype(np.int64)
