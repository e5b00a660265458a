"""What the control loop tells the mission at each step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from robot.types import Mode


@dataclass(frozen=True, slots=True)
class MissionFacts:
    """The loop as it stands; `s` is None while the place is not known, `lost` once it was known and is not.

    `trouble` says why the robot is stopped, or is ''.
    """

    now: float
    wall: datetime
    mode: Mode
    s: float | None = None
    lost: bool = False
    trouble: str = ""
    end_switch: bool | None = None
    """Whether the row-end switch says that the row's end is reached; None without one."""
    end_early: bool = False
    """It says so where the map has no end, and nobody was outvoted."""
    end_left: float | None = None
    """Metres to where the cart turns, as the switch has it."""
    ready_seen: int = 0
    """Flowers that were ready, seen since the program began."""
    lag_s: float = 0.0
    """From a frame's exposure to the step that decided on it: what 99 of 100 frames keep."""
