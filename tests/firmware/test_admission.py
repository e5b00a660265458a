"""Which pulses the core takes: caps, state, triggers, ids. Refused, never clamped; once, never twice."""

from typing import Any

import pytest

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import Cap, Outcome, Result, Trigger
from firmware_bridge.messages import Disarm, Estop, PulseAck, PulseDone, PulseQuery, PulseReceipt

AHEAD = {"trigger": Trigger.FORWARD, "trigger_at": 1000}


@pytest.mark.parametrize(
    ("changes", "cap"),
    [
        ({"on_us": 50_001}, Cap.ON_TIME),
        ({"on_us": 0}, Cap.ON_TIME),
        ({"on_us": 0xFFFF_FFFF, "openings": 1}, Cap.ON_TIME),
        ({"openings": 0}, Cap.COUNT),
        ({"openings": 25}, Cap.COUNT),
        ({"period_us": 19_999, "on_us": 1_000}, Cap.PERIOD),
        ({"period_us": 0}, Cap.PERIOD),
        ({"period_us": 19_999 + 1, "on_us": 15_001}, Cap.GAP),
        ({"period_us": 0xFFFF_FFFF}, Cap.TRAIN_TIME),
        ({"period_us": 250_000, "openings": 5}, Cap.TRAIN_TIME),
    ],
)
def test_train_beyond_a_cap_is_refused_naming_it(board: Any, changes: dict[str, int], cap: Cap) -> None:
    receipt = board.fire(board.train(**changes))
    assert (receipt.result, receipt.cap) == (Result.OVER_CAP, cap)
    board.run(300)
    assert board.edges == []


@pytest.mark.parametrize(
    "changes",
    [
        {"on_us": 50_000, "period_us": 55_000},
        {"openings": 24, "period_us": 41_000},
        {"on_us": 15_000, "period_us": 20_000},
        {"openings": 2, "period_us": 985_000},
        {"openings": 1, "period_us": 0},
    ],
)
def test_train_at_a_cap_is_taken_and_runs_as_asked(board: Any, changes: dict[str, int]) -> None:
    pulse = board.train(**changes)
    assert board.fire(pulse).result == Result.OK
    board.run(1100)
    assert board.done(pulse.pulse_id).outcome == Outcome.FIRED
    assert [closed - opened for opened, closed in board.openings()] == [pulse.on_us] * pulse.openings


def test_longest_single_opening_must_fit_the_train_cap(make_board: Any) -> None:
    board = make_board(CoreConfig(max_train_us=10_000))
    board.arm()
    assert board.fire(board.train(openings=1)).cap == Cap.TRAIN_TIME


def test_single_opening_may_last_as_long_as_a_train(make_board: Any) -> None:
    board = make_board(CoreConfig(max_train_us=15_000))
    board.arm()
    assert board.fire(board.train(openings=1)).result == Result.OK


def test_rest_that_is_too_short_is_named_before_the_length_it_leads_to(make_board: Any) -> None:
    board = make_board(CoreConfig(min_gap_us=1_000_000))
    board.arm()
    assert board.fire(board.train(period_us=1_000_000)).cap == Cap.GAP
    assert board.fire(board.train(period_us=1_000_001)).cap == Cap.TRAIN_TIME


def test_nozzle_that_does_not_exist_is_refused(make_board: Any) -> None:
    board = make_board(CoreConfig(nozzles=32))
    board.arm()
    assert board.fire(board.train(nozzle=32)).result == Result.NO_NOZZLE
    assert board.fire(board.train(nozzle=255)).result == Result.NO_NOZZLE
    assert board.fire(board.train(nozzle=31)).result == Result.OK


def test_unknown_trigger_is_refused(board: Any) -> None:
    assert board.fire(board.train(trigger=3)).result == Result.BAD_REQUEST


def test_disarmed_or_stopped_board_refuses(board: Any) -> None:
    board.ack(Disarm())
    assert board.fire(board.train()).result == Result.NOT_ARMED
    board.ack(Estop())
    assert board.fire(board.train()).result == Result.ESTOP


@pytest.mark.parametrize(
    ("kpa", "age_us"), [(149, 0), (0, 0), (1001, 0), (0xFFFF, 0), (400, 200_001), (400, 0xFFFF_FFFF)]
)
def test_low_implausible_or_old_pressure_refuses(board: Any, kpa: int, age_us: int) -> None:
    board.pressure_kpa, board.pressure_age_us = kpa, age_us
    board.run(1)
    assert board.fire(board.train()).result == Result.LOW_PRESSURE


def test_pressure_that_fails_while_a_pulse_waits_keeps_it_closed(board: Any) -> None:
    pulse = board.train(trigger_at=board.now_us + 100_000)
    assert board.fire(pulse).result == Result.OK
    board.pressure_kpa = 100
    board.run(200)
    assert board.done(pulse.pulse_id)[2:4] == (Outcome.NOT_FIRED, Result.LOW_PRESSURE)
    assert board.edges == []


