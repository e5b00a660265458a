"""Each fault of the machine is noticed within its bound, and what follows is safe: the whole stack, lock-step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from robot.ledger import Ledger
from robot.types import Mode
from sim.camera_faults import UNPLUGGED_S
from sim.faults import KINDS
from sim.lockstep import LockstepRow, machine_for
from sim.scenario import load_scenario

STRIKES_AT_S = 8.0
LENGTH_M = 8.0
QUICK_S = 3.0
"""Faults noticed later than this are left to the slow suite."""


@dataclass(frozen=True)
class Reaction:
    """The fault that the operator reads, how soon, and where the robot then is."""

    code: str
    bound_s: float
    mode: Mode
    moves: bool = False
    armed: bool = False
    compressor_on: bool = True
    detector: str = "truth"


REACTIONS = {
    # A window of 3 s in the pauses between trains, or all at once when the low pressure ends the firing.
    "valve_stuck": Reaction("air_leak", 15.0, Mode.STOPPED, compressor_on=False),
    "air_leak": Reaction("air_leak", 15.0, Mode.STOPPED, compressor_on=False),
    "pressure_low": Reaction("pressure_low", 0.1, Mode.RUNNING, armed=True),
    # 4 s of pauses, once the tank is so far down that a healthy compressor runs.
    "compressor_tired": Reaction("compressor_weak", 20.0, Mode.RUNNING, moves=True, armed=True),
    # 60 openings without any change of the reading: 20 trains.
    "gauge_frozen": Reaction("pressure_sensor", 25.0, Mode.RUNNING, armed=True),
    "gauge_lost": Reaction("pressure_sensor", 0.3, Mode.RUNNING, armed=True),
    "encoder_dead": Reaction("not_moving", 2.5, Mode.FAULT),
    # 0.15 m of counted travel at 0.15 m/s.
    "wheel_slip": Reaction("wheels_spin", 1.6, Mode.FAULT),
    "camera_unplugged": Reaction("camera_left_lost", 1.3, Mode.RUNNING, armed=True),
    # 2 s without a usable frame, after five equal ones.
    "camera_frozen": Reaction("frames_left_bad", 3.1, Mode.RUNNING, armed=True, detector="onnx"),
    "camera_dark": Reaction("frames_left_bad", 3.1, Mode.RUNNING, armed=True, detector="onnx"),
    # Some tears are too faint to be seen, and such a frame counts as good.
    "camera_torn": Reaction("frames_left_bad", 20.0, Mode.RUNNING, armed=True, detector="onnx"),
    "estop": Reaction("", 0.1, Mode.STOPPED),
    "bumper": Reaction("bumper", 0.1, Mode.STOPPED),
}


def row_with(fault: str, folder: Path) -> LockstepRow:
    faults = [f"{fault}@{STRIKES_AT_S}"] if fault else []
    scenario = load_scenario("row", length_m=LENGTH_M, faults=faults)
    if fault == "compressor_tired":
        air = scenario.air.model_copy(update={"start_kpa": 320.0})
        scenario = scenario.model_copy(update={"air": air})
    config = machine_for(scenario, None, folder / "ledger.sqlite")
    detector = REACTIONS[fault].detector if fault else "truth"
    return LockstepRow(scenario, 1, config, detector, Ledger(config.ledger.path))


def drive_until(row: LockstepRow, t: float) -> None:
    while row.clock.now() < t and row.loop.mode is not Mode.DONE:
        row._step()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if reaction.bound_s > QUICK_S else [])
        for name, reaction in sorted(REACTIONS.items())
    ],
)
def test_a_fault_is_noticed_within_its_bound_and_the_robot_reacts(name: str, tmp_path: Path) -> None:
    expected = REACTIONS[name]
    row = row_with(name, tmp_path)
    drive_until(row, STRIKES_AT_S - 0.05)
    assert row.watcher.faults == []
    assert row.loop.mode is Mode.RUNNING
    reacted = False
    while not reacted and row.clock.now() < STRIKES_AT_S + expected.bound_s:
        row._step()
        reacted = expected.code in row.watcher.faults or (
            not expected.code and row.loop.mode is expected.mode
        )
    assert reacted, row.watcher.faults
    drive_until(row, row.clock.now() + 1.0)
    assert row.loop.mode is expected.mode
    assert row.loop.cart.armed is expected.armed
    assert row.rig.core.compressor_on is expected.compressor_on
    assert (row.rig.core.motor_velocity_mm_s != 0) is expected.moves


@pytest.mark.slow
def test_a_healthy_machine_drives_the_row_without_a_fault(tmp_path: Path) -> None:
    row = row_with("", tmp_path)
    finished, why = row.run()
    assert finished, why
    assert row.watcher.faults == []


def test_cart_waits_for_a_camera_that_was_unplugged_and_goes_on_by_itself(tmp_path: Path) -> None:
    row = row_with("camera_unplugged", tmp_path)
    drive_until(row, STRIKES_AT_S + 3.0)
    assert row.rig.core.motor_velocity_mm_s == 0
    sent = row.loop.pulses.sent
    drive_until(row, STRIKES_AT_S + UNPLUGGED_S)
    assert row.loop.pulses.sent == sent
    drive_until(row, STRIKES_AT_S + UNPLUGGED_S + 1.0)
    assert row.rig.core.motor_velocity_mm_s > 0
    assert row.loop.mode is Mode.RUNNING


def test_every_fault_of_the_catalogue_has_its_reaction_here() -> None:
    assert set(REACTIONS) == set(KINDS)
