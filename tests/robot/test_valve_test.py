"""The valve test: one dose from a cart that stands, told to the end, and nothing armed afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from robot.ledger import Ledger
from robot.types import CommandName, Mode
from robot.valve_state import ValveTested

WHOLE_TEST_S = 3.0


def test_valve(rig: Any, nozzle: float = 3, side: str = "left") -> None:
    rig.press(CommandName.TEST_VALVE, nozzle, side)


test_valve.__test__ = False  # type: ignore[attr-defined]


def last_of(rig: Any) -> ValveTested:
    last = rig.views[-1].valve_test.last
    assert isinstance(last, ValveTested)
    return last


def lines_of(ledger: Ledger) -> list[tuple[object, ...]]:
    return ledger._query("SELECT pulse_id, side, nozzle, who, outcome, reason, openings FROM valve_test")


@pytest.fixture
def rig(make_rig: Any) -> Any:
    """A robot that is ready."""
    rig = make_rig()
    rig.steps(0.5)
    assert rig.loop.mode is Mode.READY
    return rig


def test_one_dose_is_fired_told_and_disarmed_after(rig: Any) -> None:
    test_valve(rig)
    rig.steps(WHOLE_TEST_S)
    [pulse] = rig.cart.fired
    dose = rig.config.dose.train()
    assert (pulse.nozzle, pulse.on_us, pulse.period_us, pulse.count) == (
        3,
        dose.on_us,
        dose.period_us,
        dose.count,
    )
    last = last_of(rig)
    assert (last.state, last.openings, last.reason, last.by) == ("done", 3, "", "test")
    assert last.pressure_before_kpa == last.pressure_lowest_kpa == 600
    assert not rig.cart.armed and rig.cart.speed == 0
    assert rig.loop.mode is Mode.READY


def test_it_is_in_the_ledger_as_a_test_and_in_no_count(rig: Any) -> None:
    test_valve(rig)
    rig.steps(WHOLE_TEST_S)
    assert lines_of(rig.ledger) == [(1, "left", 3, "test", "done", "", 3)]
    assert rig.ledger._query("SELECT * FROM intent") == []
    assert rig.ledger._query("SELECT * FROM outcome") == []
    view = rig.views[-1]
    assert (view.pulses_sent, view.pulses_done, view.flowers_treated, view.air_normal_l) == (0, 0, 0, 0.0)
    assert rig.ledger.last_pulse_id() == 1 and rig.loop.pulses.next_id == 2
    assert rig.cart.acknowledged == [1]
    [line] = rig.ledger._query("SELECT text, who FROM journal WHERE kind = 'valve_test'")
    assert line == ("left nozzle 3: done, 3 of 3 openings", "test")


@pytest.mark.parametrize(("nozzle", "side"), [(32, "left"), (3, "right"), (64, "right"), (3, "up"), (3, "")])
def test_a_nozzle_that_the_side_has_not_is_refused(rig: Any, nozzle: float, side: str) -> None:
    test_valve(rig, nozzle, side)
    rig.steps(WHOLE_TEST_S)
    assert (last_of(rig).state, last_of(rig).reason) == ("refused", "no_nozzle")
    assert rig.cart.fired == [] and "arm" not in rig.cart.calls


def test_none_is_tested_while_a_row_is_worked(make_rig: Any) -> None:
    rig = make_rig()
    rig.start()
    test_valve(rig)
    rig.steps(0.5)
    assert rig.views[-1].valve_test.refused == last_of(rig).reason == "row_worked"
    assert rig.cart.fired == []


def test_none_is_tested_on_a_stopped_robot(rig: Any) -> None:
    rig.press(CommandName.STOP)
    rig.steps(0.1)
    test_valve(rig)
    rig.steps(WHOLE_TEST_S)
    assert last_of(rig).reason == "not_released"
    assert rig.cart.fired == [] and "arm" not in rig.cart.calls


def test_none_is_tested_without_pressure_and_the_figure_is_told(make_rig: Any) -> None:
    rig = make_rig()
    rig.cart.pressure_kpa = 120
    rig.steps(0.5)
    test_valve(rig)
    rig.steps(WHOLE_TEST_S)
    assert last_of(rig).reason == "low_pressure" and "120 kPa, needs 250" in last_of(rig).text
    assert rig.cart.fired == []


def test_none_is_tested_while_the_cart_is_pushed(rig: Any) -> None:
    rig.cart.armed, rig.cart.speed = False, 0.1
    rig.cart.drive = lambda velocity_mm_s, now: None
    rig.steps(0.1)
    test_valve(rig)
    rig.steps(0.5)
    assert last_of(rig).reason == "rolls" and rig.cart.fired == []


def test_a_second_test_waits_for_the_first(rig: Any) -> None:
    test_valve(rig)
    rig.steps(0.05)
    assert rig.views[-1].valve_test.refused == "test_on"
    test_valve(rig, 5)
    rig.steps(WHOLE_TEST_S)
    assert [pulse.nozzle for pulse in rig.cart.fired] == [3]
    assert last_of(rig).nozzle == 3
    texts = [text for (text,) in rig.ledger._query("SELECT text FROM journal WHERE kind = 'valve_test'")]
    assert texts[0].startswith("test refused: Another valve test is under way")
    test_valve(rig, 5)
    rig.steps(WHOLE_TEST_S)
    assert [pulse.nozzle for pulse in rig.cart.fired] == [3, 5]


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.03, 0.1, 0.28, 0.35, 0.6])
def test_stop_ends_it_at_any_moment_with_nothing_armed(rig: Any, after_s: float) -> None:
    test_valve(rig)
    rig.steps(after_s)
    rig.press(CommandName.STOP)
    rig.steps(0.01)
    assert not rig.cart.armed and rig.cart.latched
    rig.steps(WHOLE_TEST_S)
    assert rig.loop.mode is Mode.STOPPED and not rig.loop.pilot.testing
    assert rig.views[-1].valve_test.refused == "not_released"


@pytest.mark.parametrize("after_s", [0.01, 0.03, 0.05])
def test_start_ends_it_disarmed_before_the_cart_is_armed_to_roll(rig: Any, after_s: float) -> None:
    test_valve(rig)
    rig.steps(after_s)
    rig.cart.calls.clear()
    rig.press(CommandName.START)
    rig.steps(1.0)
    assert rig.loop.mode is Mode.RUNNING and rig.cart.armed and not rig.loop.pilot.testing
    # The test's own arming, if it came to that, ends before the row's begins.
    orders = [call for call in rig.cart.calls if call in {"arm", "disarm"}]
    assert orders[-2:] == ["disarm", "arm"]
    assert rig.cart.opened == [] and last_of(rig).reason == "row_worked"


def test_a_lost_cable_ends_it_and_the_pulse_may_have_fired(rig: Any) -> None:
    rig.cart.mute_pulses = True
    test_valve(rig)
    rig.steps(0.05)
    assert len(rig.cart.fired) == 1
    rig.cart.link_goes(rig.clock.now())
    rig.steps(5.0)
    assert (last_of(rig).state, last_of(rig).reason) == ("maybe_fired", "link_down")
    assert lines_of(rig.ledger) == [(1, "left", 3, "test", "maybe_fired", "no_answer", 0)]
    assert not rig.loop.pilot.testing


def test_a_controller_that_disarms_by_itself_is_not_armed_again(rig: Any) -> None:
    test_valve(rig)
    rig.steps(0.1)
    assert rig.cart.armed and len(rig.cart.fired) == 1
    rig.cart.calls.clear()
    rig.cart._drop(rig.clock.now())
    rig.steps(WHOLE_TEST_S)
    assert "arm" not in rig.cart.calls and rig.cart.opened == []
    assert (last_of(rig).state, last_of(rig).reason) == ("not_fired", "not_armed")


def test_a_controller_that_does_not_arm_is_told_and_left_alone(rig: Any) -> None:
    rig.cart.arm = lambda now: None
    test_valve(rig)
    rig.steps(WHOLE_TEST_S)
    assert (last_of(rig).state, last_of(rig).reason) == ("refused", "not_armed")
    assert lines_of(rig.ledger) == [] and not rig.loop.pilot.testing


def test_what_the_controller_refuses_is_told_in_its_word(rig: Any) -> None:
    rig.cart.refuse_with = "low_pressure"
    test_valve(rig)
    rig.steps(WHOLE_TEST_S)
    assert (last_of(rig).state, last_of(rig).reason) == ("refused", "low_pressure")
    assert lines_of(rig.ledger) == [(1, "left", 3, "test", "refused", "low_pressure", 0)]


def test_without_a_ledger_nothing_is_fired(rig: Any) -> None:
    rig.ledger._db.execute("ALTER TABLE valve_test RENAME TO gone")
    test_valve(rig)
    rig.steps(WHOLE_TEST_S)
    assert rig.cart.fired == [] and not rig.cart.armed
    assert last_of(rig).reason == "not_released" or "valve_test" in last_of(rig).text


def test_after_a_kill_the_test_may_have_fired_until_the_controller_is_asked(make_rig: Any) -> None:
    ledger = Ledger(":memory:")
    rig = make_rig(ledger=ledger)
    rig.steps(0.5)
    rig.cart.mute_pulses = True
    test_valve(rig)
    rig.steps(0.05)
    assert ledger._query("SELECT outcome FROM valve_test") == [("",)]
    again = make_rig(ledger=ledger)
    assert [row[4] for row in lines_of(ledger)] == ["maybe_fired"]
    again.steps(0.1)
    assert again.cart.queried == [1]
    assert again.loop.pulses.next_id == 2
