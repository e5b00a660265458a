"""Training curves as a PNG: the losses over the steps, drawn with OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plot import FIRST, GRID, SECOND, paper, save, write

WIDTH, HEIGHT, MARGIN = 900, 420, 56
POINTS: Final = 300
"""Each curve is averaged down to this many points."""

NAMES: Final = ("heat", "box")
COLOURS: Final = (FIRST, SECOND)


def draw_curves(history: Sequence[Sequence[float]], path: Path) -> None:
    """Write the losses of rows (step, heat, box) on a logarithmic scale; an empty history gives empty axes."""
    picture = paper(WIDTH, HEIGHT)
    rows = np.array(history, np.float64).reshape(-1, 1 + len(NAMES))
    low, high = _decades(rows[:, 1:])
    for power in range(low, high + 1):
        y = _row(10.0**power, low, high)
        cv2.line(picture, (MARGIN, y), (WIDTH - MARGIN, y), GRID, 1)
        write(picture, f"{10.0**power:g}", (8, y + 4))
    for column, (name, colour) in enumerate(zip(NAMES, COLOURS, strict=True), start=1):
        write(picture, f"{name} loss", (MARGIN + 110 * column, 24), colour)
        if len(rows):
            cv2.polylines(picture, [_points(rows[:, column], low, high)], False, colour, 2, cv2.LINE_AA)
    last = int(rows[-1, 0]) if len(rows) else 0
    write(picture, f"{last} steps", (WIDTH - MARGIN - 90, HEIGHT - 14))
    save(picture, path)


def _decades(losses: NDArray[np.float64]) -> tuple[int, int]:
    known = losses[losses > 0]
    if not known.size:
        return -1, 1
    low, high = int(np.floor(np.log10(known.min()))), int(np.ceil(np.log10(known.max())))
    return low, max(high, low + 1)


def _row(value: float, low: int, high: int) -> int:
    share = (np.log10(max(value, 10.0**low)) - low) / (high - low)
    return round(HEIGHT - MARGIN - float(share) * (HEIGHT - 2 * MARGIN))


def _points(losses: NDArray[np.float64], low: int, high: int) -> NDArray[np.int32]:
    parts = np.array_split(losses, min(POINTS, len(losses)))
    across = np.linspace(MARGIN, WIDTH - MARGIN, len(parts))
    return np.array(
        [(round(x), _row(float(part.mean()), low, high)) for x, part in zip(across, parts, strict=True)],
        np.int32,
    )
