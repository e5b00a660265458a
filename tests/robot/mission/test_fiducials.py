"""Row tags in drawn pictures: read, measured within their own covariance, and told apart."""

from math import cos, pi, sin

import cv2
import numpy as np
import pytest

from robot.mission.fiducials import FrontCameraConfig, TagReader, TagSeen, wrong_tag
from sim.front_camera import FrontCamera, TagPlate

CONFIG = FrontCameraConfig()
READER = TagReader(CONFIG)


def seen_from(distance: float, off: float = 0.0, turn: float = 0.0, tag: int = 7) -> list[TagSeen]:
    """Look along +x at a tag `distance` ahead of the lens, `off` to the right, turned by `turn`."""
    plate = TagPlate(tag, CONFIG.ahead + distance, -off, CONFIG.h + 0.1, pi + turn)
    return READER.read(FrontCamera(CONFIG, [plate], seed=1).picture(0.0, 0.0, 0.0), 5.0)


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("off", [-0.2, 0.0, 0.2])
def test_tag_is_measured_within_a_few_of_its_own_deviations(distance: float, off: float) -> None:
    (seen,) = seen_from(distance, off)
    assert seen.tag == 7 and seen.t == 5.0
    for value, true, std in zip(seen.position, (off, -0.1, distance), seen.std, strict=True):
        assert abs(value - true) <= 4.0 * std + 0.004
    assert seen.std[2] < 0.03 * distance**2 + 0.01


@pytest.mark.parametrize("turn", [-0.5, 0.3])
def test_turned_tag_tells_its_turn(turn: float) -> None:
    (seen,) = seen_from(0.8, turn=turn)
    assert abs(abs(seen.turn) - abs(turn)) < 0.1


def test_farther_tag_is_less_sure() -> None:
    (near,), (far,) = seen_from(0.6), seen_from(2.2)
    assert far.std[2] > 4.0 * near.std[2]


def test_tag_that_is_too_small_or_not_there_is_not_measured() -> None:
    assert seen_from(9.0) == []
    assert READER.read(np.full((480, 640, 3), 128, np.uint8), 0.0) == []


def test_tags_are_told_apart_and_the_nearest_counts() -> None:
    plates = [TagPlate(3, 1.6, 0.3, 0.9, pi), TagPlate(4, 2.4, -0.3, 0.9, pi)]
    seen = READER.read(FrontCamera(CONFIG, plates, seed=1).picture(0.0, 0.0, 0.0), 0.0)
    assert [one.tag for one in seen] == [3, 4]
    assert wrong_tag(seen, {3}) == wrong_tag(seen, {4, 3}) == wrong_tag([], {4}) == ""
    assert "sees tag 3" in wrong_tag(seen, {4})


def test_lens_that_bends_is_taken_into_account() -> None:
    bent = CONFIG.model_copy(update={"distortion": (-0.25, 0.05, 0.0, 0.0, 0.0)})
    plate = TagPlate(7, CONFIG.ahead + 0.9, 0.35, CONFIG.h + 0.2, pi)
    straight = FrontCamera(CONFIG, [plate], seed=1).picture(0.0, 0.0, 0.0)
    rows, columns = np.mgrid[0 : CONFIG.height, 0 : CONFIG.width].astype(np.float32)
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1).reshape(-1, 1, 2)
    # What a bending lens shows at a pixel is what a straight one shows where that pixel's ray goes.
    rays = cv2.undistortPoints(pixels, bent.matrix, np.array(bent.distortion), P=bent.matrix)
    x, y = (rays[:, 0, i].reshape(CONFIG.height, CONFIG.width) for i in (0, 1))
    picture = cv2.remap(straight, x, y, cv2.INTER_LINEAR)
    (right,) = TagReader(bent).read(np.asarray(picture, np.uint8), 0.0)
    (wrong,) = READER.read(np.asarray(picture, np.uint8), 0.0)
    assert abs(right.position[0] + 0.35) < 0.01 and abs(right.position[2] - 0.9) < 0.02
    assert abs(wrong.position[2] - 0.9) > 0.02


def test_tag_seen_from_behind_is_not_drawn() -> None:
    plate = TagPlate(7, 1.5, 0.0, 0.9, 0.0)
    assert READER.read(FrontCamera(CONFIG, [plate], seed=1).picture(0.0, 0.0, 0.0), 0.0) == []


def test_picture_turns_with_the_heading() -> None:
    plate = TagPlate(7, 1.5 * cos(0.3), 1.5 * sin(0.3), 0.9, pi + 0.3)
    (seen,) = READER.read(FrontCamera(CONFIG, [plate], seed=1).picture(0.0, 0.0, 0.3), 0.0)
    assert abs(seen.bearing) < 0.02
