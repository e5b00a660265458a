import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.stills import (
    Image,
    PictureError,
    StillRule,
    detect_still,
    pictures_in,
    read_picture,
    tile_corners,
)
from vision.types import Detections

TILE = (640, 384)


def brightest(image: Image) -> Detections:
    """A detector of one thing: a 9 x 9 px box around the brightest spot, when there is one."""
    _, value, _, (x, y) = cv2.minMaxLoc(cv2.boxFilter(image[:, :, 0], -1, (5, 5)))
    count = int(value > 100)
    box = np.array([[x - 4, y - 4, x + 5, y + 5]], np.float32)[:count]
    return Detections(box, np.array([[0, 0.9, 0]], np.float32)[:count], np.array([0.9], np.float32)[:count])


@given(st.integers(1, 4000), st.integers(1, 4000), st.floats(0, 0.8))
def test_tiles_cover_the_whole_picture(width: int, height: int, overlap: float) -> None:
    corners = list(tile_corners(width, height, TILE, overlap))
    xs, ys = sorted({x for x, _ in corners}), sorted({y for _, y in corners})
    assert xs[0] == ys[0] == 0
    assert xs[-1] + TILE[0] >= width
    assert ys[-1] + TILE[1] >= height
    assert all(b - a <= TILE[0] for a, b in itertools.pairwise(xs))
    assert all(b - a <= TILE[1] for a, b in itertools.pairwise(ys))


def test_one_spot_seen_in_many_tiles_and_scales_is_found_once_where_it_is() -> None:
    image = np.zeros((1512, 2016, 3), np.uint8)
    cv2.circle(image, (1000, 700), 24, (255, 255, 255), -1)
    found = detect_still(image, brightest, TILE, StillRule(scales=(0.5,)))
    assert len(found) == 1
    centre = (found.boxes[0, :2] + found.boxes[0, 2:]) / 2
    assert np.abs(centre - (1000, 700)).max() < 30


def test_a_damaged_picture_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff garbage")
    with pytest.raises(PictureError, match=r"bad\.jpg: not a readable picture") as caught:
        read_picture(tmp_path / "bad.jpg")
    assert "\n" not in str(caught.value)


def test_an_empty_file_is_not_a_picture(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(PictureError):
        read_picture(tmp_path / "empty.png")


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="holds no picture"):
        pictures_in(tmp_path)
    with pytest.raises(PictureError, match="not a folder"):
        pictures_in(tmp_path / "none")
