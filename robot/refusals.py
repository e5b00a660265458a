"""Why a command of a person is not carried out, by code; docs/troubleshooting.md explains each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Refusal(StrEnum):
    """Codes; the pages have their sentences in every language."""

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


COMMAND_REFUSALS: Mapping[Refusal, Why] = {
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
"""What a valve test is refused for, beside the reasons for which a pulse is not sent."""
