"""What the mission shows of the day after a step; `robot/snapshot_mission.py` makes the snapshot's block of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vision.types import Side


@dataclass(frozen=True, slots=True)
class StopView:
    """One stop of today's way; times are host monotonic seconds, measured where it is past, else predicted."""

    kind: str
    """visit, swap or disinfect."""
    row: str
    sides: tuple[Side, ...]
    state: str
    """planned, next, now, done, broken_off or blocked."""
    start: float
    end: float
    value: float = 0.0
    must: bool = False
    infected: bool = False


@dataclass(frozen=True, slots=True)
class AskView:
    """What a person is asked to do and then to `confirm`; `tag` is the number that the confirmation must carry."""

    what: str
    """row (bring the cart to `row`, onto the rails), dock (bring it there), swap, disinfect or fetch (to the dock)."""
    text: str
    row: str = ""
    tag: int | None = None
    refused: str = ""
    """Why the last confirmation was not taken."""
    s: float = 0.0
    """Where in the row the cart is to stand, m from its head."""
    refused_code: str = ""


@dataclass(frozen=True, slots=True)
class WindowView:
    """Whether the window is open, and why; times are host monotonic seconds."""

    open: bool
    why: str
    opens: float
    closes: float


@dataclass(frozen=True, slots=True)
class WishView:
    """What a person wished for today and still holds: block or pin a row, or end_day."""

    kind: str
    row: str
    who: str
    wall: float
    """POSIX seconds."""


@dataclass(frozen=True, slots=True)
class MissionView:
    """The day as it stands."""

    now: float
    house: str
    robot: str
    phase: str
    """A `robot.mission.runner.Phase`."""
    why: str
    """One sentence: what the mission does now, or what it waits for."""
    held: str
    """Why it goes on only after a person's START, or ''."""
    window: WindowView
    stops: tuple[StopView, ...] = ()
    rows: Mapping[str, str] = field(default_factory=dict)
    """Row -> planned, now, done, broken_off, blocked, left (due, but not in the plan), no_go or not_due."""
    ask: AskView | None = None
    row: str = ""
    row_ends: float | None = None
    house_ends: float | None = None
    quality: float | None = None
    """Value of the plan over its upper bound."""
    planning: bool = False
    problem: str = ""
    """Why the last planning came to nothing, or ''."""
    replans: int = 0
    prediction_error_s: float | None = None
    """Mean of |end - end predicted at the row's begin| over today's rows."""
    house_error_s: float | None = None
    """|end of the day's work - end that its first plan predicted|, once it is over."""
    wishes: tuple[WishView, ...] = ()
    why_code: str = ""
    """What it waits for: a `robot.mission.waits.Wait`, the `what` of its ask, its phase, or '' while it works."""
