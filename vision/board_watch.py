"""Picks board views out of a running camera: still ones, each from another place than those before."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vision.charuco import Board, BoardView
from vision.lens_fit import LEAST_CORNERS
from vision.types import Frame

STILL_PX = 1.5
"""A board that moved more than this since the frame before is smeared and skewed."""

ELSEWHERE = 0.05
"""Corners must have moved by this share of the image's width to tell something new."""

COMMON = 4
"""So many corners must be seen in both pictures to compare them."""


@dataclass(slots=True)
class BoardWatch:
    """Takes frames; `views` are the ones worth keeping."""

    board: Board
    width: int
    views: list[BoardView] = field(default_factory=list)
    last: BoardView | None = None
    """What the newest frame showed."""

    def take(self, frame: Frame) -> str:
        """Look at a frame; returns in a word or two what became of it, for the person who holds the board."""
        view = self.board.find(frame.image, f"frame {frame.seq}")
        last, self.last = self.last, view
        if len(view.ids) < LEAST_CORNERS:
            return "no board"
        moved = None if last is None else apart(last, view)
        if moved is None or moved > STILL_PX:
            return "hold still"
        # A view that shares no corner with an old one is elsewhere for sure.
        distances = [apart(old, view) for old in self.views]
        if any(distance is not None and distance < ELSEWHERE * self.width for distance in distances):
            return "move or tilt"
        self.views.append(view)
        return "taken"


def apart(one: BoardView, other: BoardView) -> float | None:
    """Return the mean distance in px of the corners seen in both, None with too few of them."""
    _, first, second = np.intersect1d(one.ids, other.ids, return_indices=True)
    if len(first) < COMMON:
        return None
    away: NDArray[np.float64] = one.corners[first] - other.corners[second]
    return float(np.sqrt(np.square(away).sum(axis=1)).mean())
