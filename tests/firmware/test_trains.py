"""When valves open and close: triggers by place and time, lags, trains, shared valves, and what is reported."""

from typing import Any

import pytest

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import Outcome, Result, Trigger
from firmware_bridge.messages import Disarm, PulseAck, PulseDone, PulseQuery, SetLag, Telemetry


def test_train_opens_at_its_period_and_closes_by_itself(board: Any) -> None:
    start = board.now_us + 50_000
    board.fire(board.train(trigger_at=start))
    board.run(200)
    opened = [a - start for a, _ in board.openings()]
    assert opened == [0, 42_000, 84_000]
    assert [b - a for a, b in board.openings()] == [15_000] * 3


def test_outcome_says_what_was_measured(board: Any) -> None:
    board.ticks_ms = 1.5
    pulse = board.train(trigger_at=board.now_us + 50_000)
    board.fire(pulse)
    board.run(200)
    report = board.done(pulse.pulse_id)
    assert report.outcome == Outcome.FIRED
    assert (report.opened_us, report.closed_us) == (board.openings()[0][0], board.openings()[-1][1])
    assert (report.openings, report.on_time_us, report.nozzle) == (3, 45_000, 5)
    assert report.position_at_open == 75


@pytest.mark.parametrize("speed", [0.05, 0.15, 0.3, 0.5])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("lag_us", [0, 12_000, 30_000])
def test_air_leaves_at_the_place_in_both_directions_at_any_speed(
    make_board: Any, speed: float, sign: int, lag_us: int
) -> None:
    board = make_board(ticks=-100.0 * sign)
    board.hello()
    board.ack(SetLag(5, lag_us))
    board.arm()
    board.ticks_ms = 10 * speed * sign
    board.run(100)
    at = int(board.ticks) + sign * 700
    trigger = Trigger.FORWARD if sign > 0 else Trigger.BACKWARD
    board.fire(board.train(trigger=trigger, trigger_at=at & 0xFFFF_FFFF))
    board.run(round(700 / abs(board.ticks_ms)) + 200)
    report = board.done(1)
    air_at = report.position_at_open + board.ticks_ms * lag_us / 1000
    assert abs(air_at - at) <= 1.5 + abs(board.ticks_ms)


def test_place_is_kept_when_the_speed_changes_on_the_way(board: Any) -> None:
    board.ticks_ms = 1.5
    board.fire(board.train(trigger=Trigger.FORWARD, trigger_at=1_000))
    board.run(300)
    board.ticks_ms = 0.5
    board.run(2000)
    assert abs(board.done(1).position_at_open - (1_000 - 6)) <= 2


def test_place_beyond_the_wrap_of_the_encoder_is_reached(make_board: Any) -> None:
    board = make_board(ticks=2**31 - 300.0)
    board.arm()
    board.ticks_ms = 1.5
    board.run(50)
    assert board.fire(board.train(trigger=Trigger.FORWARD, trigger_at=2**31 + 200)).result == Result.OK
    board.run(400)
    assert board.done(1).position_at_open == pytest.approx(-(2**31) + 182, abs=2)


def test_cart_that_moves_against_the_direction_does_not_fire(board: Any) -> None:
    board.ticks = 15.0
    board.ticks_ms = -0.1
    board.run(50)
    assert board.fire(board.train(trigger=Trigger.FORWARD, trigger_at=0)).result == Result.OK
    board.run(200)
    assert board.edges == []
    board.ticks_ms = 0.5
    board.run(200)
    assert len(board.openings()) == 3


def test_pulse_that_the_cart_never_reaches_expires_with_an_outcome(make_board: Any) -> None:
    board = make_board(CoreConfig(max_wait_ms=500))
    board.arm()
    board.fire(board.train(trigger=Trigger.FORWARD, trigger_at=1_000))
    board.run(498)
    assert board.heard(PulseDone) == []
    board.run(3)
    assert board.done(1)[2:4] == (Outcome.NOT_FIRED, Result.EXPIRED)


