import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.average_precision import Floats, PictureBoxes, average_precision, iou_matrix

NONE: Floats = np.empty((0, 4), np.float32)


def boxes(*x0: float) -> Floats:
    return np.array([[x, 0, x + 10, 10] for x in x0], np.float32).reshape(-1, 4)


def scores(*values: float) -> Floats:
    return np.array(values, np.float32)


def test_finding_everything_first_gives_one() -> None:
    assert average_precision([PictureBoxes(boxes(0, 50), scores(0.9, 0.8), boxes(0, 50), NONE)], 0.5) == 1.0


def test_nothing_to_find_has_no_precision() -> None:
    assert average_precision([PictureBoxes(boxes(0), scores(0.9), NONE, NONE)], 0.5) is None


def test_a_false_alarm_before_the_only_hit_halves_it() -> None:
    picture = PictureBoxes(boxes(100, 0), scores(0.9, 0.5), boxes(0), NONE)
    assert average_precision([picture], 0.5) == pytest.approx(0.5)


def test_a_second_box_on_the_same_flower_is_a_false_alarm() -> None:
    picture = PictureBoxes(boxes(0, 0, 50), scores(0.9, 0.8, 0.7), boxes(0, 50), NONE)
    # Recall 1/2 at precision 1, then 1 at precision 2/3.
    assert average_precision([picture], 0.5) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_what_lies_in_an_ignored_region_counts_neither_way() -> None:
    picture = PictureBoxes(boxes(100, 0), scores(0.9, 0.5), boxes(0), boxes(100))
    assert average_precision([picture], 0.5) == 1.0


def test_a_flower_not_found_lowers_the_recall() -> None:
    picture = PictureBoxes(boxes(0), scores(0.9), boxes(0, 50), NONE)
    assert average_precision([picture], 0.5) == pytest.approx(0.5)


def test_a_box_shifted_by_half_its_width_overlaps_by_a_third() -> None:
    assert iou_matrix(boxes(0), boxes(5))[0, 0] == pytest.approx(1 / 3)
    assert average_precision([PictureBoxes(boxes(5), scores(0.9), boxes(0), NONE)], 0.5) == 0.0


@given(st.lists(st.floats(0, 300), max_size=8), st.lists(st.floats(0, 300), min_size=1, max_size=8))
def test_average_precision_lies_between_zero_and_one(found: list[float], true: list[float]) -> None:
    picture = PictureBoxes(boxes(*found), np.linspace(1, 0, len(found), dtype=np.float32), boxes(*true), NONE)
    result = average_precision([picture], 0.5)
    assert result is not None
    assert 0.0 <= result <= 1.0
