"""The `[day]` section of a scenario: which house, how quick its people are, and what goes wrong."""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sim.headland import HeadlandDriveConfig
from sim.world_config import WorldConfig

HOUSES = Path(str(files("sim"))) / "houses"


class DayCropConfig(BaseModel):
    """A crop that differs from the scenario's `[world]`: another cultivar, or another light, in some rows."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rows: tuple[str, ...] = Field(
        min_length=1, max_length=2000, description="names, or patterns like north-*"
    )
    world: dict[str, object] = Field(description="the keys of [world] that differ there")

    def grows_in(self, row: str) -> bool:
        """Tell whether it stands in `row`."""
        return any(fnmatchcase(row, pattern) for pattern in self.rows)

    def among(self, world: WorldConfig) -> WorldConfig:
        """Return `world` with what differs here; raises ValueError in one line."""
        if "row_length_m" in self.world:
            raise ValueError("world.row_length_m: the house file says how long rows are; leave it out")
        try:
            return WorldConfig.model_validate({**world.model_dump(), **self.world})
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in ("world", *problem["loc"]))
            raise ValueError(f"{key}: {problem['msg'].removeprefix('Value error, ')}") from error


class DayConfig(BaseModel):
    """A day in a house; interruptions are named by the number of the row begun, from 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    house: str = Field(min_length=1, description="a shipped house by name, or a house file")
    move_s: float = Field(12.0, ge=0, le=3600, description="s in which a person moves the cart (assumed)")
    serve_s: float = Field(20.0, ge=0, le=3600, description="s for a battery or disinfection (assumed)")
    autonomous: bool = Field(False, description="the cart drives over the headland by itself, by row tags")
    headland: HeadlandDriveConfig = Field(default_factory=HeadlandDriveConfig)
    crops: tuple[DayCropConfig, ...] = Field(
        (), max_length=50, description="crops by row; of two in a row the last counts"
    )
    block_in: int | None = Field(None, ge=1, le=2000, description="this row is blocked half way in")
    kill_in: tuple[int, ...] = Field((), description="the program is killed half way into these rows")
    cut_in: tuple[int, ...] = Field((), description="all power is cut half way into these rows")

    @model_validator(mode="after")
    def _house_is_there(self) -> Self:
        if not self.path.is_file():
            known = ", ".join(sorted(path.stem for path in HOUSES.glob("*.toml")))
            raise ValueError(f"house = '{self.house}': unknown; choose from {known} or name a file")
        return self

    @property
    def path(self) -> Path:
        """The house file."""
        named = self.house.endswith(".toml") or "/" in self.house
        return Path(self.house) if named else HOUSES / f"{self.house}.toml"
