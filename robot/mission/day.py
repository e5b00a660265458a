"""From a house, its last visits and today's window to the planning problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from robot.config import ConfigError
from robot.mission.due import Due, DueConfig, LastVisit, RowSide, Visit, Window, due, jobs_of
from robot.mission.house import RobotConfig
from robot.mission.house_map import House, Row
from robot.mission.problem import Problem, Robot
from vision.types import Side

Visits = Mapping[tuple[str, Side], LastVisit]


def problem_of(house: House, robots: Sequence[RobotConfig], last: Visits, window: Window) -> Problem:
    """Return today's problem; its zero is the window's opening. Raises ConfigError without robots."""
    config = house.config
    if not robots:
        raise ConfigError(f"{config.name}: no robots; add [[robots]] to the house file, or give --robots")
    one_side = not any(len(robot.sides) == 2 for robot in robots)
    rows = [row for row in house.rows.values() if not row.no_go]
    visits = list(visits_of(house).values())
    dues = {row.name: dues_of(row, house, last, window) for row in rows}
    return Problem(
        jobs=tuple(jobs_of(visits, dues, window.opens, one_side)),
        robots=tuple(_robot(robot, house) for robot in robots),
        distance=house.distance,
        end=window.closes - window.opens,
    )


def visits_of(house: House) -> dict[str, Visit]:
    """Return where the visit to each row that may be entered begins and ends, by row."""
    rows = [row for row in house.rows.values() if not row.no_go]
    return {row.name: _visit(row, number) for number, row in enumerate(rows)}


def dues_of(row: Row, house: House, last: Visits, window: Window) -> list[Due]:
    """Return what the sides of a row ask of the window."""
    config: DueConfig = house.config.due
    fastest = house.config.motion.visit_s(row.length, row.far is not None)
    found = []
    for side in row.sides:
        state = RowSide(row.name, side, row.length, row.pitch, last.get((row.name, side), LastVisit()))
        asked = due(state, window, config, fastest, hygiene_first=row.infected)
        if asked is not None:
            found.append(asked)
    return found


def _visit(row: Row, number: int) -> Visit:
    """Rows that are open at both ends are driven through, every second one backwards."""
    ends = [row.head, row.far or row.head]
    if number % 2:
        ends.reverse()
    first, last = ends
    return Visit(row.name, row.length, first.index, last.index, first.zone, last.zone, row.infected)


def _robot(robot: RobotConfig, house: House) -> Robot:
    motion, dock = house.config.motion, house.docks[robot.dock].index
    return Robot(robot.name, dock, dock, motion, 0.0, motion.battery_s, robot.sides)
