"""From a place in the crop to a nozzle and an encoder position. The planner calls it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from robot.types import Train
from vision.types import Side


class NozzleBank(BaseModel):
    """The vertical row of nozzles of one side; ids rise from the bottom nozzle to the top one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    side: Side = Field(description="side of the cart it blows at, seen along rising s")
    first_nozzle: int = Field(ge=0, le=63, description="the MCU's number of the lowest nozzle")
    count: int = Field(ge=1, le=64, description="nozzles in the bank")
    h_first: float = Field(ge=0, le=5, description="height of the lowest nozzle above the rail, m")
    pitch: float = Field(gt=0, le=0.5, description="distance from nozzle to nozzle, m")
    s_offset: float = Field(0.0, ge=-3, le=3, description="mouths ahead of the cart's reference point, m")
    d_mouth: float = Field(0.25, ge=-1, le=2, description="mouths from the mast plane, m")

    @property
    def numbers(self) -> range:
        """The MCU's numbers of the nozzles, bottom to top."""
        return range(self.first_nozzle, self.first_nozzle + self.count)

    def height(self, nozzle: int) -> float:
        """Return the height of a nozzle by its MCU number, m."""
        return self.h_first + (nozzle - self.first_nozzle) * self.pitch

    def nearest(self, h: float, most: int) -> list[int]:
        """Return up to `most` nozzle numbers, the one nearest to height `h` first."""
        middle = min(max(round((h - self.h_first) / self.pitch), 0), self.count - 1)
        around = range(max(0, middle - most), min(self.count, middle + most + 1))
        by_distance = sorted(around, key=lambda i: (abs(self.h_first + i * self.pitch - h), i))
        return [self.first_nozzle + i for i in by_distance[:most]]


class JetConfig(BaseModel):
    """The air jet as the planner believes it to be."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    radius: float = Field(
        0.014, gt=0, le=0.2, description="footprint radius at the best distance, m (assumed)"
    )
    spread: float = Field(
        0.03, ge=0, le=1, description="growth of the radius per metre of distance (assumed)"
    )
    best_distance: float = Field(
        0.182, gt=0, le=1, description="mouth to flower, m; Jiangsu Univ. j-csam 2024s133"
    )
    nearest: float = Field(
        0.08, ge=0, le=1, description="flowers nearer to the mouth are left alone, m (assumed)"
    )
    farthest: float = Field(0.30, gt=0, le=2, description="flowers beyond are out of reach, m (assumed)")
    exit_speed: float = Field(200.0, gt=0, le=340, description="air at the mouth, m/s (assumed)")

    flow_nl_min: float = Field(150.0, ge=0, le=10_000, description="air of one open nozzle, Nl/min (assumed)")

    def radius_at(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the footprint's radius (N,) at `distance` (N,) from the mouth."""
        return np.maximum(self.radius + self.spread * (distance - self.best_distance), 0.25 * self.radius)


class Shot(msgspec.Struct, frozen=True):
    """Where the cart is (s, m) at the first opening and at the last closing."""

    start_s: float
    end_s: float


def shot_at(
    bank: NozzleBank, jet: JetConfig, train: Train, *, aim_s: float, distance: float, velocity: float
) -> Shot:
    """Return the shot whose train's middle meets `aim_s` at the present `velocity` (m/s, signed).

    Leads by half the train and by the little that the jet leans forward: it keeps the cart's speed, and
    both speeds decay alike, so its path is straight at velocity / exit speed. The MCU leads by the valve
    lag itself, so it is not subtracted here.
    """
    duration = train.duration_us * 1e-6
    lead = 0.5 * duration + max(distance, 0.0) / jet.exit_speed
    start = aim_s - bank.s_offset - velocity * lead
    return Shot(start, start + velocity * duration)


def opening_offsets(velocity: float, train: Train) -> NDArray[np.float64]:
    """Return how far the jet's axis is from the aim (m of s) in the middle of each opening, (count,)."""
    index = np.arange(train.count, dtype=np.float64) - 0.5 * (train.count - 1)
    return index * (train.period_us * 1e-6 * velocity)


def jet_distance(
    places: NDArray[np.float64],
    aims_s: NDArray[np.float64],
    aims_h: NDArray[np.float64],
    offsets: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the distance (C, N, K) of N places (N, 3) from the axis of C aims at each of K openings."""
    s = places[None, :, None, 0] - aims_s[:, None, None] - offsets[None, None, :]
    h = places[None, :, 1] - aims_h[:, None]
    return np.hypot(s, h[:, :, None])


def candidate_shifts(step: float, most: float) -> Sequence[float]:
    """Return shifts along s from none to `most` m either way, small ones first."""
    count = int(most / step + 1e-9)
    return [0.0, *(sign * i * step for i in range(1, count + 1) for sign in (1.0, -1.0))]
