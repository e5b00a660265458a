"""What jets do to the plants: trusses in and beside a jet are pushed away from it and swing out."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sim.trigonometry import sin_turns

Floats = NDArray[np.float64]
SETTLED = 5.0
"""After this many time constants a truss hangs still."""
MOST_SHAKES = 4096


class ShakeConfig(BaseModel):
    """How a truss answers air. Off by default (push_mm = 0); every value is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    push_mm: float = Field(
        0.0, ge=0, le=50, description="first swing of a truss's tip under one opening on its axis"
    )
    reach_m: float = Field(
        0.045, gt=0, le=0.3, description="distance from the jet's axis at which a neighbour is left in peace"
    )
    hz: float = Field(2.2, gt=0, le=20, description="how fast a pushed truss swings")
    settle_s: float = Field(0.6, gt=0, le=20, description="time in which a swing falls to 1/e")


class Shake(NamedTuple):
    """One push: the sway group that it moves, from when on, and how far (3,) at weight one."""

    group: int
    t: float
    reach: tuple[float, float, float]
    config: ShakeConfig


class Shakes:
    """The pushes that still swing, of one side. Cost: linear in those of the last seconds."""

    def __init__(self) -> None:
        self._shakes: deque[Shake] = deque(maxlen=MOST_SHAKES)

    def __bool__(self) -> bool:
        return bool(self._shakes)

    def add(self, config: ShakeConfig, group: int, t: float, reach: tuple[float, float, float]) -> None:
        """Push one sway group at `t`; forgets what hangs still."""
        until = t - 2.0 * SETTLED * config.settle_s
        while self._shakes and self._shakes[0].t < until:
            self._shakes.popleft()
        self._shakes.append(Shake(group, t, reach, config))

    def swing(self, offsets: Floats, t: float, first: int) -> None:
        """Add to `offsets` (G, 3) of the groups from `first` on what the pushes make of them at `t`."""
        # A copy: in real time one thread draws while another one pushes.
        for shake in list(self._shakes):
            since, at = t - shake.t, shake.group - first
            config = shake.config
            if 0.0 < since < SETTLED * config.settle_s and 0 <= at < len(offsets):
                swing = float(sin_turns(config.hz * since)) * fallen(since / config.settle_s)
                offsets[at] += swing * np.asarray(shake.reach)


def fallen(x: float) -> float:
    """Return exp(-x), near enough, as (1 - x / 64)^64 by squaring: the same to the bit everywhere."""
    value = max(0.0, 1.0 - x / 64.0)
    for _ in range(6):
        value *= value
    return value


def push(config: ShakeConfig, off_axis: Floats, groups: NDArray[np.int32]) -> dict[int, float]:
    """Return sway group -> share of the full push, of flowers (N,) at these distances from the jet's axis."""
    share = np.maximum(0.0, 1.0 - off_axis / config.reach_m)
    strongest: dict[int, float] = {}
    for group, value in zip(groups.tolist(), share.tolist(), strict=True):
        if value > strongest.get(group, 0.0):
            strongest[group] = value
    return strongest
