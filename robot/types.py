"""What the control loop passes between its steps: planned pulses, refusals, outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vision.types import Side


class Reason(StrEnum):
    """Why a flower was not shot (planner), a pulse not sent (safety) or not fired (MCU)."""

    NOT_READY = "not_ready"
    UNSURE = "unsure"
    PLACE_UNSURE = "place_unsure"
    OUT_OF_REACH = "out_of_reach"
    TREATED_RECENTLY = "treated_recently"
    DAILY_CAP = "daily_cap"
    BUD_IN_JET = "bud_in_jet"
    PASSED = "passed"
    NOZZLE_BUSY = "nozzle_busy"
    OVER_AIR_BUDGET = "over_air_budget"
    NOT_ARMED = "not_armed"
    ESTOP = "estop"
    LOW_PRESSURE = "low_pressure"
    LINK_DOWN = "link_down"
    POSITION_UNSURE = "position_unsure"
    OUTSIDE_ROW = "outside_row"
    OVER_CAP = "over_cap"
    QUEUE_FULL = "queue_full"
    LATE = "late"
    STALE = "stale"
    BAD_SESSION = "bad_session"
    NO_ANSWER = "no_answer"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Train:
    """A pulse train: `count` openings of `on_us`, one every `period_us`."""

    on_us: int
    period_us: int
    count: int

    @property
    def duration_us(self) -> int:
        """First opening to last closing."""
        return self.period_us * (self.count - 1) + self.on_us


@dataclass(frozen=True, slots=True)
class PlannedPulse:
    """One train from one nozzle: opens when the encoder reaches `trigger_ticks`.

    `aim` is where the jet's axis should meet the crop, (s, h) in m; `direction` is the sign of travel.
    """

    pulse_id: int
    side: Side
    nozzle: int
    trigger_ticks: int
    direction: int
    train: Train
    aim: tuple[float, float]
    flower_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FlowerRefusal:
    """A flower that is not shot now, and why."""

    flower_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class PulseRefusal:
    """A planned pulse that was not sent, and why, in words for the operator."""

    pulse: PlannedPulse
    reason: Reason
    detail: str
