"""A view is taken when the board stands still somewhere new."""

import numpy as np
from numpy.typing import NDArray

from vision.board_watch import BoardWatch, apart
from vision.charuco import Board, BoardConfig, BoardView, board_picture
from vision.types import Frame

CONFIG = BoardConfig(columns=6, rows=5, square_mm=10, marker_mm=7)
PICTURE = board_picture(CONFIG, 3.0)


def shown(x: int, y: int, seq: int) -> Frame:
    image: NDArray[np.uint8] = np.full((300, 400, 3), 255, np.uint8)
    image[y : y + PICTURE.shape[0], x : x + PICTURE.shape[1]] = PICTURE[..., None]
    return Frame("left", seq, seq / 15, image)


def test_board_is_taken_when_still_and_again_when_elsewhere() -> None:
    watch = BoardWatch(Board(CONFIG), 400)
    told = [
        watch.take(shown(x, y, k)) for k, (x, y) in enumerate([(5, 5), (5, 5), (5, 5), (60, 40), (60, 40)])
    ]
    assert told == ["hold still", "taken", "move or tilt", "hold still", "taken"]
    assert [view.name for view in watch.views] == ["frame 1", "frame 4"]


def test_wall_is_no_board() -> None:
    watch = BoardWatch(Board(CONFIG), 400)
    assert watch.take(Frame("left", 0, 0.0, np.full((300, 400, 3), 80, np.uint8))) == "no board"


def test_views_without_common_corners_are_not_compared() -> None:
    one = BoardView("a", np.arange(5), np.zeros((5, 2)))
    other = BoardView("b", np.arange(4, 9), np.ones((5, 2)))
    assert apart(one, other) is None
    assert apart(one, one) == 0.0
