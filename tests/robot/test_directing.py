"""The mission and the control loop together: rows one after another, with a person who moves the cart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from robot.ledger import Ledger
from robot.types import CommandName, Mode, Reason
from tests.robot.conftest import OPEN, START_S
from tests.robot.mission.small_house import small_house
from vision.calibration import CameraModel

PLANTS = [((0.4, 1.6, 0.43), OPEN), ((0.9, 1.55, 0.43), OPEN), ((1.4, 1.62, 0.43), OPEN)]


@pytest.fixture
def make_day(make_rig: Any, tmp_path: Path) -> Callable[..., Any]:
    def make(ledger: Ledger | None = None, **changes: object) -> Any:
        house = small_house(tmp_path, 2, length=1.7, motion="treat_speed = 0.3")
        config = {"mission.house": house, "mission.plan_s": 0.0, "mission.head_s": START_S}
        config |= {"ledger.path": tmp_path / "ledger.sqlite", "drive.cruise_speed": 0.3, **changes}
        return make_rig(PLANTS, ledger, **config)

    return make


def mission(rig: Any) -> Any:
    return rig.views[-1].mission


def until(rig: Any, what: Callable[[], bool], limit_s: float = 120.0) -> None:
    end = rig.clock.t + limit_s
    while not what():
        rig.steps(0.1)
        assert rig.clock.t < end, mission(rig).why


def bring_to_row(rig: Any) -> None:
    """A person rolls the cart to the row that is asked for, and confirms its tag."""
    until(rig, lambda: mission(rig).ask is not None)
    ask = mission(rig).ask
    rig.cart.ticks = 0.0
    rig.press(CommandName.CONFIRM, ask.tag)
    rig.steps(0.1)


def test_day_goes_row_after_row_in_and_out_and_ends_at_the_dock(make_day: Any) -> None:
    rig = make_day()
    rig.steps(0.3)
    assert mission(rig).phase == "off" and rig.loop.mode is Mode.READY
    rig.press(CommandName.START)
    rows = []
    for _ in range(2):
        bring_to_row(rig)
        rows.append(mission(rig).row)
        until(rig, lambda: mission(rig).phase == "out")
        until(rig, lambda: mission(rig).phase != "out")
    assert sorted(rows) == ["row-001", "row-002"]
    until(rig, lambda: mission(rig).phase == "homing")
    rig.press(CommandName.CONFIRM)
    rig.steps(0.3)
    assert mission(rig).phase == "done"
    assert [stop.state for stop in mission(rig).stops] == ["done"] * 2
    assert set(mission(rig).rows.values()) == {"done"}
    assert len(rig.cart.opened) == 2 * len(PLANTS)


def test_uncertain_flower_is_left_alone_on_the_way_in_and_treated_on_the_way_back(make_day: Any) -> None:
    rig = make_day()
    eyes = rig.eyes["left"]
    # Abreast of the nozzles the camera sees flowers before them in both directions.
    eyes.camera = CameraModel.model_validate(eyes.camera.model_dump() | {"s_offset": 0.0})
    rig.__post_init__()
    eyes.stages[1] = (0.6, 0.6, 0.0)
    rig.steps(0.3)
    rig.press(CommandName.START)
    bring_to_row(rig)
    until(rig, lambda: mission(rig).phase == "out")
    assert len(rig.cart.opened) == len(PLANTS) - 1
    assert rig.views[-1].refusals == {Reason.LOOK_AGAIN: 1}
    assert any(Reason.LOOK_AGAIN in view.flower_states.values() for view in rig.views)
    eyes.stages[1] = (0.0, 1.0, 0.0)
    until(rig, lambda: mission(rig).phase != "out")
    assert len(rig.cart.opened) == len(PLANTS)
    assert rig.views[-1].refusals == {}
    assert rig.views[-1].flowers_treated == len(PLANTS)


def test_a_valve_is_tested_only_while_somebody_holds_the_day(make_day: Any) -> None:
    rig = make_day()
    rig.steps(0.5)
    assert rig.views[-1].valve_test.refused == ""
    rig.press(CommandName.START)
    until(rig, lambda: mission(rig).ask is not None)
    assert rig.views[-1].valve_test.refused == "day_on"
    rig.press(CommandName.TEST_VALVE, 3, "left")
    rig.steps(1.0)
    assert rig.cart.fired == []
    rig.press(CommandName.PAUSE)
    rig.steps(0.1)
    rig.press(CommandName.TEST_VALVE, 3, "left")
    rig.steps(1.0)
    assert [pulse.nozzle for pulse in rig.cart.fired] == [3]
    assert rig.ledger._query("SELECT count(*) FROM intent") == [(0,)]
    assert mission(rig).held.startswith("paused by test")
