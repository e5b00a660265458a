"""What is drawn into the pictures of a report."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.footage.crops import THEIRS, drawn, overlap
from sim.footage.track import Look

GREY = np.full((384, 640, 3), 90, np.uint8)


def look(*boxes: tuple[float, float, float, float]) -> Look:
    places = np.array(boxes, np.float32).reshape(-1, 4)
    count = len(boxes)
    return Look(0, "left", 1, 1.0, 0.5, places, np.ones(count, np.int64), np.full(count, 0.8, np.float32))


def has(image: NDArray[np.uint8], color: tuple[int, int, int]) -> bool:
    return bool((np.abs(image.astype(int) - color).max(axis=2) < 30).any())


def test_overlap_is_shared_over_covered_area() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 0, 30, 10)) == 0.0
    assert overlap((3, 3, 3, 3), (3, 3, 3, 3)) == 0.0


def test_a_box_that_both_runs_found_about_the_same_is_drawn_once() -> None:
    ours, near, apart = look((300, 180, 330, 210)), look((302, 181, 331, 212)), look((350, 180, 370, 200))
    assert not has(drawn(GREY, (315, 195), ours, near), THEIRS)
    assert has(drawn(GREY, (315, 195), ours, apart), THEIRS)
    assert has(drawn(GREY, (315, 195), look(), near), THEIRS)
