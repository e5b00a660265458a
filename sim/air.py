"""Compressed air: a tank that sags with use and a compressor that refills it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sim.native._native import ffi, lib

FULL_KPA = 600.0


class AirConfig(BaseModel):
    """Tank, compressor and nozzles. Every value is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tank_l: float = Field(12.0, gt=0, le=1000, description="tank volume (l)")
    start_kpa: float = Field(600.0, ge=0, le=1500, description="gauge pressure at switch-on")
    cut_in_kpa: float = Field(520.0, ge=0, le=1500, description="compressor starts below")
    cut_out_kpa: float = Field(620.0, ge=0, le=1500, description="compressor stops above")
    compressor_nl_min: float = Field(120.0, ge=0, le=10_000, description="delivery in normal litres a minute")
    nozzle_nl_min: float = Field(
        150.0, ge=0, le=10_000, description="flow of one open nozzle at 600 kPa gauge"
    )


class AirSupply:
    """The tank; `step` takes how many nozzles blow, on average, and keeps count of the air used.

    What moves stands in C: `state.pressure_kpa` (gauge), `state.used_nl`, `state.leak_nl_min` (lost at 600 kPa gauge,
    valves or not) and `state.delivery`, the share of its rating that the compressor delivers.
    """

    def __init__(self, config: AirConfig) -> None:
        self.state: Any = ffi.new(
            "native_air *",
            {
                "tank_l": config.tank_l,
                "cut_in_kpa": config.cut_in_kpa,
                "cut_out_kpa": config.cut_out_kpa,
                "compressor_nl_min": config.compressor_nl_min,
                "nozzle_nl_min": config.nozzle_nl_min,
                "pressure_kpa": config.start_kpa,
                "delivery": 1.0,
            },
        )

    @property
    def pressure_kpa(self) -> float:
        """Gauge pressure."""
        pressure: float = self.state.pressure_kpa
        return pressure

    @property
    def used_nl(self) -> float:
        """Normal litres used so far."""
        used: float = self.state.used_nl
        return used

    def strength(self, exponent: float) -> float:
        """Return the share of its full effect that a jet has now; 1 at 600 kPa, and for exponent 0."""
        return float((self.pressure_kpa / FULL_KPA) ** exponent) if exponent > 0.0 else 1.0

    def step(self, open_nozzles: float, dt: float, compressor_on: bool = True) -> None:
        """Advance by `dt` seconds. Choked flow: what leaves is proportional to absolute pressure."""
        lib.native_air_step(self.state, open_nozzles, dt, compressor_on)
