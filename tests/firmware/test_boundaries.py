"""Limits met exactly: the last value that is taken, the first that is not, and the very step that acts."""

from typing import Any

import pytest

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import Cap, Flag, Result
from firmware_bridge.framing import Deframer, encode_frame
from firmware_bridge.messages import Drive, Heartbeat, Ping, PulseDone, Telemetry


def test_dead_man_acts_in_the_step_at_250_ms_and_not_before(board: Any) -> None:
    board.beating = False
    board.fire(board.train(trigger_at=board.now_us + 5_000_000))
    board.send(Heartbeat())
    board.run(249)
    assert not board.heard(PulseDone)
    board.run(1)
    assert board.done(1).cause == Result.DEADMAN


def test_openings_follow_at_the_exact_period_when_steps_allow(board: Any) -> None:
    start = board.now_us + 5_000
    board.fire(board.train(trigger_at=start, period_us=40_000))
    board.run(200)
    assert [opened - start for opened, _ in board.openings()] == [0, 40_000, 80_000]


def test_valve_may_open_again_after_exactly_the_minimum_gap(board: Any) -> None:
    start = board.now_us + 5_000
    board.fire(board.train(trigger_at=start, openings=1))
    board.fire(board.train(trigger_at=start + 20_000, openings=1))
    board.run(100)
    assert [opened - start for opened, _ in board.openings()] == [0, 20_000]


def test_duty_budget_is_used_to_its_last_microsecond(make_board: Any) -> None:
    board = make_board(CoreConfig(duty_budget_us=90_000, duty_permille=1))
    board.arm()
    assert board.fire(board.train()).result == Result.OK
    assert board.fire(board.train(trigger_at=board.now_us + 500_000)).result == Result.OK
    assert board.fire(board.train(openings=1, on_us=1, trigger_at=board.now_us + 900_000)).cap == Cap.DUTY


@pytest.mark.parametrize("velocity", [500, -500])
def test_fastest_travel_is_taken(board: Any, velocity: int) -> None:
    assert board.ack(Drive(velocity, 500)).result == Result.OK


def test_longest_validity_is_taken_and_zero_ends_at_once(board: Any) -> None:
    assert board.ack(Drive(100, 500)).result == Result.OK
    assert board.ack(Drive(100, 0)).result == Result.OK
    board.run(1)
    assert not board.telemetry.flags & Flag.DRIVING


def test_bad_frames_are_counted_and_good_ones_are_not(board: Any) -> None:
    board.receive(b"\1\2\3\0" * 3 + b"\0\0" + bytes([7]) * 200 + b"\0")
    assert board.telemetry.bad_frames == 4


def test_frame_of_the_longest_payload_is_understood_and_one_longer_is_not(board: Any) -> None:
    assert board.receive(encode_frame(0x7E, 1, board.session, bytes(48)))[0].result == Result.BAD_REQUEST
    assert board.telemetry.bad_frames == 0


def test_reply_carries_the_sequence_number_of_its_request(board: Any) -> None:
    board.core.take_output()
    board.core.receive(encode_frame(3, 0xABCD, board.session, b""), board.now_us)
    (frame,) = Deframer().feed(board.core.take_output())
    assert (frame.seq, frame.session) == (0xABCD, board.session)
    assert board.send(Ping())


def test_speed_is_right_before_the_window_is_full(make_board: Any) -> None:
    board = make_board()
    board.hello()
    board.ticks_ms = 2.0
    board.run(22)
    assert board.heard(Telemetry)[-1].velocity_mm_s == pytest.approx(200, abs=15)


def test_samples_closer_than_a_millisecond_do_not_shorten_the_window(board: Any) -> None:
    board.ticks_ms = 2.0
    board.run(100, step_us=250)
    board.said.clear()
    while not board.heard(Telemetry):
        board.run(1, step_us=250)
    board.ticks_ms = 0.0
    board.run(21, step_us=250)
    # 20 ms of standing in a window of 32 ms.
    assert board.heard(Telemetry)[-1].velocity_mm_s == pytest.approx(200 * 12 / 32, abs=15)


def test_stuck_counter_and_pressure_limits_are_inclusive(board: Any) -> None:
    for kpa in (150, 1000):
        board.pressure_kpa = kpa
        board.run(1)
        assert board.telemetry.flags & Flag.PRESSURE_OK
    board.pressure_age_us = 200_000
    board.run(1)
    assert board.telemetry.flags & Flag.PRESSURE_OK
