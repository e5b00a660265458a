"""Where a hiss begins in a recording: later than the click of the coil, which is short."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot.calibration.lag_sensor import FloatArray

WINDOW_S = 0.001
"""Loudness is the mean power over this."""
LASTS_S = 0.006
"""A hiss stays loud this long; the coil's click is over sooner (assumed)."""
TIMES_QUIET = 8.0
"""So many times the power of the quiet before is loud (assumed)."""
QUIET_S = 0.03
LOOK_S = 0.06
"""Air comes within this after the edge, or not at all."""


def onset_lags(samples: FloatArray, rate_hz: float, edges_s: Sequence[float]) -> list[float | None]:
    """Return, for each coil edge (s from the first sample), the seconds until a hiss begins; None without.

    `samples` (N,) are of one channel, any unit.
    """
    width = max(1, round(WINDOW_S * rate_hz))
    power = np.convolve(np.square(samples - samples.mean()), np.full(width, 1.0 / width), mode="full")
    # power[n] now is the mean over the window that ends at sample n.
    return [_onset(power, rate_hz, edge_s, width) for edge_s in edges_s]


def _onset(power: FloatArray, rate_hz: float, edge_s: float, width: int) -> float | None:
    edge = round(edge_s * rate_hz)
    quiet = power[max(0, edge - round(QUIET_S * rate_hz)) : max(edge, 0)]
    look = power[max(edge, 0) : edge + round((LOOK_S + LASTS_S) * rate_hz)]
    lasts = round(LASTS_S * rate_hz)
    if len(quiet) < width or len(look) <= lasts:
        return None
    loud = look > TIMES_QUIET * max(float(np.median(quiet)), 1e-12)
    run = np.convolve(loud, np.ones(lasts), mode="valid")
    starts = np.flatnonzero(run >= lasts - 0.5)
    if not starts.size:
        return None
    # A window goes loud once a small part of it is hiss: that part is unknown, half a window at most.
    return float(starts[0] / rate_hz)
