"""What the pages' own routes give: the house today, a row metre by metre, the plan, results."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from robot.dashboard.api_models import Given, Taken
from vision.types import Side

Days = Annotated[int, Query(ge=1, le=3660)]
RowName = Annotated[str, Field(min_length=1, max_length=80, examples=["north-001"])]
SideState = Literal["no_entry", "late", "must", "due", "broken_off", "treated"]
Wall = Annotated[float, Field(description="POSIX seconds", examples=[1790000000.0])]


class SideLine(Given):
    """How one row-side stands. `ready` and `treated` are of its last pass; null without one."""

    side: Side
    state: SideState
    last: Wall | None
    due_from: Wall | None
    due_by: Wall | None
    expected: float | None = Field(description="ready flowers to expect", examples=[410.0])
    ready: int | None = Field(examples=[404])
    treated: int | None = Field(examples=[356])


class RowLine(Given):
    """One row of the house: its way on the map in m, and its sides."""

    name: RowName
    start: tuple[float, float]
    end: tuple[float, float]
    length: float = Field(examples=[160.0])
    pitch: float = Field(examples=[1.6])
    infected: bool
    blocked: str = Field("", description="why nobody enters it: no_entry, or empty", examples=[""])
    sides: list[SideLine]


class WindowLine(Given):
    """When the climate's hours open and close, and what the gate says where it is known."""

    opens: Wall
    closes: Wall
    open: bool
    source: str = Field(description="none: by the hours alone", examples=["none"])


class Path(Given):
    """A headland on the map, in m."""

    name: str
    start: tuple[float, float]
    end: tuple[float, float]


class Spot(Given):
    """A dock on the map, in m."""

    name: str
    at: tuple[float, float]


class ForecastLine(Given):
    """What the day's first plan said: when the rows would be done, and when they were."""

    told: Wall
    came: Wall


class Today(Given):
    """The house and how each of its row-sides stands now; `problem` says why it is not known."""

    problem: str = Field(examples=[""])
    now: Wall
    house: str = Field(examples=["demo house"])
    has_house: bool = Field(description="whether a house file was named")
    window: WindowLine | None
    paths: tuple[Path, ...] = ()
    docks: tuple[Spot, ...] = ()
    rows: tuple[RowLine, ...] = ()
    finish: Wall | None = Field(None, description="when the plan's last row is done")
    robots: int = 0
    forecast: ForecastLine | None = Field(None, description="of the last day whose work was done as planned")


class Metre(Given):
    """One stretch of a row-side in its last pass; `missed` is by reason."""

    start: float
    end: float
    ready: int
    treated: int
    missed: dict[str, int]
    left: dict[str, int] = Field(description="not due or spared, by reason")


class SidePass(Given):
    """The last pass along one side."""

    side: Side
    session: int
    began: Wall
    ended: Wall
    ready: int
    treated: int
    due_from: Wall | None
    metres: list[Metre]


class PassLine(Given):
    """One pass along one side, for the list of earlier ones."""

    session: int
    side: Side
    began: Wall
    ended: Wall
    ready: int
    treated: int
    missed: int


class RowView(Given):
    """One row metre by metre, and its passes, newest first."""

    problem: str
    name: str
    names: list[str] = Field(description="the rows that can be looked at")
    length: float
    sides: tuple[SidePass, ...] = ()
    passes: tuple[PassLine, ...] = ()
    pictures: str = Field("", description="where pictures of this row are, or empty")


class FlowerLine(Given):
    """A flower that was passed: its place in m, what became of it, and the pulse it had."""

    side: Side
    flower: int
    s: float
    h: float
    reason: str
    wall: Wall
    pulse: int | None
    nozzle: int | None
    outcome: str | None


class Flowers(Given):
    """The flowers of a stretch of one row-side in one pass."""

    problem: str
    flowers: tuple[FlowerLine, ...] = ()


class Share(Given):
    """A share with its 95 % interval (Wilson), which takes flowers for independent."""

    value: float
    low: float
    high: float


class ResultLine(Given):
    """Sums over a row, a cultivar, a week or all: flowers seen ready, treated, and open flowers a square metre."""

    key: str = Field(examples=["2026-W31"])
    passes: int
    open: int
    treated: int
    coverage: Share | None
    per_m2: float | None = Field(description="ready flowers a m² of crop in the passes", examples=[11.2])
    missed: dict[str, int]


class Results(Given):
    """What the ledger tells of the last days."""

    problem: str
    days: int
    total: ResultLine | None = None
    weeks: tuple[ResultLine, ...] = ()
    rows: tuple[ResultLine, ...] = ()
    cultivars: tuple[ResultLine, ...] = Field((), description="where the house file names them")


class VisitLine(Given):
    """One planned visit."""

    robot: str
    row: str
    sides: list[Side]
    start: Wall
    end: Wall
    must: bool
    late: bool
    infected: bool
    flowers: float
    deadline: Wall | None


class PlanView(Given):
    """The day's plan: its visits by time, what is left out, and whether the robot itself follows it."""

    problem: str
    zero: Wall | None = None
    finish: Wall | None = None
    value: float = 0.0
    robots: tuple[str, ...] = ()
    visits: tuple[VisitLine, ...] = ()
    left_out: tuple[str, ...] = ()
    must_missed: tuple[str, ...] = ()


class WhatIf(Taken):
    """What would become of the plan: rows that nobody enters, robots that do no more, rows in another order."""

    block: list[RowName] = Field([], max_length=40, examples=[["north-003"]])
    lose: list[RowName] = Field([], max_length=20, examples=[[]])
    orders: dict[str, list[RowName]] = Field({}, examples=[{}])
