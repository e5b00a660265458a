"""The switch at a row's end: what its contact means, and where the map says that it cannot be right.

The pilot asks it at every step of a run; who of tag, switch and map is believed is the mission's word.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from robot.faults import Fault


class EndSwitchConfig(BaseModel):
    """The switch that says that the cart is at a row's end, and how far it may contradict the map."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    fitted: bool = Field(False, description="the machine has one; without it tag and map decide alone")
    at: Literal["both", "far"] = Field(
        "both", description="which ends of a row work it: both, or only the one far from the head"
    )
    normally_closed: bool = Field(
        True,
        description="its contact opens at the row's end, so a torn wire reads as the end; false: it closes there",
    )
    acts_m: float = Field(
        0.1,
        ge=0,
        le=5,
        description="from so many m past the row's end on it is worked; below row.overrun (assumed)",
    )
    slack_m: float = Field(
        0.3, ge=0.05, le=3, description="m by which the place may be off before one is doubted (assumed)"
    )
    slack_share: float = Field(
        0.006, ge=0, le=0.1, description="the same for each m rolled: what the wheels slip (assumed)"
    )
    settle_s: float = Field(0.1, ge=0, le=2, description="s that its contact must stay so (assumed)")


class Odd(StrEnum):
    """Whom two others contradict at the row's end."""

    NONE = ""
    TAG = "tag"
    SWITCH = "switch"
    MAP = "map"
    NOBODY = "nobody"
    """They disagree, and nobody has a majority."""


ODD_FAULTS = {
    Odd.TAG: Fault.END_TAG_WRONG,
    Odd.SWITCH: Fault.END_SWITCH_WRONG,
    Odd.MAP: Fault.END_MAP_WRONG,
    Odd.NOBODY: Fault.END_DOUBT,
}


class EndSwitch:
    """The switch over one run after another; `look` at every step."""

    def __init__(self, config: EndSwitchConfig, overrun: float) -> None:
        self._config, self._overrun = config, overrun
        self._closed = False
        self._changing_since: float | None = None
        self._heard = False
        self._length, self._direction = 0.0, 0
        self._s: float | None = None
        self._rolled_m = 0.0
        self._worked_at: float | None = None
        self._leaves_from: float | None = None
        self._early_m: float | None = None
        self._missing = False
        self.odd = Odd.NONE

    def hear(self, high: bool, t: float) -> None:
        """Take the bare input: high means that the contact to ground is open."""
        says = high == self._config.normally_closed
        if not self._config.fitted or (self._heard and says == self._closed):
            self._changing_since = None
            return
        if self._changing_since is None:
            self._changing_since = t
        if self._heard and t - self._changing_since < self._config.settle_s:
            return
        self._closed, self._heard, self._changing_since = says, True, None
        self._worked_at = self._s if says else None
        if not says:
            self._leaves_from = None

    def begin(self, length: float, direction: int, placed: bool = False) -> None:
        """Begin a way along the row; `placed`: the cart was told its place anew."""
        turned = self._direction == -direction
        self._leaves_from = self._s if turned and self._closed and not placed else None
        self._length, self._direction = length, direction
        if placed:
            self._s, self._rolled_m = None, 0.0
        self._early_m, self._missing, self.odd = None, False, Odd.NONE

    def look(self, s: float | None, at_end: bool) -> None:
        """Judge the switch where the running cart stands; `at_end`: the map says that this way is done."""
        if not self._config.fitted or not self._heard or s is None:
            return
        self._rolled_m += 0.0 if self._s is None else abs(s - self._s)
        self._s = s
        slack = self._config.slack_m + self._config.slack_share * self._rolled_m
        self._early_m = self._short_of_end(s) if self._closed and not self._may_be_worked(s, slack) else None
        self._missing = at_end and not self._closed and self._at_this_end

    def outvote(self, who: str) -> None:
        """Take the mission's word on whom two others contradict; nobody is asked again on this way."""
        if who in set(Odd):
            self.odd = Odd(who)

    @property
    def says_end(self) -> bool | None:
        """Its vote; None where there is none, or it was outvoted."""
        believed = self._config.fitted and self._heard and self.odd is not Odd.SWITCH
        return self._closed if believed and self._at_this_end else None

    @property
    def early(self) -> bool:
        """True while it says that the row ends where the map goes on, and nobody was outvoted."""
        return self._early_m is not None and self.odd in {Odd.NONE, Odd.NOBODY}

    @property
    def left_m(self) -> float | None:
        """Metres to where the cart turns, as the switch has it; None while it was not seen to be worked."""
        if self._worked_at is None or self._s is None:
            return None
        return self._overrun - self._config.acts_m - abs(self._s - self._worked_at)

    @property
    def faults(self) -> dict[Fault, str]:
        """What is to be told now, with a detail."""
        found: dict[Fault, str] = {}
        if self.odd in ODD_FAULTS:
            found[ODD_FAULTS[self.odd]] = self._detail if self.odd is Odd.SWITCH else ""
        if self.early:
            found[Fault.END_DOUBT] = self._detail
        elif self._missing and self.odd is Odd.NONE:
            found[Fault.END_SWITCH_WRONG] = self._detail
        return found

    @property
    def _detail(self) -> str:
        if self._early_m is not None:
            return f"the switch is worked {self._early_m:.1f} m before the row's end"
        return "the switch is not worked at the row's end" if self._missing else ""

    @property
    def _at_this_end(self) -> bool:
        return self._direction > 0 or self._config.at == "both"

    def _short_of_end(self, s: float) -> float:
        return self._length - s if self._direction > 0 else s

    def _may_be_worked(self, s: float, slack: float) -> bool:
        acts = self._config.acts_m
        far = s - self._length - acts >= -slack
        near = self._config.at == "both" and -s - acts >= -slack
        # Where the map was wrong about the end just left, the switch is worked until the cart has left it.
        way = self._overrun - acts + 2.0 * slack
        leaving = self._leaves_from is not None and abs(s - self._leaves_from) <= way
        return far or near or leaving
