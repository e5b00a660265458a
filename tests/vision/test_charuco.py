"""The board that is printed is the board that is found, at the scale it says."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from vision.charuco import MARGIN_MM, Board, BoardConfig, board_picture, board_png, board_svg


@settings(max_examples=8, deadline=None)
@given(columns=st.integers(4, 12), rows=st.integers(4, 12), share=st.floats(0.6, 0.82))
def test_every_inner_corner_is_found_where_it_was_drawn(columns: int, rows: int, share: float) -> None:
    config = BoardConfig(columns=columns, rows=rows, square_mm=20, marker_mm=20 * share)
    board, dots = Board(config), 3.0
    view = board.find(board_picture(config, dots))
    assert view.ids.tolist() == list(range((columns - 1) * (rows - 1)))
    drawn = board.places[:, :2] * 1000 * dots + MARGIN_MM * dots - 0.5
    assert np.abs(view.corners - drawn).max() < 0.6


def test_picture_without_a_board_gives_no_corners() -> None:
    view = Board(BoardConfig()).find(np.full((300, 400, 3), 90, np.uint8), "wall.png")
    assert (view.name, len(view.ids), view.corners.shape) == ("wall.png", 0, (0, 2))


def test_png_says_its_scale() -> None:
    png = board_png(BoardConfig(), 300.0)
    at = png.index(b"pHYs")
    per_metre = struct.unpack(">I", png[at + 4 : at + 8])[0]
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture.shape[1] / per_metre == pytest.approx(9 * 0.030 + 2e-3 * MARGIN_MM, abs=2e-4)


def test_svg_is_in_millimetres() -> None:
    svg = board_svg(BoardConfig())
    assert f'width="{9 * 30 + 2 * MARGIN_MM:g}mm"' in svg
    assert "9x6 squares of 30 mm" in svg


@pytest.mark.parametrize(
    ("values", "named"),
    [({"marker_mm": 29}, "marker_mm = 29"), ({"columns": 20, "rows": 20}, "20x20 needs over 100 markers")],
)
def test_board_that_cannot_be_is_refused_by_name(values: dict[str, float], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        BoardConfig(**values)
