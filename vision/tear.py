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
STANDS_SHARE = 0.7
"""A step of this share of a cut's, at its row (so near) in the last frame, is a pipe or a gutter: they stand still."""


class TearWatch:
    """One camera's cuts; remembers the last frame's steps, row by row."""

    def __init__(self) -> None:
        self._last: NDArray[np.float64] | None = None

    def problem(self, green: NDArray[np.uint8], edge: float) -> str | None:
        """Return what is torn in a frame's green channel (H, W), or None; `edge` is the step of a cut."""
        sample = green[:, ::COLUMN_STEP].astype(np.int16)
        empty = empty_end(sample)
        if empty > EMPTY_SHARE * len(sample):
            return f"torn: the lower {100 * empty / len(sample):.0f} % is empty"
        steps = row_steps(sample)
        last, self._last = self._last, steps
        cuts = steps > edge
        if last is not None and len(last) == len(steps):
            cuts &= _spread(last) <= STANDS_SHARE * edge
        if not cuts.any():
            return None
        return f"torn: two pictures meet at row {int(np.where(cuts, steps, 0.0).argmax()) + 1}"


def empty_end(sample: NDArray[np.int16]) -> int:
    """Return how many rows at the bottom of a picture (H, W) have no structure; 0 when none has any."""
    alike = (np.ptp(sample, axis=1) <= EMPTY_LEVELS)[::-1]
    return 0 if alike.all() else int(np.argmin(alike))


def row_steps(sample: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return each row's step to the next across nearly the whole width, over the usual one there."""
    step = np.abs(np.diff(sample, axis=0))
    height, width = step.shape
    if height < 2 * FAR + 2 or width < BLOCKS:
        return np.zeros(height)
    blocks = step[:, : width // BLOCKS * BLOCKS].reshape(height, BLOCKS, -1).mean(axis=2, dtype=np.float64)
    sums = np.cumsum(np.pad(blocks, ((FAR + 1, FAR), (0, 0)), mode="edge"), axis=0)
    wide = sums[2 * FAR + 1 :] - sums[: -2 * FAR - 1]
    near = sums[FAR + NEAR + 1 : height + FAR + NEAR + 1] - sums[FAR - NEAR : height + FAR - NEAR]
    usual = (wide - near) / (2 * (FAR - NEAR))
    steps: NDArray[np.float64] = np.sort(blocks / np.maximum(usual, 1.0), axis=1)[:, UNCUT_BLOCKS]
    return steps


def _spread(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest step within `SAME_ROW` rows of each."""
    padded = np.pad(steps, SAME_ROW)
    found: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(padded, 2 * SAME_ROW + 1).max(
        axis=1
    )
    return found
