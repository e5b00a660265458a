"""Compressed air: a tank that sags with use and a compressor that refills it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

AMBIENT_KPA = 101.3
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
    """The tank; `step` takes how many nozzles blow, on average, and keeps count of the air used."""

    def __init__(self, config: AirConfig) -> None:
        self._config = config
        self.pressure_kpa = config.start_kpa
        self.used_nl = 0.0
        self.leak_nl_min = 0.0
        """Lost at 600 kPa gauge, valves or not."""
        self.delivery = 1.0
        """Share of its rating that the compressor delivers."""
        self._running = False

    def strength(self, exponent: float) -> float:
        """Return the share of its full effect that a jet has now; 1 at 600 kPa, and for exponent 0."""
        return float((self.pressure_kpa / FULL_KPA) ** exponent) if exponent > 0.0 else 1.0

    def step(self, open_nozzles: float, dt: float, compressor_on: bool = True) -> None:
        """Advance by `dt` seconds. Choked flow: what leaves is proportional to absolute pressure."""
        config = self._config
        absolute = self.pressure_kpa + AMBIENT_KPA
        flow = (
            (open_nozzles * config.nozzle_nl_min + self.leak_nl_min) * absolute / (FULL_KPA + AMBIENT_KPA)
            if self.pressure_kpa > 0
            else 0.0
        )
        used = flow * dt / 60.0
        self._running = self.pressure_kpa < config.cut_in_kpa or (
            self._running and self.pressure_kpa < config.cut_out_kpa
        )
        made = (
            self.delivery * config.compressor_nl_min * dt / 60.0 if self._running and compressor_on else 0.0
        )
        self.used_nl += used
        # Isothermal tank: one normal litre more or less moves the pressure by p0 / volume.
        self.pressure_kpa = max(0.0, self.pressure_kpa + (made - used) * AMBIENT_KPA / config.tank_l)