def test_waiting_pulse_expires_in_the_step_at_its_limit(make_board: Any) -> None:
    board = make_board(CoreConfig(max_wait_ms=500))
    board.arm()
    board.fire(board.train(trigger=Trigger.FORWARD, trigger_at=1_000))
    board.run(499)
    board.step(999)
    assert board.heard(PulseDone) == []
    board.step(1)
    assert board.done(1).cause == Result.EXPIRED


@pytest.mark.parametrize(("late_us", "outcome"), [(10_000, Outcome.RUNNING), (10_001, Outcome.CUT_SHORT)])
def test_opening_inside_a_train_may_be_late_by_the_limit_and_no_more(
    board: Any, late_us: int, outcome: Outcome
) -> None:
    board.fire(board.train(period_us=40_000))
    board.run(30)
    board.step(11_000 + late_us)
    (report,) = board.send(PulseQuery(1))[-1:]
    assert report.outcome == outcome
    assert report.openings == (2 if outcome == Outcome.RUNNING else 1)


@pytest.mark.parametrize("period_us", [40_000, 39_700])
def test_low_pressure_ends_a_train_in_the_step_an_opening_is_due(board: Any, period_us: int) -> None:
    board.fire(board.train(period_us=period_us))
    board.run(40)
    board.pressure_kpa = 100
    board.run(1)
    assert board.done(1)[2:5] == (Outcome.CUT_SHORT, Result.LOW_PRESSURE, 1)
    assert board.core.valves == 0


def test_pressure_that_is_back_before_the_next_opening_costs_none(board: Any) -> None:
    board.fire(board.train())
    board.run(20)
    board.pressure_kpa = 100
    board.run(10)
    board.pressure_kpa = 400
    board.run(100)
    assert (board.done(1).outcome, board.done(1).openings) == (Outcome.FIRED, 3)


def test_jump_of_the_encoder_past_the_place_is_passed_not_fired(board: Any) -> None:
    board.fire(board.train(trigger=Trigger.FORWARD, trigger_at=1_000))
    board.ticks = 5_000.0
    board.run(2)
    assert board.done(1)[2:4] == (Outcome.NOT_FIRED, Result.PASSED)
    assert board.edges == []


def test_second_pulse_due_on_a_busy_nozzle_ends_with_a_reason(board: Any) -> None:
    start = board.now_us + 10_000
    assert board.fire(board.train(trigger_at=start)).result == Result.OK
    assert board.fire(board.train(trigger_at=start + 30_000)).result == Result.OK
    board.run(300)
    assert board.done(1).outcome == Outcome.FIRED
    assert board.done(2)[2:4] == (Outcome.NOT_FIRED, Result.LATE)
    assert len(board.openings()) == 3


def test_queue_of_a_nozzle_is_served_by_place_not_by_arrival(board: Any) -> None:
    board.ticks_ms = 1.5
    board.run(50)
    for at in (1_200, 400, 800):
        assert board.fire(board.train(trigger=Trigger.FORWARD, trigger_at=at)).result == Result.OK
    board.run(1000)
    done = [report.pulse_id for report in board.heard(PulseDone) if report.outcome == Outcome.FIRED]
    assert list(dict.fromkeys(done)) == [2, 3, 1]


def test_no_more_valves_are_open_than_the_air_allows(make_board: Any) -> None:
    board = make_board(CoreConfig(max_open=3))
    board.arm()
    for nozzle in range(5):
        board.fire(board.train(nozzle=nozzle, openings=1))
    board.run(5)
    assert board.core.valves.bit_count() == 3
    board.run(100)
    outcomes = [board.done(i).outcome for i in range(1, 6)]
    assert outcomes == [Outcome.FIRED] * 3 + [Outcome.NOT_FIRED] * 2


