"""What holds the mission or keeps it waiting, by code; `robot/alerts/catalogue.py` has the sentences."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Wait(StrEnum):
    """Codes. The first five hold the mission until a person presses START, the last three refuse a confirmation."""

    STOPPED = "stopped_on_the_way"
    PAUSED = "paused"
    RESTARTED = "restarted"
    END_DOUBT = "row_end_doubt"
    END_EARLY = "row_end_early"
    PLAN = "plan_in_the_making"
    NO_PLAN = "no_plan"
    HOURS = "hours"
    NO_READING = "no_reading"
    OLD_READING = "old_reading"
    AIR = "air"
    ROW_RESTS = "row_rests"
    WRONG_TAG = "wrong_tag"
    OTHER_TAG = "other_tag"
    STUCK = "stuck"


class Told(NamedTuple):
    """A sentence of the mission with its code, empty for what is no wait; without a text it says nothing."""

    text: str
    code: str = ""

    def __bool__(self) -> bool:
        """Tell whether there is anything to say."""
        return bool(self.text)


NOTHING = Told("")
RESTARTED = Told("the program was restarted: press START to go on", Wait.RESTARTED)
DOUBT = Told(
    "the map says that the row's end is reached, its tag or switch that it is not: look, then press START",
    Wait.END_DOUBT,
)
EARLY = Told(
    "the row-end switch says that the row ends here, the map that it goes on: look, then press START to go on without "
    "the switch, or block the row to come back",
    Wait.END_EARLY,
)


def stopped(trouble: str) -> Told:
    """Return that the robot was stopped, by what."""
    return Told(f"stopped: {trouble or 'release it'}; then press START to go on", Wait.STOPPED)


def paused(by: str) -> Told:
    """Return that a person paused it."""
    return Told(f"paused by {by or 'a person'}: press START to go on", Wait.PAUSED)
