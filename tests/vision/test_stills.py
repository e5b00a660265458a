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


def test_a_flower_that_the_mirrored_look_finds_too_stays_in_its_place() -> None:
    image = np.zeros((384, 700, 3), np.uint8)
    cv2.circle(image, (90, 100), 6, (255, 255, 255), -1)
    once = detect_still(image, brightest, TILE, StillRule(scales=(1.0,)))
    twice = detect_still(image, brightest, TILE, StillRule(scales=(1.0,), mirrored=True))
    assert len(once) == len(twice) == 1
    assert np.abs(once.boxes - twice.boxes).max() <= 1.0
    assert twice.scores[0] == pytest.approx(0.9)


def test_what_one_look_of_two_finds_counts_half() -> None:
    def only_left(image: Image) -> Detections:
        found = brightest(image)
        left = found.boxes[:, 0] < 300
        return Detections(found.boxes[left], found.stages[left], found.scores[left])

    image = np.zeros((384, 640, 3), np.uint8)
    cv2.circle(image, (90, 100), 6, (255, 255, 255), -1)
    found = detect_still(image, only_left, TILE, StillRule(scales=(1.0,), mirrored=True))
    assert len(found) == 1 and found.scores[0] == pytest.approx(0.45)
    assert found.stages[0] == pytest.approx([0, 0.45, 0])


def test_fused_boxes_lean_to_the_surer_look() -> None:
    looks = iter(((50.0, 0.9), (54.0, 0.3)))

    def twice(image: Image) -> Detections:
        left, score = next(looks)
        box = np.array([[left, 50, left + 20, 70]], np.float32)
        return Detections(box, np.array([[0, score, 0]], np.float32), np.array([score], np.float32))

    found = detect_still(np.zeros((384, 640, 3), np.uint8), twice, TILE, StillRule(scales=(1.0, 1.0)))
    assert len(found) == 1 and found.boxes[0, 0] == pytest.approx((50 * 0.81 + 54 * 0.09) / 0.9)


def test_a_photo_without_flowers_has_none() -> None:
    found = detect_still(np.zeros((384, 640, 3), np.uint8), brightest, TILE, StillRule(mirrored=True))
    assert len(found) == 0 and found.boxes.shape == (0, 4) and found.stages.shape == (0, 3)


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
