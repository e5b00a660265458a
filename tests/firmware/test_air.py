"""The air supply as the core sees it: leaks cut the compressor, and no mistake of a reading passes for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import Flag, Outcome, Result
from firmware_bridge.messages import Arm, Clear

SETTLE_MS = 200


def fall(board: Any, ms: int, kpa_s: float, start_kpa: float = 600.0) -> None:
    """Let the pressure fall evenly while time runs."""
    for ran in range(ms):
        board.pressure_kpa = round(start_kpa - kpa_s * ran / 1000)
        board.run(1)


def leaks(board: Any) -> bool:
    return bool(board.telemetry.flags & Flag.LEAK)


def test_a_fall_with_every_valve_closed_stops_the_machine_and_cuts_the_compressor(make_board: Any) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    fall(board, SETTLE_MS + 3_100, kpa_s=5.0)
    assert not board.core.compressor_on
    assert board.telemetry.flags & Flag.LEAK
    assert board.telemetry.flags & Flag.ESTOP
    assert not board.telemetry.flags & (Flag.ARMED | Flag.COMPRESSOR)
    assert board.ack(Arm()).result == Result.ESTOP


def test_what_waited_is_dropped_with_the_leak_as_its_cause(make_board: Any) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    pulse = board.train(trigger_at=board.now_us + 15_000_000)
    assert board.fire(pulse).result == Result.OK
    fall(board, SETTLE_MS + 3_100, kpa_s=5.0)
    done = board.done(pulse.pulse_id)
    assert (done.outcome, done.cause, done.openings) == (Outcome.NOT_FIRED, Result.LEAK, 0)


def test_a_slow_fall_is_no_leak(make_board: Any) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    fall(board, 10_000, kpa_s=2.0)
    assert not leaks(board)
    assert board.core.compressor_on


def test_clearing_the_stop_lets_the_compressor_run_and_the_search_begin_anew(make_board: Any) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    fall(board, SETTLE_MS + 3_100, kpa_s=5.0)
    assert board.ack(Clear()).result == Result.OK
    assert board.core.compressor_on
    board.pressure_kpa = 500
    board.run(5_000)
    assert not leaks(board)
    fall(board, SETTLE_MS + 2 * 3_000, kpa_s=5.0, start_kpa=500)
    assert leaks(board)


def test_the_pauses_between_trains_add_up_to_a_window(make_board: Any) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    kpa, trains = 600.0, 0
    while not leaks(board) and trains < 20:
        board.fire(board.train(openings=1))
        board.run(20)
        for _ in range(600):
            kpa -= 0.006
            board.pressure_kpa = round(kpa)
            board.run(1)
        trains += 1
    # Each pause gives 0.6 s less the time to settle, measured while 6 kPa/s are lost.
    assert 5 <= trains <= 10


def test_pressure_that_falls_only_while_a_valve_is_open_is_use(make_board: Any) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    for train in range(40):
        board.fire(board.train(openings=1))
        board.run(5)
        board.pressure_kpa = 600 - 2 * train
        board.run(295)
    assert not leaks(board)


@pytest.mark.parametrize("kpa", [0, 300])
def test_a_reading_that_jumps_is_a_sensor_and_no_leak(make_board: Any, kpa: int) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    board.run(1_000)
    board.pressure_kpa = kpa
    board.run(5_000)
    assert not leaks(board)


def test_a_leak_is_not_looked_for_in_a_reading_that_cannot_be_believed(make_board: Any) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    board.pressure_age_us = 1_000_000
    fall(board, 5_000, kpa_s=20.0)
    assert not leaks(board)


def test_zero_turns_the_search_off(make_board: Any) -> None:
    board = make_board(CoreConfig(leak_drop_kpa=0))
    board.pressure_kpa = 600
    board.arm()
    fall(board, 8_000, kpa_s=20.0)
    assert not leaks(board)


def test_a_stall_of_the_board_is_no_window(make_board: Any) -> None:
    board = make_board()
    board.pressure_kpa = 600
    board.arm()
    for step in range(20):
        board.pressure_kpa = 600 - 20 * step
        board.run(200, step_us=200_000)
    assert not leaks(board)


@settings(max_examples=40, deadline=None)
@given(rate=st.floats(4.5, 30.0), start=st.integers(350, 700), wait_ms=st.integers(0, 400))
def test_every_fall_faster_than_the_limit_is_found_in_two_windows(
    rate: float, start: int, wait_ms: int, make_board: Callable[..., Any]
) -> None:
    board = make_board()
    board.pressure_kpa = start
    board.arm()
    board.run(wait_ms + 1)
    fall(board, SETTLE_MS + 2 * 3_000, rate, start)
    assert not board.core.compressor_on
