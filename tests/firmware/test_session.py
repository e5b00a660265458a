"""Sessions, the dead-man, arming, and the stop: what the core lets happen at all."""

from typing import Any

import pytest

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import Cap, Flag, MessageType, Outcome, Result, Trigger
from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import (
    HOST_MESSAGES,
    PROTOCOL_HASH,
    TYPES,
    Ack,
    Arm,
    Clear,
    Disarm,
    Drive,
    Estop,
    Heartbeat,
    Hello,
    Limits,
    LimitsQuery,
    Ping,
    Pong,
    PulseQuery,
    SetLag,
    Telemetry,
    payload_size,
)

HELD = {"on_us": 50_000, "openings": 1}


def open_one(board: Any) -> None:
    assert board.fire(board.train(**HELD)).result == Result.OK
    board.run(2)
    assert board.core.valves == 1 << 5


def test_hello_is_answered_with_what_the_host_must_know(make_board: Any) -> None:
    board = make_board(now_us=123_000)
    welcome = board.hello(nonce=99)
    assert welcome.nonce == 99
    assert welcome.boot_id == board.boot_id
    assert welcome.protocol_hash == PROTOCOL_HASH
    assert welcome.config_crc == CoreConfig().crc()
    assert welcome.last_pulse_id == 0
    assert welcome.tick_us == board.now_us
    assert (welcome.nozzles, welcome.ticks_per_m, welcome.tick_rate_hz) == (64, 10_000, 1_000_000)


def test_hello_that_would_make_session_zero_is_refused(make_board: Any) -> None:
    board = make_board()
    (answer,) = board.send(Hello(board.boot_id, PROTOCOL_HASH))
    assert answer == Ack(MessageType.HELLO, Result.BAD_SESSION, 0)


def test_nothing_is_said_before_the_first_hello(make_board: Any) -> None:
    board = make_board()
    board.run(500)
    assert board.said == []


@pytest.mark.parametrize("kind", [m for m in HOST_MESSAGES if m not in {Hello, Estop}])
def test_every_other_request_of_another_session_is_refused(board: Any, kind: Any) -> None:
    frame = encode_frame(TYPES[kind], 9, board.session ^ 1, bytes(payload_size(kind)))
    assert board.receive(frame) == [Ack(TYPES[kind], Result.BAD_SESSION, 0)]


def test_heartbeat_of_another_session_does_not_keep_the_dead_man_quiet(board: Any) -> None:
    board.beating = False
    for _ in range(6):
        board.run(50)
        board.send(Heartbeat(), session=board.session ^ 1)
    assert board.telemetry.flags & Flag.HEARTBEAT_LOST


def test_new_session_closes_every_valve_drops_the_queue_and_disarms(board: Any) -> None:
    open_one(board)
    waiting = board.train(trigger_at=board.now_us + 500_000)
    assert board.fire(waiting).result == Result.OK
    board.hello(nonce=1234)
    assert board.core.valves == 0
    assert board.done(waiting.pulse_id)[2:4] == (Outcome.NOT_FIRED, Result.NEW_SESSION)
    assert board.done(waiting.pulse_id - 1)[2:4] == (Outcome.CUT_SHORT, Result.NEW_SESSION)
    assert not board.telemetry.flags & Flag.ARMED
    assert board.fire(board.train()).result == Result.NOT_ARMED


def test_repeated_hello_of_the_present_session_changes_nothing(board: Any) -> None:
    open_one(board)
    board.hello()
    assert board.core.valves == 1 << 5
    assert board.telemetry.flags & Flag.ARMED


def test_requests_of_wrong_length_or_unknown_type_are_refused(board: Any) -> None:
    for code in (MessageType.PULSE, MessageType.HELLO, MessageType.ESTOP, 0x00, 0x7E):
        answer = board.receive(encode_frame(code, 3, board.session, b"\1\2\3"))
        assert answer == [Ack(code, Result.BAD_REQUEST, 0)]
    assert not board.telemetry.flags & Flag.ESTOP


@pytest.mark.parametrize("phase_us", [0, 400, 999])
def test_dead_man_closes_valves_within_250_ms_of_the_last_heartbeat(make_board: Any, phase_us: int) -> None:
    board = make_board(CoreConfig(max_on_us=100_000, max_train_us=5_000_000, duty_budget_us=10_000_000))
    board.arm()
    board.beating = False
    board.now_us += phase_us
    board.send(Heartbeat())
    beat_us = board.now_us
    board.fire(board.train(on_us=90_000, period_us=100_000, openings=10))
    board.run(300)
    assert board.edges[-1].at_us - beat_us <= 251_000
    assert board.core.valves == 0
    report = board.done(1)
    assert (report.outcome, report.cause) == (Outcome.CUT_SHORT, Result.DEADMAN)
    telemetry = board.telemetry
    assert telemetry.deadman_trips == 1
    assert telemetry.flags & Flag.HEARTBEAT_LOST
    assert not telemetry.flags & Flag.ARMED


def test_heartbeat_after_the_dead_man_acted_does_not_arm(board: Any) -> None:
    board.beating = False
    board.run(300)
    assert board.ack(Arm()).result == Result.DEADMAN
    board.send(Heartbeat())
    assert board.fire(board.train()).result == Result.NOT_ARMED
    assert board.ack(Arm()).result == Result.OK


def test_disarm_closes_and_drops(board: Any) -> None:
    open_one(board)
    assert board.ack(Disarm()).result == Result.OK
    assert board.core.valves == 0
    assert board.done(1).cause == Result.NOT_ARMED


