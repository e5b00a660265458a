import numpy as np
import pytest
from numpy.typing import NDArray

from vision.frame_checks import FrameChecks
from vision.types import Frame


def frame(image: NDArray[np.uint8], seq: int = 0) -> Frame:
    return Frame("left", seq, 0.0, image)


def leaves(seed: int = 0, mean: float = 110.0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(mean, 25.0, (384, 640, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


def test_a_plain_frame_has_no_problem() -> None:
    assert FrameChecks(640, 384).problem(frame(leaves())) is None


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (np.zeros((480, 640, 3), np.uint8), "wrong size: 640x480 instead of 640x384"),
        (np.zeros((384, 640, 3), np.uint8), "dark"),
        (np.full((384, 640, 3), 255, np.uint8), "over-exposed"),
        (np.full((384, 640, 3), 128, np.uint8), "blurred"),
    ],
)
def test_a_useless_frame_is_named(image: NDArray[np.uint8], wanted: str) -> None:
    problem = FrameChecks(640, 384).problem(frame(image))
    assert problem is not None
    assert problem.startswith(wanted)


def test_a_camera_that_repeats_itself_is_frozen_until_it_moves_again() -> None:
    checks = FrameChecks(640, 384)
    problems = [checks.problem(frame(leaves(), seq)) for seq in range(6)]
    assert problems[:4] == [None] * 4
    assert problems[5] == "frozen: 6 equal frames in a row"
    assert checks.problem(frame(leaves(seed=1), 6)) is None
