"""The watch on the compressor: only what happens with every valve shut counts."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from robot.air_watch import AirWatch, AirWatchConfig
from tests.robot.reports import REPORT

LOW = msgspec.structs.replace(REPORT, pressure_kpa=400)
"""So far down that a compressor runs."""


def watched(kpa_s: float, seconds: float, start_kpa: float = 400.0, **changes: object) -> AirWatch:
    watch = AirWatch(AirWatchConfig())
    for tick in range(int(seconds * 50)):
        t = tick * 0.02
        report = msgspec.structs.replace(LOW, t=t, pressure_kpa=round(start_kpa + kpa_s * t), **changes)
        watch.hear(report)
    return watch


@given(rise=st.floats(-20, 3))
def test_a_tank_that_does_not_fill_is_told_after_one_window(rise: float) -> None:
    assert watched(rise, 4.2).weak


@given(rise=st.floats(5, 19))
def test_a_tank_that_fills_is_not_told(rise: float) -> None:
    assert not watched(rise, 4.2).weak


def test_before_a_whole_window_nothing_is_said() -> None:
    assert not watched(0.0, 3.9).weak


def test_a_full_tank_need_not_rise() -> None:
    assert not watched(0.0, 20.0, start_kpa=481.0).weak


def test_a_reading_that_is_not_believed_says_nothing() -> None:
    assert not watched(0.0, 20.0, pressure_believed=False).weak


def test_time_with_an_open_valve_does_not_count() -> None:
    assert not watched(0.0, 20.0, valves=1).weak


def test_openings_too_short_for_a_report_do_not_count_either() -> None:
    watch = AirWatch(AirWatchConfig())
    for tick in range(1000):
        watch.hear(msgspec.structs.replace(LOW, t=tick * 0.02, openings=tick))
    assert not watch.weak


def test_a_gap_between_reports_does_not_count() -> None:
    watch = AirWatch(AirWatchConfig())
    for tick in range(20):
        watch.hear(msgspec.structs.replace(LOW, t=tick * 1.0))
    assert not watch.weak
