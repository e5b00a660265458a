"""What happens during a day and asks for a new plan."""

from __future__ import annotations

from dataclasses import dataclass


class ReplanError(Exception):
    """An event names what the plan does not have; the text names it and the remedy."""


@dataclass(frozen=True, slots=True)
class RowBlocked:
    """Nobody can enter this row today."""

    row: str


@dataclass(frozen=True, slots=True)
class RobotLost:
    """This robot does no more rows today."""

    robot: str


@dataclass(frozen=True, slots=True)
class WindowMoved:
    """The window now ends at `end`, seconds from the plan's zero."""

    end: float


@dataclass(frozen=True, slots=True)
class BatteryIs:
    """This robot's battery lasts for `seconds` of work when it is next free, other than planned."""

    robot: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Pinned:
    """The operator gives a row to a robot: nobody else does it, and it gives up others for it if it must."""

    row: str
    robot: str


@dataclass(frozen=True, slots=True)
class Unpinned:
    """The operator leaves the row to the planner again."""

    row: str


Event = RowBlocked | RobotLost | WindowMoved | BatteryIs | Pinned | Unpinned
