"""The drive: commands expire, ramps are kept, nothing moves unarmed or stopped."""

from typing import Any

import pytest

from firmware_bridge.enums import Cap, Flag, Result
from firmware_bridge.messages import Disarm, Drive, Estop


def test_velocity_is_reached_by_the_ramp_and_ends_by_itself(board: Any) -> None:
    assert board.ack(Drive(150, 500)).result == Result.OK
    board.run(100)
    assert 48 <= board.core.motor_velocity_mm_s <= 50
    board.run(250)
    assert board.core.motor_velocity_mm_s == 150
    assert board.telemetry.flags & Flag.DRIVING
    board.run(150)
    assert 0 < board.core.motor_velocity_mm_s < 150
    board.run(400)
    assert board.core.motor_velocity_mm_s == 0
    assert not board.telemetry.flags & Flag.DRIVING


def test_repeated_commands_keep_it_going_backwards_too(board: Any) -> None:
    for _ in range(20):
        board.ack(Drive(-200, 100))
        board.run(50)
    assert board.core.motor_velocity_mm_s == -200
    assert board.telemetry.motor_mm_s == -200


@pytest.mark.parametrize(
    ("drive", "cap"),
    [
        (Drive(501, 100), Cap.VELOCITY),
        (Drive(-501, 100), Cap.VELOCITY),
        (Drive(-0x8000, 100), Cap.VELOCITY),
        (Drive(100, 501), Cap.VALID_TIME),
    ],
)
def test_command_beyond_a_cap_is_refused_and_the_old_one_stays(board: Any, drive: Drive, cap: Cap) -> None:
    board.ack(Drive(100, 500))
    board.run(250)
    assert board.ack(drive)[1:] == (Result.OVER_CAP, cap)
    board.run(100)
    assert board.core.motor_velocity_mm_s == 100


def test_motion_needs_arming_and_halting_does_not(make_board: Any) -> None:
    board = make_board()
    board.hello()
    assert board.ack(Drive(1, 100)).result == Result.NOT_ARMED
    assert board.ack(Drive(0, 100)).result == Result.OK


def test_stop_is_immediate_and_disarming_ramps(board: Any) -> None:
    board.ack(Drive(300, 500))
    board.run(400)
    board.ack(Estop())
    assert board.core.motor_velocity_mm_s == 0


def test_disarm_and_dead_man_ramp_the_drive_to_zero(board: Any) -> None:
    board.ack(Drive(100, 500))
    board.run(250)
    board.ack(Disarm())
    board.run(100)
    assert 0 < board.core.motor_velocity_mm_s < 100
    board.run(200)
    assert board.core.motor_velocity_mm_s == 0


def test_dead_man_ends_a_drive_command(board: Any) -> None:
    board.beating = False
    board.ack(Drive(200, 500))
    board.run(260)
    top = board.core.motor_velocity_mm_s
    board.run(20)
    assert board.core.motor_velocity_mm_s < top


def test_stalled_step_does_not_leap_over_the_ramp(board: Any) -> None:
    board.ack(Drive(400, 500))
    board.now_us += 240_000
    board.run(1)
    assert board.core.motor_velocity_mm_s <= 51
