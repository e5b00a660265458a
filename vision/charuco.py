"""The calibration board, a chessboard with markers (ChArUco): drawn at true scale and found in pictures."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Floats = NDArray[np.float64]

DICTIONARY = cv2.aruco.DICT_5X5_100
MARKER_MODULES = 7
"""A 5x5 marker with its black border."""
MARKERS = 100
MARKER_SHARE = (0.4, 0.83)
"""Of a square: smaller ones are not read from afar, larger ones lose their white border."""

MARGIN_MM = 8.0
"""White paper around the board; the detector needs some."""
RULER_MM = 100.0
CAPTION_MM = 12.0
MM_PER_INCH = 25.4


class BoardConfig(BaseModel):
    """The board as it was printed: measure it, printers scale."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    columns: int = Field(9, ge=4, le=20, description="squares from left to right")
    rows: int = Field(6, ge=4, le=20, description="squares from top to bottom")
    square_mm: float = Field(30.0, ge=5, le=500, description="side of a square, measured on the paper")
    marker_mm: float = Field(22.0, ge=3, le=450, description="side of a marker, black border included")

    @model_validator(mode="after")
    def _markers_fit(self) -> Self:
        low, high = MARKER_SHARE
        if not low * self.square_mm <= self.marker_mm <= high * self.square_mm:
            raise ValueError(
                f"marker_mm = {self.marker_mm:g}: must be {low} to {high} of square_mm = {self.square_mm:g}"
            )
        if self.columns * self.rows // 2 > MARKERS:
            raise ValueError(f"a board of {self.columns}x{self.rows} needs over {MARKERS} markers; use fewer")
        return self

    @property
    def text(self) -> str:
        """The board in words, as printed under it."""
        return (
            f"{self.columns}x{self.rows} squares of {self.square_mm:g} mm, "
            f"5x5 markers of {self.marker_mm:g} mm"
        )


@dataclass(frozen=True, slots=True)
class BoardView:
    """Inner corners seen in one picture: `ids` (N,) and their pixels (N, 2)."""

    name: str
    ids: NDArray[np.int64]
    corners: Floats


class Board:
    """Finds the board's inner corners in pictures and knows where they lie on it."""

    def __init__(self, config: BoardConfig) -> None:
        self.config = config
        size = (config.columns, config.rows)
        lengths = (config.square_mm * 1e-3, config.marker_mm * 1e-3)
        board = cv2.aruco.CharucoBoard(size, *lengths, cv2.aruco.getPredefinedDictionary(DICTIONARY))
        self._detector = cv2.aruco.CharucoDetector(board)

    @cached_property
    def places(self) -> Floats:
        """Inner corners (K, 3) on the board in m, x right and y down from its top left corner, by id."""
        config = self.config
        rows, columns = np.mgrid[1 : config.rows, 1 : config.columns]
        flat = np.stack([columns.ravel(), rows.ravel(), np.zeros(rows.size)], axis=1)
        return np.asarray(flat * (config.square_mm * 1e-3), np.float64)

    def find(self, image: NDArray[np.uint8], name: str = "") -> BoardView:
        """Return the corners seen in a BGR or grey image; none where there is no board."""
        # The stubs leave out that there may be nothing.
        found: tuple[Any, ...] = self._detector.detectBoard(image)
        corners, ids = found[:2]
        if ids is None or corners is None:
            return BoardView(name, np.empty(0, np.int64), np.empty((0, 2)))
        return BoardView(
            name, np.asarray(ids, np.int64).ravel(), np.asarray(corners, np.float64).reshape(-1, 2)
        )


def black_rectangles(config: BoardConfig) -> Iterator[tuple[float, float, float, float]]:
    """Yield x, y, width, height in mm of all that is black, from the board's top left corner."""
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    inset = 0.5 * (config.square_mm - config.marker_mm)
    module = config.marker_mm / MARKER_MODULES
    marker = 0
    for row in range(config.rows):
        for column in range(config.columns):
            x, y = column * config.square_mm, row * config.square_mm
            if (row + column) % 2 == 0:
                yield x, y, config.square_mm, config.square_mm
                continue
            bits = cv2.aruco.generateImageMarker(dictionary, marker, MARKER_MODULES)
            marker += 1
            for j, i in np.argwhere(np.asarray(bits) == 0).tolist():
                yield x + inset + i * module, y + inset + j * module, module, module


def board_svg(config: BoardConfig) -> str:
    """Return the board as an SVG in millimetres, with a ruler to check the print by."""
    width = config.columns * config.square_mm + 2 * MARGIN_MM
    height = config.rows * config.square_mm + 2 * MARGIN_MM + CAPTION_MM
    below = height - CAPTION_MM
    # Neighbouring modules overlap by a hair: a renderer's smoothing would leave white lines between them.
    shapes = "".join(
        f"M{MARGIN_MM + x:.4f} {MARGIN_MM + y:.4f}h{w + 0.01:.4f}v{h + 0.01:.4f}h-{w + 0.01:.4f}z"
        for x, y, w, h in black_rectangles(config)
    )
    ruler = f"M{MARGIN_MM:g} {below - 1:.3f}v3m0 -1.5h{RULER_MM:g}m0 -1.5v3"
    words = f"Bombus: {config.text}. Print at 100 %: the line is {RULER_MM:g} mm. Glue it to a flat plate."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}">\n<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<path fill="#000" d="{shapes}"/>\n<path fill="none" stroke="#000" stroke-width="0.2" d="{ruler}"/>\n'
        f'<text x="{MARGIN_MM:g}" y="{below + 6.5:.3f}" font-family="sans-serif" font-size="4">{words}</text>\n'
        "</svg>\n"
    )


def board_picture(config: BoardConfig, dots_per_mm: float) -> NDArray[np.uint8]:
    """Return the board with its margin as a grey picture."""
    size = (config.rows * config.square_mm, config.columns * config.square_mm)
    picture = np.full([round((side + 2 * MARGIN_MM) * dots_per_mm) for side in size], 255, np.uint8)
    for x, y, width, height in black_rectangles(config):
        left, right = (round((MARGIN_MM + at) * dots_per_mm) for at in (x, x + width))
        top, bottom = (round((MARGIN_MM + at) * dots_per_mm) for at in (y, y + height))
        picture[top:bottom, left:right] = 0
    return picture


def board_png(config: BoardConfig, dpi: float) -> bytes:
    """Return the board as a PNG that says how many dots make a metre, so that it prints at true scale."""
    square_px = max(round(config.square_mm * dpi / MM_PER_INCH), MARKER_MODULES)
    encoded, data = cv2.imencode(".png", board_picture(config, square_px / config.square_mm))
    if not encoded:
        raise ValueError(f"a board at {dpi:g} dpi is too large for a PNG; use fewer dots or an SVG")
    per_metre = round(1000.0 * square_px / config.square_mm)
    chunk = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    whole = struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk))
    after_header = 8 + 25
    png = data.tobytes()
    return png[:after_header] + whole + png[after_header:]
