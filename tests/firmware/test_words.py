"""What the core says of itself: every field and flag of telemetry, and the rhythm of its words."""

import itertools
from typing import Any

import pytest

from firmware_bridge.enums import Flag, MessageType, Outcome, Result
from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import (
    PROTOCOL_HASH,
    Ack,
    Disarm,
    Drive,
    Estop,
    Ping,
    PulseDone,
    PulseQuery,
    Telemetry,
)

QUIET = Flag.PRESSURE_OK | Flag.COMPRESSOR


def flags(board: Any) -> Flag:
    return Flag(board.telemetry.flags)


def test_flags_of_a_board_at_rest_and_of_an_armed_one(make_board: Any, board: Any) -> None:
    resting = make_board()
    resting.hello()
    assert flags(resting) == QUIET
    assert flags(board) == QUIET | Flag.ARMED


@pytest.mark.parametrize(("what", "flag"), [("button", Flag.BUTTON), ("bumper", Flag.BUMPER)])
def test_button_and_bumper_are_told_while_they_are_pressed(board: Any, what: str, flag: Flag) -> None:
    setattr(board, what, True)
    assert flags(board) == QUIET | Flag.ESTOP | flag
    setattr(board, what, False)
    assert flags(board) == QUIET | Flag.ESTOP


def test_row_end_switch_is_told_and_changes_nothing_else(board: Any) -> None:
    board.fire(board.train())
    board.ack(Drive(10, 500))
    board.end_switch = True
    assert flags(board) == QUIET | Flag.ARMED | Flag.DRIVING | Flag.END_SWITCH
    board.run(150)
    assert len(board.openings(5)) == 3
    board.end_switch = False
    assert flags(board) == QUIET | Flag.ARMED | Flag.DRIVING


def test_drive_and_lost_heartbeat_are_told(board: Any) -> None:
    board.ack(Drive(10, 500))
    assert flags(board) == QUIET | Flag.ARMED | Flag.DRIVING
    board.beating = False
    board.run(300)
    assert flags(board) == QUIET | Flag.HEARTBEAT_LOST


def test_low_and_implausible_pressure_are_told_apart(board: Any) -> None:
    board.pressure_kpa = 100
    assert flags(board) == Flag.ARMED | Flag.COMPRESSOR
    board.pressure_kpa = 2_000
    assert flags(board) == Flag.ARMED | Flag.COMPRESSOR | Flag.PRESSURE_IMPLAUSIBLE


def test_disarmed_board_is_neither_armed_nor_stopped_whatever_the_pressure(board: Any) -> None:
    board.ack(Disarm())
    assert flags(board) == QUIET
    board.pressure_kpa = 100
    assert flags(board) == Flag.COMPRESSOR


def test_another_protocol_is_told_and_its_end_too(make_board: Any) -> None:
    board = make_board()
    board.hello(protocol_hash=PROTOCOL_HASH ^ 1)
    assert flags(board) == QUIET | Flag.PROTOCOL_MISMATCH
    board.hello(nonce=5)
    assert flags(board) == QUIET


@pytest.mark.parametrize(
    ("ticks", "mm_s"), [(3_000, 30_000), (3_500, 32_767), (-3_500, -32_768), (-3_000, -30_000)]
)
def test_measured_velocity_stops_at_the_ends_of_its_field(board: Any, ticks: int, mm_s: int) -> None:
    board.ticks_ms = ticks / 10
    assert abs(board.telemetry.velocity_mm_s - mm_s) <= (0 if abs(mm_s) > 32_000 else 300)


def test_counters_count_what_happened(board: Any) -> None:
    board.fire(board.train(openings=2))
    board.fire(board.train(nozzle=200))
    waiting = board.train(trigger_at=board.now_us + 5_000_000)
    board.fire(waiting)
    told = board.telemetry
    assert (told.openings, told.refused, told.queued, told.unreported) == (1, 1, 2, 0)
    assert told.valves == board.core.valves
    board.run(200)
    told = board.telemetry
    assert (told.openings, told.refused, told.queued, told.unreported) == (2, 1, 1, 1)
    assert (told.encoder_ticks, told.pressure_kpa, told.battery_mv, told.motor_mm_s) == (0, 400, 24_000, 0)


