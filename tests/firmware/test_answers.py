"""What each message does and does not do beside its purpose, and how answers share the outbox."""

from typing import Any

import pytest

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import Flag, MessageType, Outcome, Result
from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import (
    Ack,
    Arm,
    Disarm,
    Heartbeat,
    Limits,
    LimitsQuery,
    PulseAck,
    PulseDone,
    PulseQuery,
    Telemetry,
    Welcome,
)

KNOWN = range(MessageType.HELLO, MessageType.LIMITS_QUERY + 1)


def test_heartbeat_and_acknowledgement_are_not_answered(board: Any) -> None:
    assert board.send(Heartbeat()) == []
    assert board.send(PulseAck(1)) == []


def test_queries_and_hello_get_one_answer_each(board: Any) -> None:
    assert [type(answer) for answer in board.send(PulseQuery(1))] == [PulseDone]
    assert [type(answer) for answer in board.send(LimitsQuery())] == [Limits]
    board.said.clear()
    board.hello()
    assert [type(answer) for answer in board.said] == [Welcome]


@pytest.mark.parametrize("code", [code for code in range(0x80) if code not in KNOWN])
def test_every_code_that_names_no_request_is_refused_whatever_it_carries(board: Any, code: int) -> None:
    for size in range(0, 49, 6):
        answer = board.receive(encode_frame(code, 3, board.session, bytes(size)))
        assert answer == [Ack(code, Result.BAD_REQUEST, 0)]


def test_repeated_hello_is_no_heartbeat(board: Any) -> None:
    board.beating = False
    for _ in range(6):
        board.run(50)
        board.hello()
    assert board.telemetry.flags & Flag.HEARTBEAT_LOST


def test_new_session_begins_with_a_heartbeat_and_can_arm(board: Any) -> None:
    board.beating = False
    board.run(300)
    board.hello(nonce=5)
    assert not board.telemetry.flags & Flag.HEARTBEAT_LOST
    assert board.ack(Arm()).result == Result.OK


def test_board_that_nobody_spoke_to_counts_no_dead_man(make_board: Any) -> None:
    board = make_board()
    board.run(600)
    board.hello()
    told = board.telemetry
    assert (told.deadman_trips, told.flags & Flag.HEARTBEAT_LOST) == (0, 0)


def test_pulse_that_is_sent_again_is_not_acknowledged_by_it(board: Any) -> None:
    pulse = board.train(openings=1)
    board.fire(pulse)
    board.run(100)
    board.fire(pulse)
    assert board.telemetry.unreported == 1


def test_start_forgets_whatever_lay_in_memory(parts: Any) -> None:
    core, out = parts.new("bb_core"), parts.ffi.new("uint8_t[]", 64)
    parts.ffi.memmove(core, b"\xff" * parts.ffi.sizeof("bb_core"), parts.ffi.sizeof("bb_core"))
    parts.lib.bb_core_init(core, parts.config(), 7, 3)
    assert (parts.lib.bb_core_valves(core), parts.lib.bb_core_motor(core)) == (0, 0)
    assert parts.lib.bb_core_take_output(core, out, 64) == 0
    assert (core.air.ok, core.air.implausible) == (False, True)
    assert not any((core.armed, core.session_open, core.same_protocol, core.estop, core.heartbeat_lost))
    assert (core.boot_id, core.reset_cause, core.session, core.pulses.last_id) == (7, 3, 0, 0)


def test_output_taken_in_pieces_is_the_output(parts: Any, board: Any) -> None:
    ping = encode_frame(MessageType.PING, 1, board.session, b"")
    for size in (1, 5, 17, 18, 19, 4_096):
        board.core.receive(ping * 3, board.now_us)
        core, out, taken = parts.memory(board.core), parts.ffi.new("uint8_t[]", b"\xee" * 4_097), b""
        while count := parts.lib.bb_core_take_output(core, out, size):
            assert count <= size
            assert out[size] == 0xEE
            taken += bytes(parts.ffi.buffer(out, count))
        assert [frame.type_code for frame in board._deframer.feed(taken)] == [MessageType.PONG] * 3


def talk(board: Any, pongs: int, acks: int) -> int:
    """Fill the outbox with PONGs of 18 bytes and ACKs of 17; returns how many bytes wait in it."""
    ping = encode_frame(MessageType.PING, 1, board.session, b"")
    arm = encode_frame(MessageType.ARM, 1, board.session, b"")
    board.core.receive(ping * pongs + arm * acks, board.now_us)
    return 18 * pongs + 17 * acks


def test_outbox_is_filled_to_its_last_byte(board: Any) -> None:
    assert talk(board, pongs=220, acks=8) == 4_096
    assert talk(board, pongs=1, acks=1) > 0
    assert len(board._deframer.feed(board.core.take_output())) == 228


@pytest.mark.parametrize(("pongs", "acks", "told"), [(183, 17, 1), (184, 16, 0)])
def test_outcome_is_told_only_while_more_than_512_bytes_stay_free(
    board: Any, pongs: int, acks: int, told: int
) -> None:
    board.fire(board.train(trigger_at=board.now_us + 1_000_000))
    assert 4_096 - talk(board, pongs, acks) == 512 + told
    board.core.receive(encode_frame(MessageType.DISARM, 1, board.session, b""), board.now_us)
    kinds = [frame.type_code for frame in board._deframer.feed(board.core.take_output())]
    assert kinds.count(MessageType.PULSE_DONE) == told
    assert kinds.count(MessageType.ACK) == acks + 1


def test_nothing_is_searched_while_every_outcome_is_acknowledged(parts: Any, board: Any) -> None:
    board.run(10)
    before = parts.memory(board.core).report_cursor
    board.run(50)
    assert parts.memory(board.core).report_cursor == before


@pytest.mark.parametrize(("ticks_ms", "mm_s"), [(2.0, 20_000), (-2.0, -20_000)])
def test_velocity_is_told_in_millimetres(make_board: Any, ticks_ms: float, mm_s: int) -> None:
    board = make_board(CoreConfig(ticks_per_m=100))
    board.hello()
    board.ticks_ms = ticks_ms
    board.run(100)
    assert board.heard(Telemetry)[-1].velocity_mm_s == mm_s


def test_dropped_pulse_gives_back_exactly_what_it_did_not_open(parts: Any, make_board: Any) -> None:
    board = make_board(CoreConfig(duty_permille=1))
    board.arm()
    board.fire(board.train(trigger_at=board.now_us + 1_000_000))
    board.fire(board.train(period_us=40_000))
    valve = parts.memory(board.core).valves[5]
    assert valve.heat_us == 2 * 45_000
    board.run(30)
    board.ack(Disarm())
    assert board.done(2).outcome == Outcome.CUT_SHORT
    assert valve.heat_us == 15_000 - 30
