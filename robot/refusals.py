"""Why what a person asks is not done, by code; docs/troubleshooting.md explains each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Refusal(StrEnum):
    """Codes; the pages have their sentences in every language. `WORK_ON` and the next are of the workshop's long work."""

    NO_CONTROL = "no_control"
    BAD_REQUEST_ID = "bad_request_id"
    REQUEST_ID_USED = "request_id_used"
    TOO_LONG = "too_long"
    NO_NUMBER = "no_number"
    NO_VALUE = "no_value"
    NO_ROW_NAME = "no_row_name"
    NO_ROW_LENGTH = "no_row_length"
    MISSION_ONLY = "mission_only"
    TOO_MANY = "too_many"
    NO_RELOAD = "no_reload"
    WORK_ON = "work_on"
    COMPUTER_NEEDED = "computer_needed"
    ROW_WORKED = "row_worked"
    DAY_ON = "day_on"
    NOT_RELEASED = "not_released"
    STARTING = "starting"
    ROLLS = "rolls"
    TEST_ON = "test_on"
    NO_NOZZLE = "no_nozzle"


class Why(NamedTuple):
    """A refusal in words: what is so, and what to do."""

    text: str
    remedy: str

    @property
    def line(self) -> str:
        """Both in one line."""
        return f"{self.text}; {self.remedy[0].lower()}{self.remedy[1:]}"


class Refused(NamedTuple):
    """That a command is not carried out: the code (a `Refusal`, or a pulse's `Reason`) and one line for people."""

    code: str
    text: str


COMMAND_REFUSALS: Mapping[Refusal, Why] = {
    Refusal.NO_CONTROL: Why(
        "The robot's control program cannot be reached", "To stop, press the red e-stop button; then start it"
    ),
    Refusal.BAD_REQUEST_ID: Why(
        "The press has no id of its own", "Make one of 1 to 64 characters for each press"
    ),
    Refusal.REQUEST_ID_USED: Why(
        "The id of this press was used for another command", "Make a new one for each press"
    ),
    Refusal.TOO_LONG: Why("The text is too long", "Shorten it to 80 characters"),
    Refusal.NO_NUMBER: Why("That is not a number", "Give one"),
    Refusal.NO_VALUE: Why("The value is missing", "Give it"),
    Refusal.NO_ROW_NAME: Why("The row's name is missing", "Give it"),
    Refusal.NO_ROW_LENGTH: Why("No row is of that length", "Give 0.5 to 500 m, below 0 to come back"),
    Refusal.MISSION_ONLY: Why("Only the mission gives that command", "Set the position, or press Start"),
    Refusal.TOO_MANY: Why("Too many commands wait: the robot does not answer", "Press STOP"),
    Refusal.NO_RELOAD: Why("The machine file cannot be taken anew", "Do what the sentence behind it says"),
    Refusal.WORK_ON: Why("Other long work is under way", "Wait for its end, or stop it"),
    Refusal.COMPUTER_NEEDED: Why(
        "The robot works a row and needs its computer", "Press Pause first; or wait until the row is done"
    ),
    Refusal.ROW_WORKED: Why("A row is being worked", "Press Pause and wait until the cart stands"),
    Refusal.DAY_ON: Why("The day's mission is under way", "Press Pause, so that nothing sets off by itself"),
    Refusal.NOT_RELEASED: Why("The robot is stopped", "Mend what is shown, then press Release"),
    Refusal.STARTING: Why(
        "The robot is not ready yet", "Wait for the valve controller; give the place if the page asks for it"
    ),
    Refusal.ROLLS: Why("The cart rolls", "Wait until it stands"),
    Refusal.TEST_ON: Why("Another valve test is under way", "Wait for its end"),
    Refusal.NO_NOZZLE: Why("There is no such nozzle on that side", "Choose one of those that the page names"),
}
"""Why a command is refused; a valve test is also for the reasons for which a pulse is not sent."""


def refused(code: Refusal) -> Refused:
    """Return a refusal in the table's words."""
    return Refused(code.value, COMMAND_REFUSALS[code].line)
