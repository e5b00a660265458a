"""Which rows of a house a robot serves when each plans for itself: no two robots share one."""

from __future__ import annotations

from dataclasses import replace

from robot.config import ConfigError
from robot.mission.house import RobotConfig
from robot.mission.house_map import House


def robot_named(house: House, name: str) -> RobotConfig:
    """Return a robot of the house; raises ConfigError in one line."""
    found = next((robot for robot in house.config.robots if robot.name == name), None)
    if found is None:
        known = ", ".join(robot.name for robot in house.config.robots[:6]) or "none"
        raise ConfigError(
            f"mission.robot = '{name}': not in the house file (known: {known}); add it to [[robots]] there"
        )
    return found


def share_of(house: House, name: str) -> House:
    """Return the house with this robot's rows alone: a stretch along the headlands, of about equal metres.

    It follows from the house file alone, so that robots which know nothing of each other agree.
    """
    robots = [robot.name for robot in house.config.robots]
    number = robots.index(robot_named(house, name).name)
    rows = sorted(
        (row for row in house.rows.values() if not row.no_go),
        key=lambda row: (row.head.x, row.head.y, row.name),
    )
    total, passed = sum(row.length for row in rows), 0.0
    mine: set[str] = set()
    for row in rows:
        middle = passed + row.length / 2.0
        if min(int(middle / total * len(robots)), len(robots) - 1) == number:
            mine.add(row.name)
        passed += row.length
    return replace(house, rows={row.name: row for row in house.rows.values() if row.name in mine})