def test_pressure_that_fails_inside_a_train_ends_it(board: Any) -> None:
    pulse = board.train()
    board.fire(pulse)
    board.run(20)
    board.pressure_kpa = 100
    board.run(100)
    report = board.done(pulse.pulse_id)
    assert (report.outcome, report.cause, report.openings) == (Outcome.CUT_SHORT, Result.LOW_PRESSURE, 1)


def test_sensor_that_never_moves_although_air_is_used_is_not_believed(make_board: Any) -> None:
    board = make_board(CoreConfig(stuck_openings=6))
    board.arm()
    for _ in range(2):
        assert board.fire(board.train()).result == Result.OK
        board.run(200)
    assert board.fire(board.train()).result == Result.LOW_PRESSURE
    board.pressure_kpa += 1
    board.run(1)
    assert board.fire(board.train()).result == Result.OK


def test_time_too_far_back_is_late_and_too_far_ahead_is_over_cap(board: Any) -> None:
    now = board.now_us
    assert board.fire(board.train(trigger_at=(now - 10_001) & 0xFFFF_FFFF)).result == Result.LATE
    assert board.fire(board.train(trigger_at=(now - 10_000) & 0xFFFF_FFFF, nozzle=1)).result == Result.OK
    assert board.fire(board.train(trigger_at=now + 20_000_000, nozzle=2)).result == Result.OK
    receipt = board.fire(board.train(trigger_at=now + 20_000_001, nozzle=2))
    assert (receipt.result, receipt.cap) == (Result.OVER_CAP, Cap.AHEAD)
    assert board.fire(board.train(trigger_at=(now + 2**31) & 0xFFFF_FFFF)).result != Result.OK


@pytest.mark.parametrize("here", [0, 50_000, -50_000])
@pytest.mark.parametrize(("trigger", "sign"), [(Trigger.FORWARD, 1), (Trigger.BACKWARD, -1)])
def test_position_already_passed_or_absurdly_far_is_refused(
    board: Any, trigger: Trigger, sign: int, here: int
) -> None:
    board.ticks = float(here)
    board.run(100)

    def result(distance: int) -> Result:
        at = (here + sign * distance) & 0xFFFF_FFFF
        return Result(board.fire(board.train(trigger=trigger, trigger_at=at)).result)

    assert result(-21) == Result.PASSED
    assert result(-20) == Result.OK
    assert result(30_000) == Result.OK
    assert result(30_001) == Result.OVER_CAP
    assert result(2**31 - 1) == Result.OVER_CAP


