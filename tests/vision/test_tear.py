"""A frame of two pictures, or one whose end is missing, is found; a pipe along the row is none."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.frame_checks import FrameChecks
from vision.tear import TearWatch, empty_end, row_steps
from vision.types import Frame

EDGE = 2.6


def crop(seed: int, brightness: float = 90.0) -> NDArray[np.uint8]:
    """Leaves of many sizes: smooth noise of several scales."""
    rng = np.random.default_rng(seed)
    image = np.full((384, 640), brightness)
    for sigma, strength in ((2, 10), (6, 18), (20, 25)):
        rough = cv2.GaussianBlur(rng.normal(0, 1, image.shape), (0, 0), sigma)
        image += strength * rough / rough.std()
    return np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def test_whole_pictures_pass() -> None:
    watch = TearWatch()
    assert [watch.problem(crop(seed), EDGE) for seed in range(20)] == [None] * 20


@pytest.mark.parametrize("row", [40, 190, 350])
def test_picture_that_goes_on_with_another_one_is_torn(row: int) -> None:
    torn = crop(1)
    torn[row:] = crop(2, brightness=110.0)[row:]
    assert TearWatch().problem(torn, EDGE) == f"torn: two pictures meet at row {row}"


@pytest.mark.parametrize("level", [0, 128])
def test_missing_end_is_told(level: int) -> None:
    cut = crop(3)
    cut[230:] = level
    assert TearWatch().problem(cut, EDGE) == "torn: the lower 40 % is empty"
    assert empty_end(np.full((10, 8), 5, np.int16)) == 0


def test_pipe_that_stands_still_while_the_cart_rolls_is_no_tear() -> None:
    watch = TearWatch()
    told = []
    for seed in range(4):
        frame = crop(seed)
        frame[300:] = np.clip(frame[300:].astype(int) + 60, 0, 255).astype(np.uint8)
        told.append(watch.problem(frame, EDGE))
    assert told[1:] == [None] * 3


def with_pipe(seed: int, row: int, light: int) -> NDArray[np.uint8]:
    """A crop above a pipe whose upper edge lies at `row`, so much lighter than the leaves."""
    frame = crop(seed).astype(int)
    frame[row:] += light
    seen: NDArray[np.uint8] = np.clip(frame, 0, 255).astype(np.uint8)
    return seen


def test_pipe_whose_edge_is_now_just_above_and_now_just_below_a_cuts_is_no_tear() -> None:
    lights = [
        light
        for light in range(10, 90, 2)
        if row_steps(with_pipe(0, 366, light)[:, ::4].astype(np.int16)).max() > EDGE
    ]
    faint, sharp = lights[0] - 2, lights[0] + 4
    watch = TearWatch()
    watch.problem(with_pipe(1, 366, sharp), EDGE)
    told = [watch.problem(with_pipe(k, 366, faint if k % 2 else sharp), EDGE) for k in range(2, 12)]
    assert told == [None] * 10


def test_two_pipes_of_which_now_one_and_now_the_other_is_sharper_are_no_tear() -> None:
    watch = TearWatch()
    told = []
    for k in range(6):
        frame = with_pipe(k, 320, 60 + 20 * (k % 2)).astype(int)
        frame[366:] += 80 - 20 * (k % 2)
        told.append(watch.problem(np.clip(frame, 0, 255).astype(np.uint8), EDGE))
    assert told[1:] == [None] * 5


def test_tear_beside_a_pipe_is_still_told() -> None:
    watch = TearWatch()
    watch.problem(with_pipe(1, 366, 60), EDGE)
    torn = with_pipe(2, 366, 60)
    torn[150:] = with_pipe(3, 366, 60)[150:]
    torn[150:340] = np.clip(torn[150:340].astype(int) + 20, 0, 255).astype(np.uint8)
    assert watch.problem(torn, EDGE) == "torn: two pictures meet at row 150"


def test_tiny_picture_has_no_cut() -> None:
    assert not row_steps(np.zeros((10, 40), np.int16)).any()


def test_frame_check_skips_a_torn_frame_and_takes_the_next() -> None:
    torn = crop(1)
    torn[150:] = crop(2, brightness=120.0)[150:]
    checks = FrameChecks(640, 384)
    frames = [Frame("left", k, k / 15, np.repeat(x[..., None], 3, 2)) for k, x in enumerate([torn, crop(5)])]
    first, second = (checks.problem(frame) for frame in frames)
    assert first is not None
    assert first.startswith("torn")
    assert second is None
