"""A lens from pictures of the calibration board: intrinsics, distortion, and how far each picture is off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.charuco import Board, BoardView

Floats = NDArray[np.float64]

LEAST_VIEWS = 8
LEAST_CORNERS = 10
"""A picture with fewer corners says too little about where the board was."""

ODD = 2.5
ODD_LEAST_PX = 0.3
"""A picture is an outlier when it is off by this factor more than the usual one, and by this much at least."""

MOST_OUTLIERS = 1.0 / 3.0
MOST_RMS_PX = 1.0
MOST_FOCAL_STD = 0.01
"""Relative; a lens known worse moves flowers at 0.5 m by 5 mm in depth."""

WIDE_GAIN = 0.97
"""The third radial term is kept where it lowers the error below this share."""

GRID = (5, 8)


class CalibrationError(Exception):
    """The measurement says too little or contradicts itself; the text names the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class ViewError:
    """How far one picture's corners are from where the lens puts them."""

    name: str
    corners: int
    rms_px: float
    used: bool


@dataclass(frozen=True, slots=True)
class LensFit:
    """A calibrated lens; `*_std` are standard errors in px, `coverage` the share of the image with corners."""

    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float]
    rms_px: float
    focal_std: float
    centre_std: float
    coverage: float
    views: tuple[ViewError, ...]

    @property
    def used(self) -> int:
        """Pictures that count."""
        return sum(view.used for view in self.views)


@dataclass(frozen=True, slots=True)
class _Solution:
    matrix: Floats
    distortion: Floats
    rms_px: float
    stds: Floats
    view_rms: Floats


def fit_lens(views: Sequence[BoardView], board: Board, size: tuple[int, int]) -> LensFit:
    """Fit the lens to views of one camera, `size` (width, height) in px; pictures that contradict drop out.

    Raises CalibrationError.
    """
    usable = [view for view in views if len(view.ids) >= LEAST_CORNERS and not _on_a_line(view)]
    used = list(usable)
    while True:
        _enough(used, len(usable))
        found = _solved(used, board, size)
        worst = int(found.view_rms.argmax())
        limit = max(ODD * float(np.median(found.view_rms)), ODD_LEAST_PX)
        if found.view_rms[worst] <= limit:
            break
        del used[worst]
    _believed(found)
    return _result(found, usable, used, board, size)


def coverage(views: Sequence[BoardView], size: tuple[int, int]) -> float:
    """Return the share of the image's cells (8 x 5) in which a corner was seen."""
    corners = np.concatenate([np.empty((0, 2)), *(view.corners for view in views)])
    rows, columns = GRID
    column = np.clip(corners[:, 0] * columns / size[0], 0, columns - 1).astype(np.int64)
    row = np.clip(corners[:, 1] * rows / size[1], 0, rows - 1).astype(np.int64)
    return len(set(zip(row.tolist(), column.tolist(), strict=True))) / (rows * columns)


def _on_a_line(view: BoardView) -> bool:
    """Whether the corners lie on one line: they then fix no plane."""
    spread = np.linalg.svd(view.corners - view.corners.mean(axis=0), compute_uv=False)
    return bool(spread[1] < 0.02 * spread[0])


def _enough(used: Sequence[BoardView], usable: int) -> None:
    if usable < LEAST_VIEWS:
        raise CalibrationError(
            f"the board shows well in {usable} pictures, it takes {LEAST_VIEWS}: "
            "hold it nearer, flat, sharp and well lit, and check columns and rows of [calibration.board]"
        )
    if len(used) < max((1.0 - MOST_OUTLIERS) * usable, LEAST_VIEWS - 1):
        raise CalibrationError(
            f"{usable - len(used)} of {usable} pictures contradict the others: "
            "are they of one lens and zoom, and is the board stiff? take them again"
        )


def _solved(views: Sequence[BoardView], board: Board, size: tuple[int, int]) -> _Solution:
    plain = _calibrated(views, board, size, cv2.CALIB_FIX_K3)
    wide = _calibrated(views, board, size, 0)
    return wide if wide.rms_px < WIDE_GAIN * plain.rms_px else plain


