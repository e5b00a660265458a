"""What a sensor of moving air must offer to measure a valve's lag, and the fit that two of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.events import Event

FloatArray = NDArray[np.float64]

LAGS_S: FloatArray = np.arange(-0.01, 0.08, 1e-4)
"""Lags that are tried: beyond what a board takes on both ends, so that nonsense shows as such."""

AROUND_S = 0.12
"""Samples this long before and after a train belong to it."""

ODD = 2.0
"""A train that is met worse by this factor than the usual one is left out: the compressor cut in or out."""


class LagError(Exception):
    """The lag cannot be measured; the text names the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Train:
    """Openings as the board made them: host time of the first coil edge, seconds each, edge to edge."""

    opened_at: float
    on_s: float
    period_s: float
    count: int

    @property
    def edges(self) -> FloatArray:
        """Host times (count,) at which the coil was energised."""
        return self.opened_at + self.period_s * np.arange(self.count, dtype=np.float64)

    @property
    def end(self) -> float:
        """Host time at which the last opening ended."""
        return self.opened_at + self.period_s * (self.count - 1) + self.on_s


@dataclass(frozen=True, slots=True)
class LagEstimate:
    """A valve's lag, the standard error of that figure, and how many openings it rests on."""

    lag_s: float
    error_s: float
    openings: int


class LagSensor(Protocol):
    """Notices air. One nozzle at a time: `begin`, its trains, `end`; all times in host seconds."""

    def begin(self) -> None:
        """Start to listen; raises LagError."""
        ...

    def hear(self, event: Event) -> None:
        """Take an event of the controller while listening."""
        ...

    def end(self, trains: Sequence[Train]) -> LagEstimate:
        """Stop listening and tell the lag of these trains' nozzle; raises LagError."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


def blown(t: FloatArray, train: Train) -> FloatArray:
    """Return the seconds of air before each `t` of a valve without lag; any shape in, the same out."""
    since: FloatArray = np.clip(t[..., None] - train.edges, 0.0, train.on_s)
    return np.asarray(since.sum(axis=-1), dtype=np.float64)


def blowing(t: FloatArray, train: Train) -> FloatArray:
    """Return 1 where a valve without lag blows at `t`, else 0; any shape in, the same out."""
    since = t[..., None] - train.edges
    return np.asarray(((since >= 0.0) & (since < train.on_s)).any(axis=-1), dtype=np.float64)


def fit_lag(
    t: FloatArray,
    values: FloatArray,
    trains: Sequence[Train],
    response: Callable[[FloatArray, Train], FloatArray],
    least_effect: float,
) -> LagEstimate:
    """Return the lag at which `values` (N,) at host times `t` (N,) follow the trains best.

    For each train, values = a + b t + k response(t - lag) with its own a, b and k: slow drifts, as of a
    compressor, do not matter. Least squares over a grid of lags; the error is the jackknife's over trains.
    `least_effect` is what a train must change the values by at least, on average, to be believed.
    Raises LagError.
    """
    curves: list[FloatArray] = []
    effects: list[float] = []
    for train in trains:
        near = (t >= train.opened_at - AROUND_S) & (t <= train.end + AROUND_S)
        if np.count_nonzero(near) < 5:
            raise LagError(f"only {np.count_nonzero(near)} samples around a train: the sensor gives too few")
        curve, effect = _misfit(t[near], values[near], train, response)
        curves.append(curve)
        effects.append(effect)
    misfits = np.asarray(curves)
    fair = misfits.min(axis=1) <= ODD * np.median(misfits.min(axis=1)) + 1e-9
    misfits, effect = misfits[fair], float(np.mean(np.asarray(effects)[fair]))
    if abs(effect) < least_effect:
        raise LagError(
            f"a train changes the reading by {abs(effect):.2f}, it takes {least_effect:g}: "
            "is the nozzle blocked, the air off or the sensor too coarse?"
        )
    total = misfits.sum(axis=0)
    lag_s = _lowest(total)
    count = len(misfits)
    without = np.asarray([_lowest(total - misfit) for misfit in misfits])
    error_s = float(np.sqrt((count - 1) / count * np.square(without - without.mean()).sum()))
    return LagEstimate(
        lag_s, error_s, sum(train.count for train, used in zip(trains, fair, strict=True) if used)
    )


def _misfit(
    t: FloatArray,
    values: FloatArray,
    train: Train,
    response: Callable[[FloatArray, Train], FloatArray],
) -> tuple[FloatArray, float]:
    """Return the sum of squares left at each lag (L,), and what the train changed at the best one."""
    slow, _ = np.linalg.qr(np.stack([np.ones_like(t), t - t[0]], axis=1))
    rest = values - slow @ (slow.T @ values)
    shapes = response(t - LAGS_S[:, None], train)
    moved = shapes - (shapes @ slow) @ slow.T
    power = np.maximum(np.square(moved).sum(axis=1), 1e-12)
    along = moved @ rest
    left = np.square(rest).sum() - np.square(along) / power
    best = int(left.argmin())
    return left, float(along[best] / power[best] * np.ptp(shapes[best]))


def _lowest(misfit: FloatArray) -> float:
    """Return the lag of the lowest misfit, the middle of them where it is flat."""
    low = misfit.min()
    return float(LAGS_S[misfit <= low + 1e-9 * max(abs(low), 1.0)].mean())
