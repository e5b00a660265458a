"""The `[mission]` section of a machine file: the house that this robot serves."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from robot.mission.base_link import BaseConfig
from robot.mission.fiducials import FrontCameraConfig
from robot.mission.navigator import HeadlandConfig


class PaceConfig(BaseModel):
    """Limits of the speed along the row."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    slowest: float = Field(0.05, ge=0.02, le=0.5, description="m/s; slower is never asked for (assumed)")
    hurry: float = Field(
        1.5,
        ge=1,
        le=3,
        description="times the usual speed that a window about to close may ask for (assumed)",
    )
    busy_share: float = Field(
        0.1, gt=0, le=0.9, description="share of flowers that may find their nozzle busy (assumed)"
    )
    air_nl_min: float = Field(
        120.0, gt=0, le=10_000, description="normal litres a minute that the compressor keeps up (assumed)"
    )


class MissionConfig(BaseModel):
    """The day as a whole; without a house the robot works the one row of [row]."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    house: Path | None = Field(None, description="house file (docs/mission.md); left out: one row a run")
    robot: str | None = Field(
        None, min_length=1, max_length=80, description="this robot in the house file; its name when left out"
    )
    head_s: float = Field(
        -1.0,
        ge=-5,
        le=0,
        description="where the cart stands once it is on the rails at a row's head, m (assumed)",
    )
    plan_s: float = Field(5.0, ge=0, le=60, description="s of search for the day's plan; 0 for the fast plan")
    late_s: float = Field(
        300.0, gt=0, le=36_000, description="s behind or ahead of the plan that ask for a new one (assumed)"
    )
    self_start: bool = Field(
        False, description="begin each day, and go on after a restart, without a person's START"
    )
    pace: PaceConfig = PaceConfig()
    front: FrontCameraConfig = FrontCameraConfig()
    base: BaseConfig = BaseConfig()
    headland: HeadlandConfig = HeadlandConfig()