def _calibrated(views: Sequence[BoardView], board: Board, size: tuple[int, int], flags: int) -> _Solution:
    points = [board.places[view.ids].astype(np.float32) for view in views]
    pixels = [view.corners.astype(np.float32) for view in views]
    guess = np.array([[size[0], 0, 0.5 * (size[0] - 1)], [0, size[0], 0.5 * (size[1] - 1)], [0, 0, 1.0]])
    try:
        rms, matrix, distortion, turns, shifts, _, _, view_rms = cv2.calibrateCameraExtended(
            points, pixels, size, guess, np.zeros(5), flags=flags | cv2.CALIB_USE_INTRINSIC_GUESS
        )
    except cv2.error as error:
        raise CalibrationError(
            "the pictures fix no lens: turn and tilt the board more from one to the next, and take them again"
        ) from error
    lens = np.asarray(matrix, np.float64), np.asarray(distortion, np.float64).ravel()[:5]
    slopes = [
        np.asarray(cv2.projectPoints(places, turn, shift, *lens)[1], np.float64)
        for places, turn, shift in zip(points, turns, shifts, strict=True)
    ]
    stds = _standard_errors(slopes, float(rms), 8 if flags & cv2.CALIB_FIX_K3 else 9)
    return _Solution(*lens, float(rms), stds, np.asarray(view_rms, np.float64).ravel())


def _standard_errors(slopes: Sequence[Floats], rms_px: float, count: int) -> Floats:
    """Return the errors (4,) of fx, fy, cx, cy, from each picture's projection slopes (2N, 15).

    The board's pose is solved for in each picture, so that what it could explain counts for nothing; OpenCV's
    own figures are far too good where a board was never tilted.
    """
    information = np.zeros((count, count))
    for slope in slopes:
        pose, _ = np.linalg.qr(slope[:, :6])
        lens = slope[:, 6 : 6 + count]
        rest = lens - pose @ (pose.T @ lens)
        information += rest.T @ rest
    scale = np.sqrt(np.maximum(np.diagonal(information), 1e-30))
    values, ways = np.linalg.eigh(information / np.outer(scale, scale))
    spread = np.square(ways) @ (1.0 / np.maximum(values, 1e-16))
    # Both coordinates make up the error of a corner, so each has half of its square.
    errors: Floats = rms_px / 2**0.5 * np.sqrt(spread) / scale
    return errors[:4]


def _believed(found: _Solution) -> None:
    if not (np.isfinite(found.matrix).all() and found.rms_px <= MOST_RMS_PX):
        raise CalibrationError(
            f"the corners are off by {found.rms_px:.2f} px, at most {MOST_RMS_PX:g} is believed: "
            "is the board flat and still, and are the pictures sharp?"
        )
    share = float(found.stds[0] / found.matrix[0, 0])
    if not share <= MOST_FOCAL_STD:
        raise CalibrationError(
            f"the focal length is known to {100 * share:.1f} % only, it takes {100 * MOST_FOCAL_STD:g} %: "
            "tilt the board by 20 to 40 degrees in all directions and fill the picture with it"
        )


def _result(
    found: _Solution,
    usable: Sequence[BoardView],
    used: Sequence[BoardView],
    board: Board,
    size: tuple[int, int],
) -> LensFit:
    matrix = found.matrix
    kept = {id(view): float(rms) for view, rms in zip(used, found.view_rms, strict=True)}
    errors = [
        ViewError(
            view.name,
            len(view.ids),
            kept.get(id(view)) or _left_out_rms(view, board, found),
            id(view) in kept,
        )
        for view in usable
    ]
    k1, k2, p1, p2, k3 = found.distortion.tolist()
    return LensFit(
        fx=float(matrix[0, 0]),
        fy=float(matrix[1, 1]),
        cx=float(matrix[0, 2]),
        cy=float(matrix[1, 2]),
        distortion=(k1, k2, p1, p2, k3),
        rms_px=found.rms_px,
        focal_std=float(found.stds[:2].max()),
        centre_std=float(found.stds[2:4].max()),
        coverage=coverage(used, size),
        views=tuple(errors),
    )


def _left_out_rms(view: BoardView, board: Board, found: _Solution) -> float:
    """Return how far a picture is off that was left out: the board laid as well as can be by this lens."""
    points = board.places[view.ids]
    solved, turn, shift = cv2.solvePnP(points, view.corners, found.matrix, found.distortion)
    if not solved:
        return float("inf")
    seen, _ = cv2.projectPoints(points, turn, shift, found.matrix, found.distortion)
    away = np.asarray(seen, np.float64).reshape(-1, 2) - view.corners
    return float(np.sqrt(np.square(away).sum(axis=1).mean()))
