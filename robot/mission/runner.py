"""What the mission does next: one pure table from phase and event to the next phase."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Phase(StrEnum):
    """Where the robot is in its day."""

    OFF = "off"
    """Nobody has begun the day."""
    WAITING = "waiting"
    """For a plan, the window, or a row that may not be begun yet."""
    MOVING = "moving"
    """On the way to the next row's entrance."""
    HOMING = "homing"
    """On the way to the dock."""
    DOCK = "dock"
    """A battery is swapped, the cart disinfected."""
    IN = "in"
    """In a row, away from where it was entered, treating."""
    RESTING = "resting"
    """In a row, halted: the window is closed."""
    OUT = "out"
    """On the way back to where the row was entered, treating what was missed."""
    HELP = "help"
    """A person must fetch the cart."""
    DONE = "done"
    """The day is over."""


class Event(StrEnum):
    """What happened since the last step; at most one a step, the gravest first."""

    NEW_DAY = "new_day"
    LOST = "lost"
    """The place along the row is not known any more."""
    STRANDED = "stranded"
    """The battery does not last to the dock."""
    END = "end"
    """A person ends the day."""
    BLOCKED = "blocked"
    """The row must be left, or cannot be entered."""
    CHANGED = "changed"
    """The plan leads elsewhere now."""
    OVER = "over"
    """The window will not open again today."""
    CLOSED = "closed"
    OPENED = "opened"
    ROW_END = "row_end"
    """The far end is reached and the way out is back."""
    ROW_LEFT = "row_left"
    """The cart stands where it leaves the row."""
    ARRIVED = "arrived"
    """The cart stands where it was to be brought, and that was checked."""
    SERVED = "served"
    """Battery or disinfection is done."""
    NEXT_ROW = "next_row"
    NEXT_DOCK = "next_dock"
    NOTHING_LEFT = "nothing_left"
    START = "start"


IN_ROW = frozenset({Phase.IN, Phase.RESTING, Phase.OUT})
"""The phases in which the cart stands on a row's rails."""

ROLLING = frozenset({Phase.IN, Phase.OUT})
"""The only phases in which the mission lets the control loop run."""

TABLE: Mapping[tuple[Phase, Event], Phase] = {
    (Phase.OFF, Event.START): Phase.WAITING,
    (Phase.WAITING, Event.NEXT_ROW): Phase.MOVING,
    (Phase.WAITING, Event.NEXT_DOCK): Phase.HOMING,
    (Phase.WAITING, Event.NOTHING_LEFT): Phase.DONE,
    (Phase.WAITING, Event.STRANDED): Phase.HELP,
    (Phase.WAITING, Event.NEW_DAY): Phase.OFF,
    (Phase.MOVING, Event.ARRIVED): Phase.IN,
    (Phase.MOVING, Event.CHANGED): Phase.WAITING,
    (Phase.MOVING, Event.CLOSED): Phase.WAITING,
    (Phase.MOVING, Event.OVER): Phase.WAITING,
    (Phase.MOVING, Event.BLOCKED): Phase.WAITING,
    (Phase.MOVING, Event.END): Phase.WAITING,
    (Phase.MOVING, Event.STRANDED): Phase.HELP,
    (Phase.HOMING, Event.ARRIVED): Phase.DOCK,
    (Phase.HOMING, Event.CHANGED): Phase.WAITING,
    (Phase.HOMING, Event.STRANDED): Phase.HELP,
    (Phase.DOCK, Event.SERVED): Phase.WAITING,
    (Phase.IN, Event.ROW_END): Phase.OUT,
    (Phase.IN, Event.ROW_LEFT): Phase.WAITING,
    (Phase.IN, Event.CLOSED): Phase.RESTING,
    (Phase.IN, Event.OVER): Phase.OUT,
    (Phase.IN, Event.BLOCKED): Phase.OUT,
    (Phase.IN, Event.END): Phase.OUT,
    (Phase.IN, Event.LOST): Phase.MOVING,
    (Phase.RESTING, Event.OPENED): Phase.IN,
    (Phase.RESTING, Event.OVER): Phase.OUT,
    (Phase.RESTING, Event.BLOCKED): Phase.OUT,
    (Phase.RESTING, Event.END): Phase.OUT,
    (Phase.RESTING, Event.LOST): Phase.MOVING,
    (Phase.OUT, Event.ROW_LEFT): Phase.WAITING,
    (Phase.OUT, Event.LOST): Phase.MOVING,
    (Phase.HELP, Event.ARRIVED): Phase.DOCK,
    (Phase.HELP, Event.NEW_DAY): Phase.OFF,
    (Phase.DONE, Event.START): Phase.WAITING,
    (Phase.DONE, Event.NEW_DAY): Phase.OFF,
}
"""What is not named changes nothing."""


def update(phase: Phase, event: Event | None) -> Phase:
    """Return the next phase."""
    return phase if event is None else TABLE.get((phase, event), phase)
