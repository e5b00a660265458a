"""Finds frames put together from two pictures, or whose end is missing. `frame_checks` asks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCKS = 8
UNCUT_BLOCKS = 2
"""A cut crosses the picture: only so many of the blocks side by side may not show it."""

NEAR, FAR = 2, 8
"""A row's step to the next one is compared with those 3 to 8 rows above and below."""

COLUMN_STEP = 4
EMPTY_SHARE = 0.04
"""So much of the height must be without any structure to count as missing."""
EMPTY_LEVELS = 1.0
SAME_ROW = 3
"""A cut at the row of the last one (this near) is a pipe or a gutter, which stands still as the cart rolls."""


class TearWatch:
    """One camera's cuts; remembers where the last frame had its sharpest line across."""

    def __init__(self) -> None:
        self._last_row: int | None = None

    def problem(self, green: NDArray[np.uint8], edge: float) -> str | None:
        """Return what is torn in a frame's green channel (H, W), or None; `edge` is the step of a cut."""
        sample = green[:, ::COLUMN_STEP].astype(np.int16)
        empty = empty_end(sample)
        if empty > EMPTY_SHARE * len(sample):
            return f"torn: the lower {100 * empty / len(sample):.0f} % is empty"
        step, row = sharpest_cut(sample)
        before, self._last_row = self._last_row, row if step > edge else None
        if step <= edge or (before is not None and abs(row - before) <= SAME_ROW):
            return None
        return f"torn: two pictures meet at row {row}"


def empty_end(sample: NDArray[np.int16]) -> int:
    """Return how many rows at the bottom of a picture (H, W) have no structure; 0 when none has any."""
    alike = (np.ptp(sample, axis=1) <= EMPTY_LEVELS)[::-1]
    return 0 if alike.all() else int(np.argmin(alike))


def sharpest_cut(sample: NDArray[np.int16]) -> tuple[float, int]:
    """Return the largest step between rows across nearly the whole width, over the usual one there, and its row."""
    step = np.abs(np.diff(sample, axis=0))
    height, width = step.shape
    if height < 2 * FAR + 2 or width < BLOCKS:
        return 0.0, 0
    blocks = step[:, : width // BLOCKS * BLOCKS].reshape(height, BLOCKS, -1).mean(axis=2, dtype=np.float64)
    sums = np.cumsum(np.pad(blocks, ((FAR + 1, FAR), (0, 0)), mode="edge"), axis=0)
    wide = sums[2 * FAR + 1 :] - sums[: -2 * FAR - 1]
    near = sums[FAR + NEAR + 1 : height + FAR + NEAR + 1] - sums[FAR - NEAR : height + FAR - NEAR]
    usual = (wide - near) / (2 * (FAR - NEAR))
    share = np.sort(blocks / np.maximum(usual, 1.0), axis=1)[:, UNCUT_BLOCKS]
    row = int(share.argmax())
    return float(share[row]), row + 1
