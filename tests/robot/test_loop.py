from pathlib import Path
from typing import Any

import pytest

from robot.ledger import Ledger, PulseState
from robot.types import CommandName, Mode, Reason

# The fixture and its doubles live in conftest.py, which importlib mode does not let us import from.
OPEN, BUD, SPENT = (0.02, 0.95, 0.03), (0.95, 0.03, 0.02), (0.02, 0.03, 0.95)
ROW = [
    ((0.5, 1.60, 0.43), OPEN),
    ((0.8, 1.50, 0.43), OPEN),
    ((0.81, 1.50, 0.43), BUD),
    ((1.0, 1.55, 0.40), OPEN),
    ((1.3, 1.70, 0.45), SPENT),
    ((1.6, 1.45, 0.41), OPEN),
]
WHOLE_ROW_S = 15.0


def mode_of(rig: Any) -> Mode:
    return Mode(rig.loop.mode)


def test_robot_becomes_ready_and_waits_for_a_person(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.steps(1.0)
    assert mode_of(rig) is Mode.READY
    assert rig.cart.ticks == 0
    assert "arm" not in rig.cart.calls


def test_whole_row_is_worked_and_every_flower_gets_its_due(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(WHOLE_ROW_S)
    assert mode_of(rig) is Mode.DONE
    assert [round(p.aim[0], 1) for r in rig.records for p in r.pulses] == [0.5, 1.0, 1.6]
    assert rig.loop.reasons.final == {Reason.NOT_READY: 2, Reason.BUD_IN_JET: 1}
    assert rig.loop.reasons.treated == 3
    assert rig.loop.pulses.counts == {PulseState.DONE: 3}


def test_nozzle_opens_so_that_the_middle_of_the_train_meets_the_flower(make_rig: Any) -> None:
    rig = make_rig([((0.5, 1.6, 0.43), OPEN)])
    rig.start()
    rig.steps(10.0)
    [(pulse, ticks)] = rig.cart.opened
    travel = 0.15 * (pulse.period_us * 2 + pulse.on_us) * 1e-6
    assert ticks / 10_000 - 0.2 + travel / 2 == pytest.approx(0.5, abs=0.003)


def test_outcomes_are_acknowledged_once_they_are_on_disk(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(WHOLE_ROW_S)
    assert rig.cart.acknowledged == [1, 2, 3]
    assert rig.ledger._query("SELECT pulse_id, outcome FROM outcome") == [
        (1, "done"),
        (2, "done"),
        (3, "done"),
    ]


def test_reason_of_each_flower_is_told_once_and_then_as_its_last_word(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(WHOLE_ROW_S)
    told = [(f.flower_id, f.reason, f.final) for r in rig.records for f in r.flower_refusals]
    assert len(told) == len(set(told)) == 6
    assert sum(final for _, _, final in told) == 3


def test_stop_acts_in_the_same_step_and_latches(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(2.0)
    assert rig.cart.speed > 0
    rig.press(CommandName.STOP)
    rig.loop.step()
    assert rig.cart.latched and rig.cart.speed == 0
    assert mode_of(rig) is Mode.STOPPED
    rig.press(CommandName.START)
    rig.steps(1.0)
    assert mode_of(rig) is Mode.STOPPED and rig.cart.speed == 0


def test_release_makes_ready_but_does_not_move(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.press(CommandName.STOP)
    rig.steps(0.5)
    rig.press(CommandName.RELEASE)
    rig.steps(0.5)
    assert mode_of(rig) is Mode.READY
    assert not rig.cart.latched and rig.cart.speed == 0
    rig.press(CommandName.START)
    rig.steps(0.5)
    assert mode_of(rig) is Mode.RUNNING and rig.cart.speed > 0


def test_row_is_finished_after_a_stop_without_treating_a_flower_twice(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(4.3)
    rig.press(CommandName.STOP)
    rig.steps(0.5)
    rig.press(CommandName.RELEASE)
    rig.steps(0.5)
    rig.press(CommandName.START)
    rig.steps(WHOLE_ROW_S)
    assert mode_of(rig) is Mode.DONE
    assert sorted(round(p.places[0][0], 1) for p in rig.loop.pulses.recent) in (
        [0.5, 1.0, 1.6],
        [0.5, 0.5, 1.0, 1.6],
    )
    assert len(rig.cart.opened) == 3


def test_pressed_button_stops_and_holds_until_it_is_released_and_cleared(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.cart.button = rig.cart.latched = True
    rig.steps(0.2)
    assert mode_of(rig) is Mode.STOPPED
    rig.press(CommandName.RELEASE)
    rig.steps(0.2)
    assert mode_of(rig) is Mode.STOPPED
    rig.cart.button = False
    rig.steps(0.1)
    rig.press(CommandName.RELEASE)
    rig.steps(0.2)
    assert mode_of(rig) is Mode.READY


def test_switch_that_says_the_row_ends_in_its_middle_halts_the_cart_until_a_person_starts_it(
    make_rig: Any,
) -> None:
    rig = make_rig(ROW, end_switch__fitted=True)
    rig.start()
    rig.steps(5.0)
    assert rig.loop.pilot.faults.active == ()
    rig.cart.end_switch = True
    rig.steps(0.2)
    assert [f.code for f in rig.loop.pilot.faults.active] == ["end_doubt"]
    assert mode_of(rig) is Mode.RUNNING and rig.cart.speed == 0
    rig.press(CommandName.START)
    rig.steps(0.2)
    assert rig.cart.speed > 0
    rig.steps(WHOLE_ROW_S)
    assert mode_of(rig) is Mode.DONE
    assert {f.code for f in rig.loop.pilot.faults.active} == {"end_doubt", "end_switch_wrong"}


def test_unfitted_switch_may_say_what_it_likes(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.cart.end_switch = True
    rig.start()
    rig.steps(WHOLE_ROW_S)
    assert mode_of(rig) is Mode.DONE and rig.loop.pilot.faults.active == ()


def test_bumper_is_a_fault_that_needs_a_release(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.cart.bumper = rig.cart.latched = True
    rig.steps(0.2)
    assert mode_of(rig) is Mode.STOPPED
    assert [f.code for f in rig.loop.pilot.faults.active] == ["bumper"]
    rig.cart.bumper = rig.cart.latched = False
    rig.steps(0.1)
    rig.press(CommandName.RELEASE)
    rig.steps(0.2)
    assert mode_of(rig) is Mode.READY


def test_pause_halts_and_start_goes_on(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.press(CommandName.PAUSE)
    rig.steps(0.3)
    assert mode_of(rig) is Mode.READY and rig.cart.speed == 0 and not rig.cart.armed
    rig.press(CommandName.START)
    rig.steps(0.3)
    assert rig.cart.speed > 0


def test_lost_camera_halts_the_cart_and_it_goes_on_by_itself(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(6.0)
    rig.eyes["right"].working = False
    rig.steps(1.5)
    assert mode_of(rig) is Mode.RUNNING and rig.cart.speed == 0
    assert [f.code for f in rig.loop.pilot.faults.active] == ["camera_right_lost"]
    rig.eyes["right"].working = True
    rig.steps(0.3)
    assert rig.cart.speed > 0
    assert [f.present for f in rig.loop.pilot.faults.active] == [False]


def test_useless_frames_are_named_and_hold_the_robot(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.eyes["left"].problem_text = "dark: mean grey 3 of 255"
    rig.steps(2.5)
    assert rig.cart.speed == 0
    [fault] = rig.loop.pilot.faults.active
    assert fault.code == "frames_left_bad" and "mean grey 3" in fault.text


def test_low_pressure_holds_fire_and_the_cart(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.cart.pressure_kpa = 200
    rig.steps(1.0)
    assert rig.cart.speed == 0 and mode_of(rig) is Mode.RUNNING
    rig.cart.pressure_kpa = 340
    rig.steps(0.5)
    assert rig.cart.speed == 0
    rig.cart.pressure_kpa = 360
    rig.steps(0.5)
    assert rig.cart.speed > 0


def test_link_that_comes_back_with_the_same_boot_goes_on(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(6.0)
    rig.cart.link_goes(rig.clock.t)
    rig.steps(1.0)
    assert "link_down" in [f.code for f in rig.loop.pilot.faults.active]
    rig.cart.link_comes(rig.clock.t)
    rig.steps(1.0)
    assert mode_of(rig) is Mode.RUNNING and rig.cart.speed > 0
    assert rig.loop.cart.odometry.position_known


def test_controller_that_restarts_on_the_way_needs_a_person_to_give_the_position(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(5.0)
    rig.cart.restart(rig.clock.t)
    rig.steps(0.5)
    assert mode_of(rig) is Mode.FAULT
    assert "position_unsure" in [f.code for f in rig.loop.pilot.faults.active if f.present]
    rig.press(CommandName.RELEASE)
    rig.steps(0.2)
    assert mode_of(rig) is Mode.FAULT
    rig.press(CommandName.SET_POSITION, 0.5)
    rig.steps(0.2)
    rig.press(CommandName.RELEASE)
    rig.steps(0.2)
    assert mode_of(rig) is Mode.READY
    pose = rig.loop.cart.pose(rig.clock.t)
    assert pose is not None and pose.s == pytest.approx(0.5, abs=0.01)


def test_pulses_lost_with_the_controller_may_have_fired_and_are_not_fired_again(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.cart.mute_pulses = True
    while not rig.cart.fired:
        rig.steps(0.01)
    rig.cart.mute_pulses = False
    rig.cart.restart(rig.clock.t)
    rig.steps(0.2)
    assert rig.ledger._query("SELECT outcome FROM outcome") == [("maybe_fired",)]
    fired = len(rig.cart.fired)
    rig.press(CommandName.SET_POSITION, 0.3)
    rig.steps(0.1)
    rig.press(CommandName.RELEASE)
    rig.steps(0.2)
    rig.press(CommandName.START)
    rig.steps(2.0)
    assert len(rig.cart.fired) == fired


def test_refused_pulse_is_tried_again_then_given_up_with_the_controllers_reason(make_rig: Any) -> None:
    rig = make_rig([((0.5, 1.6, 0.43), OPEN)])
    rig.cart.refuse_with = "queue_full"
    rig.start()
    rig.steps(10.0)
    assert len(rig.cart.fired) == 3
    assert rig.loop.reasons.final == {Reason.QUEUE_FULL: 1}


def test_second_pass_on_the_same_day_treats_nothing_again(make_rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = make_rig(ROW, ledger=Ledger(path))
    first.start()
    first.steps(WHOLE_ROW_S)
    first.loop.close()
    first.clock.t += 3600.0
    second = make_rig(ROW, ledger=Ledger(path), clock=first.clock)
    second.start()
    second.steps(WHOLE_ROW_S)
    assert mode_of(second) is Mode.DONE
    assert second.cart.fired == []
    assert second.loop.reasons.final[Reason.TREATED_RECENTLY] == 3
    second.loop.close()


def test_pass_after_the_interval_treats_the_flowers_again(make_rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = make_rig(ROW, ledger=Ledger(path))
    first.start()
    first.steps(WHOLE_ROW_S)
    first.loop.close()
    first.clock.t += 20 * 3600.0
    later = make_rig(ROW, ledger=Ledger(path), clock=first.clock)
    later.start()
    later.steps(WHOLE_ROW_S)
    assert [p.pulse_id for p in later.cart.fired] == [4, 5, 6]
    later.loop.close()


def test_program_that_crashed_finds_its_place_again_while_the_controller_ran_on(
    make_rig: Any, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite"
    rig = make_rig(ROW, ledger=Ledger(path))
    rig.start()
    rig.steps(6.0)
    before = rig.loop.cart.pose(rig.clock.t)
    rig.ledger._db.close()
    again = make_rig(ROW, ledger=Ledger(path), cart=rig.cart, clock=rig.clock)
    again.cart.armed, again.cart.speed = False, 0.0
    again.steps(0.3)
    after = again.loop.cart.pose(again.clock.t)
    assert before is not None and after is not None
    assert after.s == pytest.approx(before.s, abs=0.01)
    assert mode_of(again) is Mode.READY
    again.loop.close()


def test_ledger_that_cannot_be_written_stops_the_firing_and_the_robot(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.ledger._db.execute("ALTER TABLE intent RENAME TO gone")
    rig.steps(10.0)
    assert rig.cart.fired == []
    assert mode_of(rig) is Mode.FAULT
    assert "ledger_failed" in [f.code for f in rig.loop.pilot.faults.active]


def test_same_inputs_give_the_same_decisions(make_rig: Any) -> None:
    rigs = [make_rig(ROW), make_rig(ROW)]
    for rig in rigs:
        rig.start()
        rig.steps(WHOLE_ROW_S)
    assert rigs[0].loop.decisions_sha256 == rigs[1].loop.decisions_sha256
    other = make_rig(ROW[1:])
    other.start()
    other.steps(WHOLE_ROW_S)
    assert other.loop.decisions_sha256 != rigs[0].loop.decisions_sha256


def test_speed_asked_by_a_person_is_kept_within_the_machines_limit(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.press(CommandName.SET_SPEED, 9.0)
    rig.steps(0.3)
    assert rig.cart.speed == pytest.approx(0.35)


def test_new_row_is_taken_up_at_its_head(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(WHOLE_ROW_S)
    rig.press(CommandName.SET_ROW, -0.2, "row 8")
    rig.steps(0.3)
    assert mode_of(rig) is Mode.READY
    assert rig.views[-1].row == "row 8"
    pose = rig.loop.cart.pose(rig.clock.t)
    assert pose is not None and pose.s == pytest.approx(-0.2, abs=0.01)


def test_position_is_not_changed_while_the_robot_runs(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.press(CommandName.SET_POSITION, 1.5)
    rig.steps(0.2)
    pose = rig.loop.cart.pose(rig.clock.t)
    assert pose is not None and pose.s < 0.3


def test_controller_built_for_another_machine_is_a_fault(make_rig: Any) -> None:
    rig = make_rig(ROW, odometry__ticks_per_m=9_000)
    rig.steps(0.5)
    assert mode_of(rig) is Mode.FAULT
    assert "odometry.ticks_per_m is 9000" in rig.loop.pilot.faults.active[0].text


def test_error_in_a_step_stops_the_robot_before_it_is_raised(
    make_rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(ROW)
    rig.start()

    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rig.loop, "step", broken)
    noted: list[str] = []
    monkeypatch.setattr(rig.ledger, "note", lambda kind, text, *_: noted.append(f"{kind} {text}"))
    with pytest.raises(ZeroDivisionError):
        rig.loop.run()
    (line,) = noted
    assert line.startswith("fault internal_error: The control program made an error")
    assert line.endswith(": ZeroDivisionError()")
    assert rig.cart.calls[-2:] == ["stop", "disarm"]
    assert rig.cart.closed


def test_run_ends_when_asked_to(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.loop.ask_to_end()
    rig.loop.run()
    assert rig.cart.closed and rig.cart.calls == ["disarm"]


def test_people_see_the_state_ten_times_a_second(make_rig: Any) -> None:
    rig = make_rig(ROW)
    rig.start()
    rig.steps(10.0)
    gaps = [b.now - a.now for a, b in zip(rig.views, rig.views[1:], strict=False)]
    assert max(gaps) < 0.12
    view = rig.views[-1]
    assert view.flowers_treated >= 2 and view.ready_seen >= view.flowers_treated
    assert view.air_normal_l == pytest.approx(view.pulses_done * 3 * 0.015 * 150 / 60)
    assert {state for v in rig.views for state in v.flower_states.values()} >= {"treated", Reason.BUD_IN_JET}


def test_people_are_told_how_the_cable_does(make_rig: Any) -> None:
    rig = make_rig()
    rig.steps(1.5)
    told = rig.views[-1].link_quality
    assert (told.trip_p50_ms, told.trip_p99_ms, told.bad, told.repeated) == (0.4, 2.1, 1, 2)