def test_host_of_another_protocol_cannot_arm(make_board: Any) -> None:
    board = make_board()
    board.hello(protocol_hash=PROTOCOL_HASH ^ 1)
    assert board.ack(Arm()).result == Result.PROTOCOL_MISMATCH
    assert board.telemetry.flags & Flag.PROTOCOL_MISMATCH


def test_board_with_a_configuration_beyond_the_hard_limits_cannot_arm(make_board: Any) -> None:
    config = CoreConfig.model_construct(**{**CoreConfig().model_dump(), "max_on_us": 100_001})
    board = make_board(config)
    assert board.hello().config_crc == config.crc()
    assert board.ack(Arm()).result == Result.BAD_CONFIG
    assert board.fire(board.train()).result == Result.BAD_CONFIG
    assert board.ack(SetLag(0, 1)).result == Result.BAD_CONFIG
    assert board.telemetry.flags & Flag.CONFIG_BAD


@pytest.mark.parametrize("session", [0, 1, 0xFFFF_FFFF])
def test_stop_is_obeyed_in_any_session(board: Any, session: int) -> None:
    open_one(board)
    assert board.ack(Estop(), session).result == Result.OK
    assert board.core.valves == 0
    assert board.done(1).cause == Result.ESTOP
    assert board.telemetry.flags & Flag.ESTOP


def test_stop_is_obeyed_before_any_session(make_board: Any) -> None:
    board = make_board()
    assert board.ack(Estop()).result == Result.OK
    board.hello()
    assert board.ack(Arm()).result == Result.ESTOP


@pytest.mark.parametrize("what", ["button", "bumper"])
def test_button_and_bumper_latch_and_clear_needs_their_release(board: Any, what: str) -> None:
    open_one(board)
    setattr(board, what, True)
    board.run(1)
    assert board.core.valves == 0
    setattr(board, what, False)
    board.run(1)
    assert board.fire(board.train()).result == Result.ESTOP
    assert board.ack(Drive(100, 200)).result == Result.ESTOP
    setattr(board, what, True)
    board.run(1)
    assert board.ack(Clear()).result == Result.STILL_PRESSED
    setattr(board, what, False)
    board.run(1)
    assert board.ack(Clear()).result == Result.OK
    assert board.fire(board.train()).result == Result.NOT_ARMED


def test_new_session_does_not_clear_the_stop(board: Any) -> None:
    board.ack(Estop())
    board.hello(nonce=5)
    assert board.ack(Arm()).result == Result.ESTOP


def test_clear_is_refused_while_something_is_open_or_moves(board: Any) -> None:
    open_one(board)
    assert board.ack(Clear()).result == Result.STILL_OPEN
    board.ack(Disarm())
    board.ack(Arm())
    board.ack(Drive(100, 200))
    board.run(20)
    assert board.ack(Clear()).result == Result.STILL_OPEN


def test_lag_is_set_only_while_disarmed_and_within_its_limit(board: Any) -> None:
    assert board.ack(SetLag(3, 9_000)).result == Result.ARMED
    board.ack(Disarm())
    assert board.ack(SetLag(64, 9_000)).result == Result.NO_NOZZLE
    assert board.ack(SetLag(3, 50_001))[1:] == (Result.OVER_CAP, Cap.LAG)
    assert board.ack(SetLag(3, 9_000)).result == Result.OK
    lags = list(CoreConfig().lag_us)
    lags[3] = 9_000
    assert board.hello().config_crc == CoreConfig(lag_us=tuple(lags)).crc()


@pytest.mark.parametrize("code", [MessageType.ACK, MessageType.TELEMETRY, 0x80, 0xFF])
def test_its_own_echo_is_not_answered(board: Any, code: int) -> None:
    assert board.receive(encode_frame(code, 3, board.session, b"\1\2\3")) == []


def test_ping_is_answered_with_the_clock(board: Any) -> None:
    assert board.send(Ping()) == [Pong(board.now_us)]


def test_time_of_a_message_is_its_own_and_not_that_of_the_last_step(board: Any) -> None:
    stepped_us = board.now_us
    board.now_us += 450
    assert board.send(Ping()) == [Pong(stepped_us + 450)]


def test_limits_are_told(board: Any) -> None:
    (limits,) = board.send(LimitsQuery())
    config = CoreConfig()
    assert isinstance(limits, Limits)
    assert all(value == getattr(config, name) for name, value in limits._asdict().items())


def test_telemetry_comes_at_50_hz_and_follows_the_machine(board: Any) -> None:
    board.said.clear()
    board.ticks_ms = -1.5
    board.pressure_kpa = 333
    board.run(1000)
    reports = board.heard(Telemetry)
    assert len(reports) == 50
    last = reports[-1]
    assert abs(last.encoder_ticks - board.ticks) <= 30
    assert abs(last.velocity_mm_s + 150) <= 3
    assert last.pressure_kpa == 333
    assert last.flags & Flag.PRESSURE_OK


def test_query_of_an_unknown_pulse_says_so(board: Any) -> None:
    (answer,) = board.send(PulseQuery(1_000_000))
    assert answer.outcome == Outcome.UNKNOWN


def test_clock_wrap_disturbs_neither_train_nor_dead_man(make_board: Any) -> None:
    board = make_board(now_us=2**32 - 600_000)
    board.arm()
    board.run(500)
    trigger_at = (board.now_us + 200_000) & 0xFFFF_FFFF
    assert trigger_at < 2**31
    assert board.fire(board.train(trigger=Trigger.AT_TIME, trigger_at=trigger_at)).result == Result.OK
    board.run(700)
    assert board.now_us > 2**32
    assert [round((b - a) % 2**32) for a, b in board.openings()] == [15_000] * 3
    assert board.openings()[0][0] == trigger_at
    assert board.telemetry.flags & Flag.ARMED
