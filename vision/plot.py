"""Small plots as PNG files, drawn with OpenCV: a sheet of paper, words and a way to disk."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

INK: Final = (60, 60, 60)
GRID: Final = (225, 225, 225)
FIRST: Final = (40, 120, 220)
SECOND: Final = (170, 110, 30)
"""BGR: of axes and words, of the lines behind, and of the first two curves."""


def paper(width: int, height: int) -> Picture:
    """Return a white picture."""
    return np.full((height, width, 3), 255, np.uint8)


def write(picture: Picture, text: str, place: tuple[int, int], colour: Colour = INK) -> None:
    """Write words whose baseline begins at `place`."""
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.44, colour, 1, cv2.LINE_AA)


def save(picture: Picture, path: Path) -> None:
    """Write the picture as a PNG; raises OSError."""
    done, data = cv2.imencode(".png", picture)
    if done:
        path.write_bytes(data.tobytes())
