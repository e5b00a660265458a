"""A calibration board as a camera of 600 px focal length sees it, held in twelve ways."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.charuco import BoardConfig, board_picture

FOCAL_PX = 600.0
DOTS_PER_MM = 8.0


def board_views(board: BoardConfig, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Return pictures of `size` (width, height): the board near and far, in all corners, tilted."""
    random = np.random.default_rng(2)
    wide, high = board.columns * board.square_mm, board.rows * board.square_mm
    views = []
    for column in range(4):
        for row in range(3):
            turn = random.uniform(-0.55, 0.55, 3)
            place = (
                wide * (-1.17 + 0.47 * column),
                high * (-1.04 + 0.4 * row),
                wide * (2.33 + 0.33 * ((column + row) % 3)),
            )
            views.append(_seen(board, size, turn, np.array(place)))
    return views


def _seen(
    board: BoardConfig, size: tuple[int, int], turn: NDArray[np.float64], place: NDArray[np.float64]
) -> NDArray[np.uint8]:
    flat = board_picture(board, DOTS_PER_MM)
    height, width = flat.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    corners = np.column_stack([source / DOTS_PER_MM, np.zeros(4)]).astype(np.float64)
    matrix = np.array([[FOCAL_PX, 0, size[0] / 2], [0, FOCAL_PX, size[1] / 2], [0, 0, 1]])
    pixels, _ = cv2.projectPoints(corners, turn, place, matrix, np.zeros(5))
    warp = cv2.getPerspectiveTransform(source, pixels[:, 0].astype(np.float32))
    image = cv2.warpPerspective(flat, warp, size, flags=cv2.INTER_AREA, borderValue=(200.0,))
    return np.repeat(image[..., None], 3, axis=2).astype(np.uint8)
