"""Fruit set and truss rate from counts: each figure by hand, intervals that never promise too much."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.dashboard.counts import Count
from robot.dashboard.crop import RowFacts, arms, by_cultivar, by_row, by_week, difference

MONDAY = date(2026, 6, 29)
FACTS = {
    "a": RowFacts("Merlice"), "b": RowFacts("Merlice"), "c": RowFacts("Xandor", True), "d": RowFacts("Xandor", True)
}  # fmt: skip


def count(row: str, flowers: int = 0, fruits: int = 0, truss: float | None = None, days: int = 0) -> Count:
    return Count(1, MONDAY + timedelta(days=days), row, flowers, fruits, truss, "Ana")


def test_fruit_set_is_fruits_of_flowers_with_wilsons_interval() -> None:
    (line,) = by_row([count("a", 60, 52), count("a", 40, 36, days=7)], FACTS)
    assert (line.key, line.flowers, line.fruits, line.control) == ("a", 100, 88, False)
    assert line.fruit_set is not None
    assert [line.fruit_set.low, line.fruit_set.high] == pytest.approx([0.802, 0.930], abs=1e-3)


def test_a_truss_rate_is_how_far_the_flowering_moves_in_a_week() -> None:
    counts = [count("a", truss=7.0), count("a", truss=9.0, days=14), count("b", truss=3.0, days=14)]
    rates = {line.key: line.truss_rate for line in by_row(counts, FACTS)}
    assert rates["a"] is not None and rates["a"].value == pytest.approx(1.0)
    assert rates["a"].low is None  # one row has no interval
    assert rates["b"] is None


def test_the_interval_of_a_truss_rate_comes_from_its_rows() -> None:
    counts = [
        count("a", truss=1.0),
        count("a", truss=1.8, days=7),
        count("b", truss=1.0),
        count("b", truss=2.0, days=7),
    ]
    (line,) = by_cultivar(counts, FACTS)
    rate = line.truss_rate
    assert rate is not None and rate.low is not None and rate.high is not None
    # Two rates, 0.8 and 1.0: mean 0.9, deviation 0.1414, t(0.975, 1) = 12.706.
    assert [rate.value, rate.high - rate.value] == pytest.approx([0.9, 12.706 * 0.1], rel=1e-3)


def test_weeks_keep_robot_and_control_apart_and_a_rate_belongs_to_the_later_week() -> None:
    counts = [count("a", 10, 9, 5.0), count("a", 10, 8, 6.0, days=7), count("c", 10, 5)]
    weeks = {(line.key, line.control): line for line in by_week(counts, FACTS)}
    assert set(weeks) == {("2026-W27", False), ("2026-W27", True), ("2026-W28", False)}
    assert weeks["2026-W27", False].truss_rate is None
    later = weeks["2026-W28", False].truss_rate
    assert later is not None and later.value == pytest.approx(1.0)


def test_a_row_of_unknown_cultivar_is_in_no_cultivars_line() -> None:
    assert by_cultivar([count("elsewhere", 10, 5)], FACTS) == []


def test_the_difference_has_an_interval_only_with_two_rows_on_each_side() -> None:
    robot = [count("a", 100, 90), count("b", 100, 86)]
    assert difference(robot, FACTS) is None
    few = difference([*robot, count("c", 100, 78)], FACTS)
    assert few is not None and few.low is None and few.value == pytest.approx(0.10)
    enough = difference([*robot, count("c", 100, 78), count("d", 100, 76)], FACTS)
    assert enough is not None and enough.low is not None and enough.high is not None
    # By hand: variances (2² + 2²) / (2·100²) and (1² + 1²) / (2·100²), t(0.975, 1) = 12.706.
    half = 12.706 * (0.0004 + 0.0001) ** 0.5
    assert [enough.value, enough.value - enough.low] == pytest.approx([0.11, half], rel=1e-3)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdx"), st.integers(0, 200), st.integers(0, 200), st.integers(0, 60),
                  st.none() | st.floats(0, 200)),
        max_size=12,
    )
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_whatever_was_counted_intervals_hold_their_values(
    told: list[tuple[str, int, int, int, float | None]],
) -> None:
    counts = [count(row, max(n, k), min(n, k), truss, days) for row, n, k, days, truss in told]
    for line in (*by_row(counts, FACTS), *by_week(counts, FACTS), *arms(counts, FACTS)):
        if line.fruit_set is not None:
            assert 0.0 <= line.fruit_set.low <= line.fruit_set.value <= line.fruit_set.high <= 1.0
        rate = line.truss_rate
        if rate is not None and rate.low is not None and rate.high is not None:
            assert rate.low - 1e-9 <= rate.value <= rate.high + 1e-9
    found = difference(counts, FACTS)
    if found is not None and found.low is not None and found.high is not None:
        assert -1.0 <= found.low <= found.value <= found.high <= 1.0
