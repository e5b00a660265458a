"""How fast to work a row: as fast as flowers, doses, eyes and air allow, and as the window asks for."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from robot.mission.mission_config import PaceConfig
from robot.settings import RobotConfig

CROP_D = 0.44
"""Where the flowers hang, m from the mast plane (assumed): the middle of what the nozzles reach."""

FEWEST_PER_M = 1e-6

VIEWS_SPARE = 2
"""Views more than the least that a flower should get before it is shot (assumed)."""


@dataclass(frozen=True, slots=True)
class PaceMachine:
    """What of the machine bounds its speed; the worst side counts."""

    train_s: float
    """From a pulse's first opening to its last closing."""
    nozzles: int
    """On the side that has fewest."""
    sight_m: float
    """Way from where a flower comes into view to where its pulse is committed."""
    views: int
    """Frames that a flower should be seen in on that way."""
    frame_s: float
    """From one frame to the next."""
    pulse_nl: float
    """Air of one pulse, normal litres."""
    fastest: float
    """What the drive allows, m/s."""


def pace_machine(config: RobotConfig) -> PaceMachine:
    """Return what bounds the pace of a machine file."""
    train = config.dose.train()
    sight = []
    for camera in config.cameras:
        bank = config.banks.get(camera.side)
        if bank is not None:
            half = (CROP_D - camera.d) * 0.5 * camera.width / camera.model().fx
            sight.append(camera.s_offset - bank.s_offset + half - config.planner.commit_distance)
    return PaceMachine(
        train_s=train.duration_us * 1e-6,
        nozzles=min(bank.count for bank in config.nozzles),
        sight_m=max(0.01, min(sight, default=0.01)),
        views=config.planner.min_views + VIEWS_SPARE,
        frame_s=1.0 / min(camera.fps for camera in config.cameras),
        pulse_nl=train.count * train.on_us * 1e-6 * config.jet.flow_nl_min / 60.0,
        fastest=config.drive.max_speed,
    )


@dataclass(frozen=True, slots=True)
class PaceNow:
    """What changes along the row; `needed` is the speed that still makes today's rows, 0 when there is time."""

    usual: float
    ready_per_m: float
    """Ready flowers a metre of row, both sides together."""
    lag_s: float
    """From a frame's exposure to the decision on it."""
    needed: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed to drive (m/s), and what bounds it, in a word."""

    speed: float
    by: str


def pace(machine: PaceMachine, now: PaceNow, config: PaceConfig) -> Pace:
    """Return the speed to drive. Numbers that are none leave the usual speed.

    - density: each side has half the flowers, spread over its nozzles; a nozzle is busy `train_s` for each, so at
      v m/s the chance to find it busy is v x flowers / m / nozzle x train_s.
    - eyes: the way in view must last for the views and the lag.
    - air: flowers/s x litres a pulse must not exceed what the compressor keeps up.
    """
    numbers = (now.usual, now.ready_per_m, now.lag_s, now.needed)
    if not all(isfinite(number) and number >= 0.0 for number in numbers):
        return Pace(min(max(config.slowest, 0.0), machine.fastest), "the slowest: a number is missing")
    usual = max(now.usual, config.slowest)
    wanted = min(max(usual, now.needed), config.hurry * usual)
    limits = {"the usual speed" if wanted <= usual else "the window": wanted}
    limits["the drive"] = machine.fastest
    limits["the eyes"] = machine.sight_m / (machine.views * machine.frame_s + now.lag_s)
    if now.ready_per_m > FEWEST_PER_M:
        each = 0.5 * now.ready_per_m / max(1, machine.nozzles)
        limits["the nozzles"] = config.busy_share / (each * machine.train_s)
        limits["the air"] = config.air_nl_min / 60.0 / (now.ready_per_m * machine.pulse_nl)
    by = min(limits, key=lambda name: limits[name])
    speed = limits[by]
    if speed < config.slowest:
        return Pace(min(config.slowest, machine.fastest), f"the slowest; {by} would ask for less")
    return Pace(speed, by)
