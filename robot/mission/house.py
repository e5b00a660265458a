"""The house file: headlands, blocks of rows, docks, robots. `house_map.py` lays it out; `docs/mission.md` explains it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

import robot
from robot.config import read_config
from robot.mission.climate import ClimateConfig
from robot.mission.due import DueConfig
from robot.mission.motion import MotionConfig
from vision.types import SIDES, Side

DEMO_HOUSE = Path(robot.__path__[0]) / "mission" / "houses" / "demo.toml"
Toward = Literal["up", "down", "left", "right"]
Name = Field(min_length=1, max_length=80)
MOST_ROWS = 2000


class Section(BaseModel):
    """Base of the sections of a house file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class HeadlandConfig(Section):
    """A straight path that rows open onto; places on it are metres from its start."""

    name: str = Field(min_length=1, max_length=80, description="what rows, docks and links call it")
    start: tuple[float, float] = Field((0.0, 0.0), description="x, y in m")
    end: tuple[float, float] = Field(description="x, y in m")

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.start == self.end:
            raise ValueError(f"start and end are both {self.start}; move one")
        return self

    @property
    def length(self) -> float:
        """Metres from start to end."""
        (x0, y0), (x1, y1) = self.start, self.end
        return float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)


class LinkConfig(Section):
    """A way between places of two headlands: a door, a corner, a path along the wall."""

    from_headland: str = Field(description="a headland's name")
    from_at: float = Field(ge=0, le=5000, description="m from that headland's start")
    to_headland: str = Field(description="the other headland's name")
    to_at: float = Field(ge=0, le=5000, description="m from that headland's start")
    length: float = Field(ge=0, le=5000, description="m to drive")


class BlockConfig(Section):
    """Regular rows side by side: one entry for hundreds of rows, named NAME-001 onwards."""

    name: str = Field(min_length=1, max_length=60, description="rows are called NAME-001, NAME-002, ...")
    headland: str = Field(description="the headland where the rows begin")
    count: int = Field(ge=1, le=MOST_ROWS, description="how many rows")
    first_at: float = Field(0.8, ge=0, le=5000, description="m from the headland's start to the first row")
    pitch: float = Field(1.6, ge=0.5, le=10, description="m from row to row (assumed)")
    length: float = Field(160.0, gt=0, le=500, description="m; 160 in a large house (vendor pages)")
    toward: Toward = Field("up", description="which way the rows run from the headland, on the map")
    far_headland: str | None = Field(
        None, description="the headland at the rows' other ends, when they are open there"
    )
    first_tag: int | None = Field(
        None, ge=0, le=100_000, description="number of the first row's tag; the others follow"
    )
    cultivar: str = Field("", max_length=80, description="what grows there, for the results")


class RowConfig(Section):
    """One row that is not part of a block, or other than its block says."""

    name: str = Field(min_length=1, max_length=80, description="a new name, or one of a block's rows")
    headland: str | None = Field(
        None, description="the headland where it begins; as in its block when left out"
    )
    at: float | None = Field(None, ge=0, le=5000, description="m from the headland's start")
    length: float | None = Field(None, gt=0, le=500, description="m")
    toward: Toward | None = Field(None, description="which way it runs from the headland")
    far_headland: str | None = Field(None, description="the headland at its other end, when it is open there")
    sides: tuple[Side, ...] | None = Field(
        None, min_length=1, max_length=2, description="the sides with crop"
    )
    tag: int | None = Field(None, ge=0, le=100_000, description="number of the tag at its head")
    cultivar: str | None = Field(None, max_length=80, description="what grows there, for the results")


class DockConfig(Section):
    """Where batteries are swapped and carts disinfected."""

    name: str = Field(min_length=1, max_length=80, description="what robots call it")
    headland: str = Field(description="the headland it stands at")
    at: float = Field(ge=0, le=5000, description="m from the headland's start")


class RowTagConfig(Section):
    """A tag along a row, or beyond its end, by which the cart corrects its place."""

    number: int = Field(ge=0, le=100_000, description="what the tag shows")
    row: str = Field(min_length=1, max_length=80, description="the row it stands in")
    s: float = Field(ge=-5, le=505, description="m from the row's head")


class RobotConfig(Section):
    """One robot of the house."""

    name: str = Field(min_length=1, max_length=80, description="the machine's name")
    dock: str = Field(description="where it starts and changes its battery")
    sides: tuple[Side, ...] = Field(SIDES, min_length=1, max_length=2, description="the sides it can treat")


class HouseConfig(Section):
    """A house."""

    name: str = Field("house", min_length=1, max_length=80, description="the house's name")
    headlands: tuple[HeadlandConfig, ...] = Field(min_length=1, max_length=50, description="the paths")
    links: tuple[LinkConfig, ...] = Field((), max_length=200, description="ways between them")
    blocks: tuple[BlockConfig, ...] = Field((), max_length=200, description="regular rows")
    rows: tuple[RowConfig, ...] = Field((), max_length=MOST_ROWS, description="single rows and exceptions")
    docks: tuple[DockConfig, ...] = Field(min_length=1, max_length=200, description="docks")
    tags: tuple[RowTagConfig, ...] = Field((), max_length=20_000, description="tags along the rows")
    robots: tuple[RobotConfig, ...] = Field((), max_length=500, description="robots")
    no_go: tuple[str, ...] = Field((), description="rows that no robot may enter")
    controls: tuple[str, ...] = Field(
        (), description="rows left without robot to compare with; no robot enters them either"
    )
    infected: tuple[str, ...] = Field((), description="rows with a virus: entered last, then disinfected")
    zone_length: float = Field(
        4.8, ge=0, le=100, description="m of headland one cart needs for itself at an entrance (assumed)"
    )
    motion: MotionConfig = MotionConfig()
    due: DueConfig = DueConfig()
    climate: ClimateConfig = ClimateConfig()


def load_house(path: Path) -> HouseConfig:
    """Read a house file; raises ConfigError in one line."""
    return read_config(path, HouseConfig, "house file")