def test_pulse_that_waits_for_air_opens_in_the_step_that_closes_another(make_board: Any) -> None:
    board = make_board(CoreConfig(max_open=1))
    board.arm()
    start = board.now_us + 10_000
    for nozzle in (0, 1):
        board.fire(board.train(nozzle=nozzle, openings=1, on_us=5_000, trigger_at=start))
    board.run(12)
    assert [board.send(PulseQuery(i))[-1].outcome for i in (1, 2)] == [Outcome.RUNNING, Outcome.PENDING]
    board.run(20)
    assert board.openings(0) == [(start, start + 5_000)]
    assert board.openings(1) == [(start + 5_000, start + 10_000)]
    assert [board.done(i).outcome for i in (1, 2)] == [Outcome.FIRED, Outcome.FIRED]


def test_report_of_a_dropped_opening_says_how_long_it_was_open(board: Any) -> None:
    board.fire(board.train())
    board.run(50)
    board.ack(Disarm())
    report = board.done(1)
    (first, second) = board.openings()
    assert (report.openings, report.opened_us, report.closed_us) == (2, first[0], second[1])
    assert report.on_time_us == 15_000 + second[1] - second[0] < 30_000


def test_train_that_cannot_keep_its_rhythm_is_cut_short(make_board: Any) -> None:
    board = make_board(CoreConfig(max_open=1))
    board.arm()
    board.fire(board.train(nozzle=0, openings=2))
    board.run(20)
    board.fire(board.train(nozzle=1, on_us=50_000, openings=1))
    board.run(100)
    assert board.done(1)[2:5] == (Outcome.CUT_SHORT, Result.LATE, 1)
    assert board.done(2).outcome == Outcome.FIRED


def test_stall_of_the_board_closes_at_its_end_and_does_not_catch_up(board: Any) -> None:
    board.fire(board.train())
    board.run(2)
    board.beating = False
    board.now_us += 100_000
    board.run(100)
    assert len(board.openings()) == 1
    assert board.done(1)[2:4] == (Outcome.CUT_SHORT, Result.LATE)


def test_valve_rests_between_trains(board: Any) -> None:
    start = board.now_us + 10_000
    board.fire(board.train(openings=1, trigger_at=start))
    board.fire(board.train(openings=1, trigger_at=start + 15_500))
    board.run(100)
    (_, closed), (opened, _) = board.openings()
    assert opened - closed >= 5_000


def test_outcome_is_repeated_until_it_is_acknowledged(board: Any) -> None:
    board.fire(board.train())
    board.run(600)
    assert len(board.heard(PulseDone)) >= 4
    board.send(PulseAck(1))
    board.said.clear()
    board.run(600)
    assert board.heard(PulseDone) == []
    assert board.heard(Telemetry)[-1].unreported == 0


def test_acknowledging_what_is_unknown_or_unfinished_changes_nothing(board: Any) -> None:
    board.fire(board.train(trigger_at=board.now_us + 100_000))
    board.send(PulseAck(1))
    board.send(PulseAck(999))
    board.run(400)
    assert board.done(1).outcome == Outcome.FIRED


def test_many_outcomes_at_once_all_arrive(board: Any) -> None:
    for nozzle in range(64):
        for _ in range(4):
            board.fire(board.train(nozzle=nozzle, trigger_at=board.now_us + 5_000_000))
    board.said.clear()
    board.core.receive(b"", board.now_us)
    board.ack(Disarm())
    board.run(3000)
    assert {report.pulse_id for report in board.heard(PulseDone)} == set(range(1, 257))


def test_outbox_that_nobody_empties_drops_words_not_deeds(board: Any) -> None:
    board.fire(board.train(trigger_at=board.now_us + 15_000_000))
    for ms in range(4000):
        board.core.receive(b"", board.now_us)
        board.now_us += 1000
        board.core.step(board.now_us, 0, 400)
        assert board.core.valves == 0, ms
    board.run(300)
    assert board.done(1).cause == Result.DEADMAN
