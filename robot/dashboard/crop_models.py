"""What the routes of people's counts take and give."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from robot.dashboard.api_models import Given, Taken
from robot.dashboard.pages_models import RowName, Share

MOST_FLOWERS = 100_000


class CountBody(Taken):
    """One row on one day. `fruits` of `flowers` had set; `truss` is the number of the truss in bloom, on average."""

    day: date = Field(examples=["2026-07-01"])
    row: RowName
    flowers: int = Field(0, ge=0, le=MOST_FLOWERS, examples=[120])
    fruits: int = Field(0, ge=0, le=MOST_FLOWERS, examples=[104])
    truss: float | None = Field(None, ge=0, le=200, examples=[7.4])

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if self.fruits > self.flowers:
            raise ValueError(
                f"fruits = {self.fruits}: more than the {self.flowers} flowers that were looked at"
            )
        if self.flowers == 0 and self.truss is None:
            raise ValueError("flowers, truss: both are missing; give one of them")
        return self


class CountLine(Given):
    """A count that is kept."""

    id: int
    day: date
    row: RowName
    flowers: int
    fruits: int
    truss: float | None
    who: str
    control: bool
    cultivar: str


class Rate(Given):
    """Trusses a week: the mean of rows with its 95 % interval (Student's t); no interval for one row."""

    value: float
    low: float | None
    high: float | None


class CropLine(Given):
    """Sums over a row, a cultivar or a week; `fruit_set` has Wilson's interval, which takes flowers for independent."""

    key: str
    control: bool
    rows: int
    flowers: int
    fruits: int
    fruit_set: Share | None
    truss_rate: Rate | None


class Difference(Given):
    """Fruit set in the robot's rows less that in control rows; its 95 % interval counts rows, not flowers."""

    value: float
    low: float | None
    high: float | None
    robot_rows: int
    control_rows: int


class Crop(Given):
    """What people's counts tell of the last days; `treated_in_control` is what the ledger says against them."""

    problem: str
    days: int
    rows: tuple[CropLine, ...] = ()
    cultivars: tuple[CropLine, ...] = ()
    weeks: tuple[CropLine, ...] = ()
    arms: tuple[CropLine, ...] = ()
    difference: Difference | None = None
    treated_in_control: int = Field(
        0, description="flowers that the robot treated in control rows, by the ledger"
    )
    coverage_robot: Share | None = Field(
        None, description="coverage in the robot's counted rows, by the ledger"
    )
    names: list[str] = Field([], description="rows that can be counted")
    counts: tuple[CountLine, ...] = ()
