"""Finds parts of the picture that stay blurred while the crop moves past: a smear or a drop on the lens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROWS, COLUMNS = 5, 8
ROW_STEP = 4
SAMPLE_STEP = 16
NEW_VIEW = 8.0
"""Mean change in grey levels that makes a frame another view: a big leaf may fill a part as long as it likes."""

HEIGHTS = ("upper", "middle", "lower")
WIDTHS = ("left", "middle", "right")


class LensDirt:
    """Sharpness of each part (5 x 8) of one camera's picture, over the last views."""

    def __init__(self, views: int, share: float) -> None:
        """A part is dirty below `share` of the usual sharpness, averaged over `views` different views."""
        self._views, self._share = views, share
        self._count = 0
        self._mean: Floats = np.zeros((ROWS, COLUMNS))
        self._last: NDArray[np.int16] | None = None

    def see(self, green: NDArray[np.uint8]) -> None:
        """Take in a usable frame's green channel (H, W)."""
        sample = green[::SAMPLE_STEP, ::SAMPLE_STEP].astype(np.int16)
        last = self._last
        if last is not None and last.shape == sample.shape and np.abs(sample - last).mean() < NEW_VIEW:
            return
        self._last = sample
        self._count += 1
        weight = 1.0 / min(self._count, self._views)
        self._mean = self._mean + weight * (sharpness(green) - self._mean)

    @property
    def text(self) -> str:
        """Where the lens is dirty, in words; '' where it is clean or not enough was seen."""
        if self._count < self._views:
            return ""
        dirty = np.argwhere(self._mean < self._share * float(np.median(self._mean)))
        if not len(dirty):
            return ""
        row, column = dirty.mean(axis=0).tolist()
        where = f"{HEIGHTS[int(3 * row / ROWS)]} {WIDTHS[int(3 * column / COLUMNS)]}"
        return f"{len(dirty)} of {ROWS * COLUMNS} parts stay blurred, {where}"


def sharpness(green: NDArray[np.uint8]) -> Floats:
    """Return the mean step (5, 8) between neighbouring pixels of a row."""
    step = np.abs(np.diff(green[::ROW_STEP].astype(np.int16), axis=1))
    height, width = step.shape[0] // ROWS * ROWS, step.shape[1] // COLUMNS * COLUMNS
    parts = step[:height, :width].reshape(ROWS, height // ROWS, COLUMNS, width // COLUMNS)
    return np.asarray(parts.mean(axis=(1, 3)), np.float64)
