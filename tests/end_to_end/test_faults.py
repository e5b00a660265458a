"""Each fault of the catalogue is told within its bound, and what follows is safe: the whole stack, lock-step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from robot.faults import Fault
from robot.types import Mode
from sim.camera_faults import UNPLUGGED_S
from sim.faults import KINDS
from sim.lockstep import LockstepRow, machine_for
from sim.scenario import load_scenario
from sim.troubles import SimLedger

STRIKES_AT_S = 6.0
LENGTH_M = 8.0
QUICK_S = 3.2
"""Faults told later than this, and most that are watched until they are over, are left to the slow suite."""
QUICK_UNTIL_OVER = ("host_overload", "process_killed")
HALTED_S = 0.7
"""From a lost host to a cart at rest: the dead-man's 250 ms, the ramp, and some."""
OVER_S = 8.0
"""By then a trouble that ends by itself is over, and the robot works again where it may."""


@dataclass(frozen=True)
class Reaction:
    """Where the robot is right after the fault is told."""

    mode: Mode
    moves: bool = False
    armed: bool = False
    compressor_on: bool = True
    goes_on: bool = False
    """Once the trouble is over, by itself."""


STOPS = Reaction(Mode.STOPPED)
FAILS = Reaction(Mode.FAULT)
CUTS_THE_AIR = Reaction(Mode.STOPPED, compressor_on=False)
HOLDS = Reaction(Mode.RUNNING, armed=True)
HOLDS_A_WHILE = Reaction(Mode.RUNNING, armed=True, goes_on=True)
LOSES_THE_BOARD = Reaction(Mode.RUNNING, goes_on=True)
GOES_ON = Reaction(Mode.RUNNING, moves=True, armed=True, goes_on=True)

ENDS_THE_ROW = Reaction(Mode.DONE)

REACTIONS = {
    "valve_stuck": CUTS_THE_AIR,
    "valve_shorted": CUTS_THE_AIR,
    "air_leak": CUTS_THE_AIR,
    "pressure_low": HOLDS,
    "compressor_tired": GOES_ON,
    "gauge_frozen": HOLDS,
    "gauge_lost": HOLDS,
    "encoder_dead": FAILS,
    "wheel_slip": FAILS,
    "row_blocked": FAILS,
    "battery_low": GOES_ON,
    "end_switch_stuck": HOLDS,
    "end_switch_dead": ENDS_THE_ROW,
    "estop": STOPS,
    "bumper": STOPS,
    "person": STOPS,
    "serial_stall": LOSES_THE_BOARD,
    "serial_unplug": LOSES_THE_BOARD,
    "mcu_reset": FAILS,
    "camera_unplugged": HOLDS_A_WHILE,
    "camera_late": HOLDS_A_WHILE,
    "camera_frozen": HOLDS,
    "camera_dark": HOLDS,
    "camera_torn": HOLDS,
    "disk_full": FAILS,
    "host_overload": LOSES_THE_BOARD,
    "serial_loss": GOES_ON,
    "serial_corrupt": GOES_ON,
    "clock_step": GOES_ON,
    "process_killed": GOES_ON,
}


def row_with(fault: str, folder: Path, detector: str = "truth") -> LockstepRow:
    faults = [f"{fault}@{STRIKES_AT_S}"] if fault else []
    scenario = load_scenario("row", length_m=LENGTH_M, faults=faults)
    if fault == "compressor_tired":
        air = scenario.air.model_copy(update={"start_kpa": 320.0})
        scenario = scenario.model_copy(update={"air": air})
    config = machine_for(scenario, None, folder / "ledger.sqlite")
    return LockstepRow(scenario, 1, config, detector, SimLedger(config.ledger.path))


def drive_until(row: LockstepRow, t: float) -> None:
    while row.clock.now() < t and row.loop.mode is not Mode.DONE:
        row.step()


def slow(name: str) -> bool:
    late = (KINDS[name].within_s or 0.0) > QUICK_S
    return late or (REACTIONS[name].goes_on and name not in QUICK_UNTIL_OVER)


def cases(names: Iterable[str]) -> list[ParameterSet]:
    return [pytest.param(name, marks=[pytest.mark.slow] if slow(name) else []) for name in sorted(names)]


def assert_safe(row: LockstepRow, expected: Reaction) -> None:
    """Hold mode, drive, arming and compressor against what the fault must lead to."""
    assert row.loop.mode is expected.mode
    assert row.loop.cart.armed is expected.armed
    assert row.rig.core.compressor_on is expected.compressor_on
    assert (row.rig.core.motor_velocity_mm_s != 0) is expected.moves


@pytest.mark.parametrize("name", cases(name for name, kind in KINDS.items() if kind.within_s is not None))
def test_a_fault_is_told_within_its_bound_and_the_robot_reacts(name: str, tmp_path: Path) -> None:
    assert_told_in_time(name, row_with(name, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(name for name, kind in KINDS.items() if kind.by_picture))
def test_a_fault_in_drawn_pictures_is_told_within_its_bound_too(name: str, tmp_path: Path) -> None:
    assert_told_in_time(name, row_with(name, tmp_path, "onnx"))


def assert_told_in_time(name: str, row: LockstepRow) -> None:
    kind, expected = KINDS[name], REACTIONS[name]
    drive_until(row, STRIKES_AT_S - 0.05)
    assert row.watcher.faults == []
    assert row.loop.mode is Mode.RUNNING
    told = False
    while not told and row.clock.now() < STRIKES_AT_S + (kind.within_s or 0.0):
        row.step()
        told = any(code in row.watcher.faults for code in kind.told) or (
            not kind.told and row.loop.mode is expected.mode
        )
    assert told, row.watcher.faults
    until = max(row.clock.now() + 0.4, STRIKES_AT_S + HALTED_S)
    while row.clock.now() < until:
        row.step()
    assert_safe(row, expected)
    if expected.goes_on:
        drive_until(row, STRIKES_AT_S + OVER_S)
        assert_safe(row, GOES_ON)


@pytest.mark.parametrize("name", cases(name for name, kind in KINDS.items() if kind.within_s is None))
def test_a_fault_that_is_not_told_leaves_the_work_going_on(name: str, tmp_path: Path) -> None:
    row = row_with(name, tmp_path)
    drive_until(row, STRIKES_AT_S + OVER_S)
    assert_safe(row, REACTIONS[name])


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


def test_a_program_that_starts_on_a_full_disk_says_so_and_fires_nothing(tmp_path: Path) -> None:
    row = row_with("process_killed", tmp_path)
    drive_until(row, STRIKES_AT_S + 0.1)
    row.troubles.disk_full = True
    drive_until(row, STRIKES_AT_S + 4.0)
    assert not row.killed
    assert Fault.LEDGER_FAILED in row.watcher.faults
    assert row.loop.pulses.sent == 0
    assert_safe(row, FAILS)


@pytest.mark.slow
def test_a_healthy_machine_drives_the_row_without_a_fault(tmp_path: Path) -> None:
    row = row_with("", tmp_path)
    finished, why = row.run()
    assert finished, why
    assert row.watcher.faults == []


def test_every_fault_of_the_catalogue_has_its_reaction_here() -> None:
    assert set(REACTIONS) == set(KINDS)
