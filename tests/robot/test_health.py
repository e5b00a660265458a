from math import nan

import pytest
from msgspec.structs import replace

from robot.config import DEMO_MACHINE, load_config
from robot.faults import Fault
from robot.health import Health, HealthInputs, SideHealth

CONFIG = load_config(DEMO_MACHINE).health
GOOD_SIDE = SideHealth(99.95, 99.95, None)
GOOD = HealthInputs(
    now=100.0,
    started=50.0,
    link_up=True,
    link_text="connected",
    protocol_mismatch=False,
    machine_mismatch="",
    telemetry_age_s=0.02,
    encoder_age_s=0.02,
    position_known=True,
    pressure_kpa=600.0,
    pressure_believed=True,
    leak=False,
    compressor_weak="",
    battery_v=25.0,
    bumper=False,
    wants_speed=0.15,
    velocity=0.15,
    arm_asked_since=None,
    glitches=0,
    unanswered=0,
    over_duty=0,
    deadman_trips=0,
    late_steps=0,
    ledger_problem="",
    sides={"left": GOOD_SIDE, "right": GOOD_SIDE},
)


def faults(**changes: object) -> set[Fault]:
    return set(Health(CONFIG).check(replace(GOOD, **changes)))


def test_healthy_machine_has_no_fault() -> None:
    assert faults() == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"link_up": False}, Fault.LINK_DOWN),
        ({"telemetry_age_s": 0.6}, Fault.LINK_DOWN),
        ({"telemetry_age_s": None}, Fault.LINK_DOWN),
        ({"protocol_mismatch": True}, Fault.PROTOCOL_MISMATCH),
        ({"machine_mismatch": "9000 ticks"}, Fault.MACHINE_MISMATCH),
        ({"bumper": True}, Fault.BUMPER),
        ({"position_known": False}, Fault.POSITION_UNSURE),
        ({"encoder_age_s": 0.6}, Fault.ENCODER_SILENT),
        ({"encoder_age_s": None}, Fault.ENCODER_SILENT),
        ({"glitches": 5}, Fault.ENCODER_GLITCH),
        ({"pressure_kpa": 299.0}, Fault.PRESSURE_LOW),
        ({"pressure_kpa": None}, Fault.PRESSURE_SENSOR),
        ({"pressure_believed": False}, Fault.PRESSURE_SENSOR),
        ({"leak": True}, Fault.AIR_LEAK),
        ({"compressor_weak": "+0.1 kPa/s"}, Fault.COMPRESSOR_WEAK),
        ({"over_duty": 1}, Fault.NOZZLE_DUTY),
        ({"battery_v": 21.9}, Fault.BATTERY_LOW),
        ({"arm_asked_since": 97.0}, Fault.NOT_ARMED),
        ({"unanswered": 3}, Fault.PULSES_UNANSWERED),
        ({"late_steps": 3}, Fault.LOOP_LATE),
        ({"deadman_trips": 1}, Fault.DEAD_MAN),
        ({"ledger_problem": "disk full"}, Fault.LEDGER_FAILED),
        ({"sides": {"left": SideHealth(98.5, 98.5, None)}}, Fault.CAMERA_LEFT_LOST),
        ({"sides": {"right": SideHealth(None, None, None)}}, Fault.CAMERA_RIGHT_LOST),
        ({"sides": {"left": SideHealth(99.9, 99.9, None, spinning=True)}}, Fault.WHEELS_SPIN),
        ({"sides": {"right": SideHealth(99.9, 97.0, "dark")}}, Fault.FRAMES_RIGHT_BAD),
        ({"sides": {"left": SideHealth(99.9, 99.9, None, dirty="1 of 40 parts")}}, Fault.LENS_DIRTY),
        ({"sides": {"left": SideHealth(99.9, 99.9, None, shifted="more blue")}}, Fault.DOMAIN_SHIFT),
    ],
)
def test_each_sick_reading_has_its_fault(changes: dict[str, object], expected: Fault) -> None:
    assert faults(**changes) == {expected}


def test_nothing_is_missed_in_the_first_seconds() -> None:
    silent = {"left": SideHealth(None, None, None)}
    assert faults(started=97.0, link_up=False, telemetry_age_s=None, sides=silent) == set()


def test_battery_that_is_not_measured_does_not_warn() -> None:
    assert faults(battery_v=0.0) == set()
    assert faults(battery_v=None) == set()


def test_pressure_must_rise_well_above_the_limit_before_it_is_good_again() -> None:
    health = Health(CONFIG)
    seen = [
        Fault.PRESSURE_LOW in health.check(replace(GOOD, pressure_kpa=kpa))
        for kpa in (600.0, 310.0, 290.0, 310.0, 349.0, 351.0, 310.0)
    ]
    assert seen == [False, False, True, True, True, False, False]


def test_cart_that_does_not_move_under_drive_is_found_after_a_while() -> None:
    health = Health(CONFIG)
    stuck = replace(GOOD, velocity=0.0)
    assert Fault.NOT_MOVING not in health.check(stuck)
    assert Fault.NOT_MOVING not in health.check(replace(stuck, now=101.9))
    assert Fault.NOT_MOVING in health.check(
        replace(stuck, now=102.1, sides={"left": SideHealth(102.1, 102.1, None)})
    )


def pushed(health: Health, now: float, wants_speed: float = 0.15, velocity: float = 0.0) -> bool:
    side = {"left": SideHealth(now, now, None)}
    here = replace(GOOD, now=now, wants_speed=wants_speed, velocity=velocity, sides=side)
    return Fault.NOT_MOVING in health.check(here)


def test_pushes_between_holds_add_up() -> None:
    health = Health(CONFIG)
    told = [pushed(health, 100.0 + 0.5 * step, 0.15 if step % 4 < 2 else 0.0) for step in range(40)]
    assert told.index(True) == 17


def test_movement_between_pushes_begins_the_count_anew() -> None:
    health = Health(CONFIG)
    told = [pushed(health, 100.0 + 0.5 * step, velocity=0.15 if step % 4 == 3 else 0.0) for step in range(40)]
    assert not any(told)


def test_a_cart_that_was_found_stuck_may_be_started_again() -> None:
    health = Health(CONFIG)
    assert [pushed(health, now) for now in (100.0, 102.5)] == [False, True]
    assert not pushed(health, 103.0, wants_speed=0.0)
    assert [pushed(health, now) for now in (110.0, 111.0, 112.0, 113.5)] == [False, False, False, True]


def test_cart_that_shall_stand_is_not_stuck() -> None:
    health = Health(CONFIG)
    for now in (100.0, 110.0, 120.0):
        standing = replace(GOOD, now=now, wants_speed=0.0, velocity=0.0, sides={})
        assert health.check(standing) == {}


def test_age_that_is_not_a_number_does_not_pass_as_fresh_pressure() -> None:
    assert Fault.PRESSURE_LOW not in faults(pressure_kpa=nan)
