"""The reliability diagram as a PNG: what the map said of 'open' against how often it was so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plot import FIRST, GRID, INK, SECOND, paper, save, write

SIDE, MARGIN = 460, 62
CURVES: Final = (("as it is", FIRST), ("tempered", SECOND))

Bins = Sequence[Mapping[str, Any]]


def draw_reliability(now: Bins, tempered: Bins, path: Path) -> None:
    """Write both curves; a dot's area grows with the flowers that it stands for. Raises OSError."""
    picture = paper(SIDE + 2 * MARGIN, SIDE + 2 * MARGIN)
    for tenth in range(0, 11, 2):
        share = tenth / 10
        cv2.line(picture, _place(0, share), _place(1, share), GRID, 1)
        cv2.line(picture, _place(share, 0), _place(share, 1), GRID, 1)
        x, y = _place(share, 0)
        write(picture, f"{share:.1f}", (x - 10, y + 20))
        write(picture, f"{share:.1f}", (MARGIN - 34, _place(0, share)[1] + 4))
    cv2.line(picture, _place(0, 0), _place(1, 1), INK, 1, cv2.LINE_AA)
    for (name, colour), bins, column in zip(CURVES, (now, tempered), (0, 1), strict=True):
        _curve(picture, bins, colour)
        write(picture, name, (MARGIN + 12 + 110 * column, MARGIN - 14), colour)
    write(picture, "belief in 'open'", (MARGIN + SIDE // 2 - 60, SIDE + 2 * MARGIN - 14))
    write(picture, "share that was open", (8, MARGIN - 34))
    save(picture, path)


def _curve(picture: NDArray[np.uint8], bins: Bins, colour: tuple[int, int, int]) -> None:
    places = [_place(float(one["said"]), float(one["was"])) for one in bins]
    if places:
        cv2.polylines(picture, [np.array(places, np.int32)], False, colour, 2, cv2.LINE_AA)
    for place, one in zip(places, bins, strict=True):
        cv2.circle(picture, place, 3 + round(float(one["count"]) ** 0.5 / 4), colour, -1, cv2.LINE_AA)


def _place(said: float, was: float) -> tuple[int, int]:
    return MARGIN + round(said * SIDE), MARGIN + round((1.0 - was) * SIDE)