@pytest.mark.parametrize(("trigger", "sign"), [(Trigger.FORWARD, 1), (Trigger.BACKWARD, -1)])
def test_place_behind_a_cart_that_moves_away_is_taken_as_far_as_one_ahead(
    make_board: Any, trigger: Trigger, sign: int
) -> None:
    board = make_board(CoreConfig(pass_ticks=1_000, max_ahead_ticks=100, lag_us=(0,) * 64), ticks=0.0)
    board.arm()
    board.ticks_ms = -0.5 * sign
    board.run(100)
    here = int(board.ticks // 1)
    for behind, result in ((100, Result.OK), (101, Result.OVER_CAP)):
        at = (here - sign * behind) & 0xFFFF_FFFF
        assert board.fire(board.train(trigger=trigger, trigger_at=at)).result == result
    assert board.edges == []


@pytest.mark.parametrize("trigger", [Trigger.FORWARD, Trigger.BACKWARD])
def test_standing_cart_fires_at_the_very_place_and_not_a_tick_before(board: Any, trigger: Trigger) -> None:
    ahead = 1 if trigger == Trigger.FORWARD else 0xFFFF_FFFF
    assert board.fire(board.train(nozzle=1, trigger=trigger, trigger_at=ahead)).result == Result.OK
    assert board.fire(board.train(nozzle=2, trigger=trigger, trigger_at=0)).result == Result.OK
    board.run(1)
    assert board.core.valves == 1 << 2


def test_same_id_is_answered_with_its_first_answer_and_outcome_and_fires_once(board: Any) -> None:
    pulse = board.train()
    assert board.fire(pulse).result == Result.OK
    again = board.fire(pulse)
    assert (again.result, again.first_result, again.outcome) == (Result.DUP, Result.OK, Outcome.PENDING)
    board.run(5)
    assert board.fire(pulse).outcome == Outcome.RUNNING
    board.run(200)
    assert board.fire(pulse).outcome == Outcome.FIRED
    board.run(200)
    assert len(board.openings()) == 3


def test_receipt_says_at_once_whether_the_pulse_waits_or_is_refused(board: Any) -> None:
    pulse = board.train(pulse_id=8)
    assert board.fire(pulse) == PulseReceipt(8, Result.OK, Result.OK, Outcome.PENDING, Cap.NONE)
    assert board.fire(board.train(nozzle=64)) == PulseReceipt(
        9, Result.NO_NOZZLE, Result.OK, Outcome.REFUSED, Cap.NONE
    )
    assert board.fire(board.train(pulse_id=3)) == PulseReceipt(
        3, Result.STALE, Result.OK, Outcome.UNKNOWN, Cap.NONE
    )


def test_refused_id_stays_refused_when_it_is_sent_again(board: Any) -> None:
    pulse = board.train(on_us=60_000)
    board.fire(pulse)
    again = board.fire(pulse._replace(on_us=15_000))
    assert (again.result, again.first_result, again.cap) == (Result.DUP, Result.OVER_CAP, Cap.ON_TIME)
    assert again.outcome == Outcome.REFUSED
    (report,) = board.send(PulseQuery(pulse.pulse_id))
    assert (report.outcome, report.cause, report.openings) == (Outcome.REFUSED, Result.OVER_CAP, 0)
    board.run(100)
    assert board.edges == []


def test_lower_id_without_a_record_is_stale(board: Any) -> None:
    assert board.fire(board.train(pulse_id=10)).result == Result.OK
    assert board.fire(board.train(pulse_id=9, nozzle=6)).result == Result.STALE
    assert board.fire(board.train(pulse_id=0, nozzle=6)).result == Result.STALE
    board.run(100)
    assert {edge.nozzle for edge in board.edges} == {5}


def test_ids_rise_across_sessions_and_outcomes_survive_them(board: Any) -> None:
    pulse = board.train(pulse_id=41)
    board.fire(pulse)
    board.run(200)
    assert board.hello(nonce=4711).last_pulse_id == 41
    (report,) = board.heard(PulseDone, board.send(PulseQuery(41)))
    assert (report.outcome, report.openings) == (Outcome.FIRED, 3)
    assert board.fire(pulse).result == Result.DUP


def test_pulse_of_another_session_leaves_no_trace(board: Any) -> None:
    board.send(board.train(pulse_id=7), session=board.session ^ 3)
    assert board.send(PulseQuery(7))[0].outcome == Outcome.UNKNOWN
    assert board.fire(board.train(pulse_id=7)).result == Result.OK


def test_each_nozzle_queues_eight_and_all_of_them_together(make_board: Any) -> None:
    board = make_board(CoreConfig(max_wait_ms=600_000))
    board.arm()
    results = [
        board.fire(board.train(nozzle=n, openings=1, on_us=1000, trigger_at=board.now_us + 10_000_000)).result
        for _ in range(9)
        for n in range(64)
    ]
    assert results == [Result.OK] * 512 + [Result.QUEUE_FULL] * 64
    assert board.telemetry.queued == 512


def test_records_that_nobody_acknowledges_fill_the_pool_and_refuse(make_board: Any, parts: Any) -> None:
    board = make_board(CoreConfig(stuck_openings=0))
    board.arm()
    fired = 0
    while board.fire(board.train(nozzle=fired % 64, openings=1, on_us=1_000)).result == Result.OK:
        fired += 1
        board.run(2)
    assert fired == 640
    assert board.said[-1].result == Result.QUEUE_FULL
    heat_us = parts.memory(board.core).valves[1].heat_us
    assert board.fire(board.train(nozzle=1, openings=2)).result == Result.QUEUE_FULL
    assert parts.memory(board.core).valves[1].heat_us == heat_us
    # A pulse that is refused anyhow keeps its own reason.
    assert board.fire(board.train(on_us=60_000)).cap == Cap.ON_TIME
    assert board.fire(board.train(nozzle=64)).result == Result.NO_NOZZLE
    board.send(PulseAck(1))
    assert board.fire(board.train(openings=1, on_us=1_000)).result == Result.OK


def test_duty_budget_limits_how_much_one_nozzle_is_asked_to_do(make_board: Any) -> None:
    board = make_board(CoreConfig(duty_budget_us=100_000, duty_permille=100))
    board.arm()
    assert board.fire(board.train()).result == Result.OK
    assert board.fire(board.train(trigger_at=board.now_us + 200_000)).result == Result.OK
    receipt = board.fire(board.train(trigger_at=board.now_us + 400_000))
    assert (receipt.result, receipt.cap) == (Result.OVER_CAP, Cap.DUTY)
    assert board.fire(board.train(nozzle=6)).result == Result.OK
    board.run(400)
    assert board.fire(board.train()).result == Result.OK


def test_open_time_promised_to_a_dropped_pulse_is_given_back(make_board: Any) -> None:
    board = make_board(CoreConfig(duty_budget_us=50_000, duty_permille=1))
    board.arm()
    pulse = board.train(trigger_at=board.now_us + 100_000)
    assert board.fire(pulse).result == Result.OK
    assert board.fire(board.train()).cap == Cap.DUTY
    board.hello(nonce=3)
    board.arm()
    assert board.fire(board.train(trigger_at=board.now_us)).result == Result.OK
