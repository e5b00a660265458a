"""The pace: the usual one, and what makes it slower or, near the window's end, faster."""

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.config import DEMO_MACHINE, load_config
from robot.mission.mission_config import PaceConfig
from robot.mission.pace import Pace, PaceNow, pace, pace_machine

MACHINE = pace_machine(load_config(DEMO_MACHINE))
CONFIG = PaceConfig()
CALM = PaceNow(usual=0.15, ready_per_m=20.0, lag_s=0.1)


def test_demo_machine_works_a_usual_row_at_the_usual_speed() -> None:
    found = pace(MACHINE, CALM, CONFIG)
    assert (found.speed, found.by) == (0.15, "the usual speed")


def test_window_about_to_close_asks_for_more_but_not_for_too_much() -> None:
    assert pace(MACHINE, replace(CALM, needed=0.18), CONFIG) == Pace(0.18, "the window")
    assert pace(MACHINE, replace(CALM, needed=5.0), CONFIG).speed == pytest.approx(0.225)


@pytest.mark.parametrize(
    ("now", "by"),
    [
        (replace(CALM, ready_per_m=800.0), "the nozzles"),
        (replace(CALM, lag_s=6.0), "the eyes"),
        (replace(CALM, usual=0.9), "the drive"),
    ],
)
def test_each_limit_slows_and_is_named(now: PaceNow, by: str) -> None:
    found = pace(MACHINE, now, PaceConfig(air_nl_min=5000.0))
    assert by in found.by and found.speed < now.usual


def test_little_air_slows() -> None:
    found = pace(MACHINE, CALM, PaceConfig(air_nl_min=10.0))
    assert found.by == "the air" and found.speed < 0.15


@pytest.mark.parametrize("value", [nan, inf, -1.0])
def test_number_that_is_none_gives_the_slowest(value: float) -> None:
    assert pace(MACHINE, replace(CALM, ready_per_m=value), CONFIG).speed == CONFIG.slowest


@settings(max_examples=50)
@given(st.floats(0.0, 500.0), st.floats(0.0, 3.0), st.floats(0.0, 2.0))
def test_more_flowers_or_lag_never_make_it_faster(ready: float, lag: float, needed: float) -> None:
    now = PaceNow(0.15, ready, lag, needed)
    found = pace(MACHINE, now, CONFIG).speed
    assert CONFIG.slowest <= found <= MACHINE.fastest
    assert pace(MACHINE, replace(now, ready_per_m=ready + 10.0), CONFIG).speed <= found
    assert pace(MACHINE, replace(now, lag_s=lag + 0.5), CONFIG).speed <= found