def test_telemetry_comes_with_the_step_at_20_ms_and_not_before(board: Any) -> None:
    first = board.telemetry.tick_us
    board.said.clear()
    board.step(first + 19_999 - board.now_us)
    assert board.heard(Telemetry) == []
    board.step(1)
    assert [told.tick_us for told in board.heard(Telemetry)] == [first + 20_000]


def test_outcome_is_repeated_every_tenth_of_a_second(board: Any) -> None:
    board.fire(board.train(openings=1))
    told: list[int] = []
    for _ in range(700):
        board.said.clear()
        board.run(1)
        told += [board.now_us] * len(board.heard(PulseDone))
    pauses_ms = [(later - sooner) // 1_000 for sooner, later in itertools.pairwise(told)]
    # The record is looked at every 20 ms: the first time may wait for its turn, from then on its turn is in step.
    assert 100 <= pauses_ms[0] < 120
    assert pauses_ms[1:] == [100] * 5


def test_words_of_the_board_itself_are_numbered_one_by_one(board: Any) -> None:
    seen: list[int] = []
    board.fire(board.train())
    board.core.take_output()
    for _ in range(300):
        board.now_us += 1_000
        board.core.step(board.now_us, 0, 400)
        seen += [frame.seq for frame in board._deframer.feed(board.core.take_output())]
    assert len(seen) > 15
    assert seen == list(range(seen[0], seen[0] + len(seen)))


@pytest.mark.parametrize("kind", [MessageType.PING, MessageType.ARM, MessageType.HEARTBEAT])
def test_session_zero_is_refused_while_there_is_none(make_board: Any, kind: MessageType) -> None:
    board = make_board()
    assert board.receive(encode_frame(kind, 1, 0, b"")) == [Ack(kind, Result.BAD_SESSION, 0)]


def test_reply_that_has_no_room_is_dropped_whole_and_later_ones_are_sound(board: Any) -> None:
    ping = encode_frame(MessageType.PING, 1, board.session, b"")
    board.core.receive(ping * 1_000, board.now_us)
    held = board.core.take_output()
    answers = board._deframer.feed(held)
    assert board._deframer.bad == 0
    # A PONG is 18 bytes: header 8, tick 4, sum 4, COBS and the closing zero.
    assert (len(answers), len(held)) == (4_096 // 18, 4_096 // 18 * 18)
    assert len(board.send(Ping())) == 1


def test_outcomes_leave_room_for_replies(board: Any) -> None:
    for nozzle in range(64):
        for _ in range(8):
            assert (
                board.fire(board.train(nozzle=nozzle, trigger_at=board.now_us + 9_000_000)).result
                == Result.OK
            )
    stop = encode_frame(MessageType.ESTOP, 77, board.session, b"")
    board.core.receive(stop, board.now_us)
    frames = board._deframer.feed(board.core.take_output())
    outcomes = [frame for frame in frames if frame.type_code == MessageType.PULSE_DONE]
    assert frames[-1].type_code == MessageType.ACK
    # 4096 bytes less the 512 kept, at 38 bytes for each outcome.
    assert len(outcomes) == -(-(4_096 - 512) // 38)


def test_query_tells_a_waiting_pulse_from_a_running_and_an_unknown_one(board: Any) -> None:
    board.fire(board.train(pulse_id=3))
    board.run(1)
    board.fire(board.train(pulse_id=4, trigger_at=board.now_us + 90_000))
    outcomes = [Outcome(board.send(PulseQuery(pulse_id))[0].outcome).name for pulse_id in (3, 4, 5)]
    assert outcomes == ["RUNNING", "PENDING", "UNKNOWN"]


def test_stopped_board_goes_on_talking(board: Any) -> None:
    board.ack(Estop())
    board.said.clear()
    board.run(100)
    assert len(board.heard(Telemetry)) == 5
