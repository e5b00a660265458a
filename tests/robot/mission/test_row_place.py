"""The encoder corrected by tags, and the row's end by two of three."""

from itertools import product
from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.end_switch import Odd
from robot.mission.fiducials import TagSeen
from robot.mission.row_place import (
    DRIFT_PER_M,
    FRESH_S,
    End,
    Fix,
    RowPlace,
    corrected,
    drifted,
    odd_one,
    row_end,
)

VOTES = (True, False, None)


def seen(distance: float, std: float = 0.004) -> TagSeen:
    return TagSeen(9, 0.0, (0.0, 0.0, distance), 0.0, np.eye(6) * std**2, 0.2)


@pytest.mark.parametrize(("tag", "switch", "by_map"), list(product(VOTES, repeat=3)))
def test_any_two_of_three_end_the_row(tag: bool | None, switch: bool | None, by_map: bool | None) -> None:
    votes = [vote for vote in (tag, switch, by_map) if vote is not None]
    found = row_end(tag, switch, by_map)
    if votes.count(True) >= 2:
        assert found is End.END
    elif votes.count(False) >= 2:
        assert found is End.GO_ON
    elif len(votes) == 1:
        assert found is (End.END if votes[0] else End.GO_ON)
    else:
        assert found is End.DOUBT


def test_witnesses_count_alike() -> None:
    for votes in product(VOTES, repeat=3):
        assert len({row_end(*(votes[i] for i in order)) for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0))}) == 1


def test_tag_pulls_the_place_to_what_it_measures_and_makes_it_surer() -> None:
    after = corrected(Fix(8.00, drifted(0.001, 8.0)), seen(1.0), tag_s=9.43, lens_ahead=0.4, direction=1)
    assert after.s == pytest.approx(8.03, abs=0.002) and after.std < 0.005 and not after.refused


def test_tag_on_the_way_back_counts_in_the_other_direction() -> None:
    after = corrected(Fix(3.0, 0.05), seen(0.8), tag_s=1.82, lens_ahead=0.4, direction=-1)
    assert after.s == pytest.approx(3.02, abs=0.002)


@pytest.mark.parametrize("distance", [0.0, -1.0, 2.0, nan])
def test_tag_that_is_too_far_or_nonsense_changes_nothing(distance: float) -> None:
    after = corrected(Fix(8.0, 0.05), seen(distance), 9.4, 0.4, 1)
    assert (after.s, after.std) == (8.0, 0.05) and after.refused == "too far"


def test_tag_that_contradicts_the_place_is_a_doubt() -> None:
    after = corrected(Fix(8.0, 0.01), seen(1.0), 10.0, 0.4, 1)
    assert after.s == 8.0 and "mm off" in after.refused


@given(st.floats(0.0, 200.0), st.floats(0.001, 1.0), st.floats(0.05, 1.5), st.floats(-0.2, 0.2))
def test_correction_never_overshoots_and_never_makes_less_sure(
    s: float, std: float, ahead: float, off: float
) -> None:
    measured = s + off
    after = corrected(Fix(s, std), seen(ahead), measured + ahead + 0.4, 0.4, 1)
    assert min(s, measured) - 1e-9 <= after.s <= max(s, measured) + 1e-9
    assert after.std <= std


def test_place_grows_unsure_with_the_way() -> None:
    assert drifted(0.0, 10.0) == pytest.approx(10.0 * DRIFT_PER_M)


def test_tags_of_a_row_correct_its_place_and_others_do_not() -> None:
    place = RowPlace({9: 9.43}, 20.0)
    assert place.look(0.0, [], 0.4, 0.0) == 0.0
    assert place.look(8.0, [seen(1.0)], 0.4, 10.0) == pytest.approx(0.03, abs=0.003)
    assert RowPlace({8: 9.43}, 20.0).look(8.0, [seen(1.0)], 0.4, 10.0) == 0.0


@pytest.mark.parametrize("looks", [2, 40, 12_000])
def test_doubt_grows_with_the_way_however_often_it_is_looked_at(looks: int) -> None:
    place = RowPlace({9: 121.68}, 130.0)
    for k in range(looks + 1):
        place.look(120.0 * k / looks, [], 0.4, float(k))
    # 0.28 m of slip in 120 m: a tag that says so is believed.
    assert place.look(120.0, [seen(1.0)], 0.4, 1e6) == pytest.approx(0.28, abs=0.01)


def test_end_tag_says_how_far_the_end_is_while_it_is_fresh() -> None:
    place = RowPlace({9: 11.6}, 10.0)
    assert place.end_by_tag(0.6, 0.0, 0.0) is None
    place.look(9.0, [seen(1.3)], 0.4, 1.0)
    assert place.end_by_tag(0.6, 9.0, 1.0) is False
    assert place.end_by_tag(0.6, 9.8, 2.0) is True
    place.look(10.6, [seen(0.6)], 0.4, 5.0)
    assert place.end_by_tag(0.6, 10.6, 5.0) is True
    assert place.end_by_tag(0.6, 10.6, 5.1 + FRESH_S) is None


@pytest.mark.parametrize(("tag", "switch", "by_map"), list(product(VOTES, repeat=3)))
def test_odd_one_is_who_two_others_contradict(
    tag: bool | None, switch: bool | None, by_map: bool | None
) -> None:
    votes = {Odd.TAG: tag, Odd.SWITCH: switch, Odd.MAP: by_map}
    odd, told = odd_one(tag, switch, by_map), [vote for vote in votes.values() if vote is not None]
    if odd is Odd.NONE:
        assert len(set(told)) < 2
    elif odd is Odd.NOBODY:
        assert sorted(told) == [False, True]
    else:
        assert told.count(votes[odd] is True) == 1 and len(told) == 3
