"""How fast a cart works, drives and swaps its battery: the `[motion]` section of a house file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MotionConfig(BaseModel):
    """Speeds, manoeuvres and battery of a cart."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    treat_speed: float = Field(
        0.15,
        gt=0,
        le=0.5,
        description="m/s into the row, treating; 0.14-0.17 serves a hectare in 5 h (derived)",
    )
    return_speed: float = Field(0.35, gt=0, le=1.0, description="m/s back out of the row (assumed)")
    headland_speed: float = Field(0.5, gt=0, le=2.0, description="m/s along the headland (assumed)")
    entrance_s: float = Field(
        30.0, ge=0, le=3600, description="s to get onto the pipe rails, and again to get off them (assumed)"
    )
    battery_h: float = Field(
        4.0, gt=0, le=48, description="h of driving and treating on one battery (assumed)"
    )
    swap_s: float = Field(300.0, ge=0, le=36_000, description="s at the dock for a fresh battery (assumed)")
    disinfect_s: float = Field(
        600.0,
        ge=0,
        le=36_000,
        description="s at the dock after infected rows (assumed; virus: Viruses 15:2076)",
    )

    @property
    def battery_s(self) -> float:
        """Seconds of driving and treating on one full battery."""
        return self.battery_h * 3600.0

    def visit_s(self, length: float, through: bool = False) -> float:
        """Return the seconds of a visit to a row of `length` m: onto the rails, in, out, off the rails."""
        back = 0.0 if through else length / self.return_speed
        return 2.0 * self.entrance_s + length / self.treat_speed + back
