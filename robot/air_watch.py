"""Whether the compressor keeps up: with the valves shut and the tank not full, the pressure must rise."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from firmware_bridge.events import Telemetry

LONGEST_PAUSE_S = 0.2
"""Reports farther apart say nothing about what happened between them."""


class AirWatchConfig(BaseModel):
    """What a healthy compressor does. Every value is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    runs_below_kpa: float = Field(
        480.0, ge=0, le=2_000, description="below this the compressor always runs; 0 turns the watch off"
    )
    least_rise_kpa_s: float = Field(
        4.0, ge=0, le=500, description="rise with every valve shut that shows it working"
    )
    window_s: float = Field(4.0, gt=0, le=60, description="shut time over which the rise is measured, s")


class AirWatch:
    """Pieces the pauses between trains together to windows and judges the rise in each."""

    def __init__(self, config: AirWatchConfig) -> None:
        self._config = config
        self._last: Telemetry | None = None
        self._quiet_s = 0.0
        self._rise_kpa = 0.0
        self.rise_kpa_s: float | None = None
        """Rise in the last window, None before the first and once the tank is full enough."""

    @property
    def weak(self) -> bool:
        """True when the pressure did not rise as it must."""
        return self.rise_kpa_s is not None and self.rise_kpa_s < self._config.least_rise_kpa_s

    def hear(self, report: Telemetry) -> None:
        """Take one report of the controller, in order."""
        last, self._last = self._last, report
        if report.pressure_kpa >= self._config.runs_below_kpa or not report.pressure_believed:
            self._quiet_s = self._rise_kpa = 0.0
            self.rise_kpa_s = None
            return
        if last is None or not _quiet(last, report):
            return
        self._quiet_s += report.t - last.t
        self._rise_kpa += report.pressure_kpa - last.pressure_kpa
        if self._quiet_s >= self._config.window_s:
            self.rise_kpa_s = self._rise_kpa / self._quiet_s
            self._quiet_s = self._rise_kpa = 0.0


def _quiet(last: Telemetry, report: Telemetry) -> bool:
    """Tell whether no valve was open between two reports."""
    shut = not last.valves and not report.valves and last.openings == report.openings
    return shut and 0.0 < report.t - last.t <= LONGEST_PAUSE_S
