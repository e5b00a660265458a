"""Valve lag from the pressure reading: it falls while air flows, so it turns down one lag after each edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firmware_bridge.events import Event, Telemetry
from robot.calibration.lag_sensor import LagEstimate, Train, blown, fit_lag

LEAST_DROP_KPA = 1.0
"""A train must lower the reading, which comes in whole kPa, by this much."""


class PressureSensor:
    """Reads the pressure of the controller's reports. At 50 Hz and in whole kPa it takes many openings:
    trains whose period is no multiple of the reports' spread both over all phases."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, float]] = []

    def begin(self) -> None:
        """Start afresh."""
        self._samples.clear()

    def hear(self, event: Event) -> None:
        """Keep a report's pressure."""
        if isinstance(event, Telemetry):
            self._samples.append((event.t, float(event.pressure_kpa)))

    def end(self, trains: Sequence[Train]) -> LagEstimate:
        """Fit the dips; raises LagError."""
        samples = np.asarray(self._samples, dtype=np.float64).reshape(-1, 2)
        return fit_lag(samples[:, 0], samples[:, 1], trains, blown, LEAST_DROP_KPA)

    def close(self) -> None:
        """Nothing to release."""
