"""Builds the mission of a machine file: house, gate, planner and what the ledger knows of today."""

from __future__ import annotations

from robot.clock import Clock
from robot.config import ConfigError
from robot.ledger import Ledger
from robot.mission.base_link import BaseLink
from robot.mission.climate_source import SourceError, source_of
from robot.mission.desk import Desk, ProcessDesk
from robot.mission.facts import MissionFacts
from robot.mission.gate import Gate
from robot.mission.house import load_house
from robot.mission.house_map import House, lay_out
from robot.mission.mission import Mission
from robot.mission.mover import FrontEye, Lookout, Mover
from robot.mission.pace import pace_machine
from robot.mission.pacer import Pacer
from robot.mission.share import robot_named
from robot.settings import RobotConfig
from robot.types import Mode


def house_of(config: RobotConfig) -> House | None:
    """Return the house of a machine file, or None where it works one row a run; raises ConfigError."""
    path = config.mission.house
    return None if path is None else lay_out(load_house(path), str(path))


def mover_of(
    config: RobotConfig, house: House, clock: Clock, eye: FrontEye | None
) -> tuple[Mover | None, BaseLink | None]:
    """Return what moves the cart on the headland, with its link to close; none where people do. Raises ConfigError."""
    mission = config.mission
    if eye is None or mission.base.address is None:
        return None, None
    robot = robot_named(house, mission.robot or config.name)
    base = BaseLink(mission.base, clock)
    return Mover(house, mission.headland, mission.front, base, eye, house.docks[robot.dock]), base


def build_mission(
    config: RobotConfig,
    house: House,
    ledger: Ledger,
    clock: Clock,
    desk: Desk | None = None,
    mover: Mover | None = None,
    lookout: Lookout | None = None,
) -> Mission:
    """Return the mission as the ledger knows it; raises ConfigError or LedgerError in one line."""
    climate = house.config.climate
    try:
        source = source_of(climate, clock)
    except SourceError as error:
        raise ConfigError(f"{config.mission.house}: {error}") from error
    facts = MissionFacts(clock.now(), clock.wall(), Mode.STARTING)
    motion = house.config.motion
    pacer = Pacer(pace_machine(config), config.mission.pace, motion, config.row.overrun)
    desk = desk or ProcessDesk(house, [config.ledger.path])
    return Mission(
        config.mission,
        config.name,
        house,
        desk,
        Gate(climate, source),
        ledger,
        facts,
        pacer,
        mover,
        lookout,
    )
