from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.mission.climate import ClimateConfig
from robot.mission.due import (
    DAY_S,
    HOUR_S,
    Due,
    DueConfig,
    LastVisit,
    RowSide,
    Visit,
    Window,
    due,
    expected_ready,
    jobs_of,
)
from robot.mission.visits import window_at

OPENS = 1_700_000_000.0
WINDOW = Window(OPENS, OPENS + 6 * HOUR_S, OPENS + DAY_S)
CONFIG = DueConfig()
FASTEST_S = 1500.0


def side(hours_ago: float | None, ready: float | None = None) -> RowSide:
    last = LastVisit(None if hours_ago is None else OPENS - hours_ago * HOUR_S, ready)
    return RowSide("row", "left", 160.0, 1.6, last)


def asked(hours_ago: float | None, **more: bool) -> Due:
    found = due(side(hours_ago), WINDOW, CONFIG, FASTEST_S, **more)
    assert found is not None
    return found


def test_expected_flowers_follow_the_crop() -> None:
    # 3 stems/m² x 160 m x 0.8 m to a side, 8 flowers a truss every 9 days, one day's worth of them.
    assert expected_ready(side(24.0), OPENS, CONFIG) == pytest.approx(3 * 160 * 0.8 * 8 / 9)
    assert expected_ready(side(None), OPENS, CONFIG) == pytest.approx(3 * 160 * 0.8 * 8 / 9 * 2.5)
    assert expected_ready(side(1000.0), OPENS, CONFIG) == expected_ready(side(None), OPENS, CONFIG)


def test_flowers_seen_at_the_last_visit_go_before_the_crops_average() -> None:
    assert expected_ready(side(24.0, ready=500.0), OPENS, CONFIG) == pytest.approx(500.0 / 2.5)
    assert expected_ready(side(24.0, ready=0.0), OPENS, CONFIG) == 0.0


def test_yesterdays_visit_can_wait_and_the_day_befores_cannot() -> None:
    yesterday, before = asked(22.0), asked(44.0)
    assert not yesterday.must and before.must and not before.late
    assert before.value == pytest.approx(3.0 * before.flowers)
    assert before.deadline == OPENS + 4 * HOUR_S


def test_row_side_may_be_visited_from_18_h_on() -> None:
    assert asked(16.0).release == OPENS + 2 * HOUR_S
    assert asked(30.0).release == OPENS
    assert due(side(1.0), WINDOW, CONFIG, FASTEST_S) is None, "due again only after the window"


def test_deadline_that_nobody_can_keep_makes_it_late_and_wanted_all_day() -> None:
    just_gone = asked(48.0)
    assert just_gone.late and just_gone.must and just_gone.deadline == float("inf")
    assert asked(None).late


def test_infected_row_comes_last_whatever_its_deadline() -> None:
    assert asked(44.0, hygiene_first=True).deadline == float("inf")


@settings(deadline=None)
@given(st.floats(0, 500), st.floats(0, 500))
def test_longer_ago_is_never_worth_less(one: float, other: float) -> None:
    early, late = sorted((one, other))
    values = [due(side(hours), WINDOW, CONFIG, FASTEST_S) for hours in (early, late)]
    worth = [0.0 if value is None else value.value for value in values]
    assert worth[0] <= worth[1] + 1e-9


VISIT = Visit("row", 160.0, 3, 3, 1, 1, infected=False)


def test_one_visit_treats_both_sides_and_keeps_both_their_times() -> None:
    left, right = asked(44.0), asked(30.0)
    dues = {"row": [left, Due("right", right.release + 60, right.deadline, 5.0, 5.0, False, False)]}
    (job,) = jobs_of([VISIT], dues, OPENS, one_side_a_visit=False)
    assert job.sides == ("left", "right") and job.must
    assert (job.release, job.deadline) == (60.0, 4 * HOUR_S)
    assert job.value == pytest.approx(left.value + 5.0)


def test_carts_with_one_side_visit_each_side_apart() -> None:
    dues = {"row": [asked(30.0), Due("right", OPENS, OPENS + 100, 5.0, 5.0, False, False)]}
    jobs = jobs_of([VISIT], dues, OPENS, one_side_a_visit=True)
    assert [job.sides for job in jobs] == [("left",), ("right",)]
    assert jobs_of([VISIT], {}, OPENS, one_side_a_visit=True) == []


@pytest.mark.parametrize(
    ("hour", "opens", "closes"), [(8, (1, 10), (1, 16)), (12, (1, 12), (1, 16)), (20, (2, 10), (2, 16))]
)
def test_window_is_the_one_that_is_open_or_comes_next(
    hour: int, opens: tuple[int, int], closes: tuple[int, int]
) -> None:
    window = window_at(ClimateConfig(), datetime(2026, 6, 1, hour, tzinfo=UTC))
    found = [datetime.fromtimestamp(t, UTC) for t in (window.opens, window.closes, window.next_opens)]
    assert [(t.day, t.hour) for t in found] == [opens, closes, (opens[0] + 1, 10)]
