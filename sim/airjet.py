"""What an opened nozzle does to the flowers before it: hit or miss by distance, offset, timing, angle and rhythm."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sim.shakes import ShakeConfig
from vision.types import Side

FloatArray = NDArray[np.float64]


class AirJetConfig(BaseModel):
    """The jet. Best distance, frequency and angle: Jiangsu Univ. j-csam 2024s133; all else assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    best_distance_m: float = Field(0.182, gt=0, le=1, description="j-csam 2024s133")
    distance_width_m: float = Field(
        0.12, gt=0, le=1, description="distance from the best at which 1/e is left"
    )
    reach_m: tuple[float, float] = Field((0.06, 0.32), description="outside this the jet does nothing")
    best_angle_deg: float = Field(76.0, ge=0, le=180, description="jet to flower axis, j-csam 2024s133")
    angle_weight: float = Field(0.4, ge=0, le=1, description="share of the effect that depends on the angle")
    best_hz: float = Field(
        24.0, gt=0, le=200, description="openings a second that shake best, j-csam 2024s133"
    )
    hz_width: float = Field(12.0, gt=0, le=200, description="Hz off the best at which 1/e is left")
    hz_weight: float = Field(
        0.0, ge=0, le=1, description="share of the effect that depends on the rhythm; 0 as if any would do"
    )
    radius_m: float = Field(0.014, gt=0, le=0.2, description="footprint radius at the best distance")
    spread: float = Field(0.03, ge=0, le=1, description="growth of the radius per metre of distance")
    air_speed_m_s: float = Field(
        60.0, gt=0, le=340, description="mean speed of the front from mouth to flower"
    )
    valve_lag_s: float = Field(0.012, ge=0, le=0.2, description="command edge to moving air, and to its end")
    valve_lag_std_s: float = Field(0.0008, ge=0, le=0.05, description="spread of the lag from edge to edge")
    pressure_exponent: float = Field(
        0.0,
        ge=0,
        le=2,
        description="dose grows with (pressure / 600 kPa) to this power; 0 as if a regulator held it",
    )
    shake: ShakeConfig = Field(ShakeConfig(), description="how trusses swing under the jets")
    treated_dose: float = Field(
        0.9, gt=0, le=20, description="dose of one train that shakes the pollen loose"
    )


@dataclass(frozen=True, slots=True)
class Opening:
    """Air from one nozzle, between two moments of true time (s), at the cart's true place (m)."""

    side: Side
    nozzle_s: float
    nozzle_h: float
    nozzle_d: float
    t: float


@dataclass(slots=True)
class TrainEffect:
    """One train as it met the crop: dose per flower and the jet's distance to the nearest ready flower."""

    side: Side
    nozzle: int
    t_first: float
    openings: int = 0
    dose: dict[int, float] = field(default_factory=dict)
    track: list[tuple[float, float, float]] = field(default_factory=list)
    """(t, s, h) of the jet's axis at each opening."""

    def middle(self) -> tuple[float, float, float]:
        """Return the mean (t, s, h) of the openings."""
        t, s, h = np.mean(np.asarray(self.track), axis=0)
        return float(t), float(s), float(h)


class FlowerField(Protocol):
    """What the jet needs of one side of the crop."""

    def near(self, s: float, reach: float) -> NDArray[np.intp]:
        """Return the indices of flowers whose rest place lies within `reach` of `s`."""
        ...

    def positions(self, index: NDArray[np.intp], t: float) -> FloatArray:
        """Return (M, 3) swaying places (s, h, d) at `t`."""
        ...

    def axes(self, index: NDArray[np.intp]) -> FloatArray:
        """Return (M, 3) unit vectors along which the flowers look."""
        ...

    def blocked(self, start: FloatArray, end: FloatArray, t: float) -> bool:
        """Tell whether a leaf swallows the air between two points."""
        ...

    def blown_on(
        self, config: ShakeConfig, mouth: FloatArray, reach_m: tuple[float, float], t: float
    ) -> None:
        """Let the trusses in and beside a jet from `mouth` swing from `t` on."""
        ...


def dose_of(config: AirJetConfig, offset: FloatArray, axes: FloatArray) -> FloatArray:
    """Return (M,) the dose of one opening on flowers at `offset` (M, 3) from the mouth, jet along +d.

    0 outside the footprint or the reach; 1 in the best place at the best angle.
    """
    distance = offset[:, 2]
    off_axis = np.hypot(offset[:, 0], offset[:, 1])
    radius = config.radius_m + config.spread * (distance - config.best_distance_m)
    inside = (off_axis <= radius) & (distance >= config.reach_m[0]) & (distance <= config.reach_m[1])
    by_distance = np.exp(-np.square((distance - config.best_distance_m) / config.distance_width_m))
    angle = np.arccos(np.clip(np.abs(axes[:, 2]), 0.0, 1.0))
    off_best = np.cos(angle - math.radians(config.best_angle_deg))
    by_angle = 1.0 - config.angle_weight + config.angle_weight * np.square(off_best)
    return np.where(inside, by_distance * by_angle, 0.0)


def by_rhythm(config: AirJetConfig, since_s: float | None) -> float:
    """Return the share of its dose that an opening gives `since_s` after the one before; the first gives all."""
    if since_s is None or config.hz_weight == 0.0:
        return 1.0
    off_best = (1.0 / since_s - config.best_hz) / config.hz_width if since_s > 0.0 else math.inf
    return 1.0 - config.hz_weight + config.hz_weight * math.exp(-off_best * off_best)


def strike(config: AirJetConfig, flowers: FlowerField, opening: Opening) -> dict[int, float]:
    """Return flower index -> dose of one opening; leaves in the way swallow it."""
    index = flowers.near(opening.nozzle_s, 0.10)
    if index.size == 0:
        return {}
    mouth = np.array([opening.nozzle_s, opening.nozzle_h, opening.nozzle_d])
    arrival = opening.t + config.best_distance_m / config.air_speed_m_s
    places = flowers.positions(index, arrival)
    doses = dose_of(config, places - mouth, flowers.axes(index))
    hit = np.flatnonzero(doses > 0)
    return {int(index[i]): float(doses[i]) for i in hit if not flowers.blocked(mouth, places[i], arrival)}


class JetLog:
    """Groups openings into trains and adds up their doses. `place_of(nozzle, t)` gives the true mouth.

    A train ends after `openings_per_train`, or with a pause of SAME_TRAIN_S.
    """

    SAME_TRAIN_S = 0.1

    def __init__(
        self,
        config: AirJetConfig,
        fields: dict[Side, FlowerField],
        place_of: Callable[[int, float], tuple[Side, float, float, float]],
        openings_per_train: int,
        seed: int,
    ) -> None:
        self._config = config
        self._openings_per_train = openings_per_train
        self._fields = fields
        self._place_of = place_of
        self._random = np.random.Generator(np.random.PCG64([seed, 0xA12]))
        self._latest: dict[int, TrainEffect] = {}
        self._opened_at: dict[int, float] = {}
        self.strength: Callable[[], float] = lambda: 1.0
        """Share of the full dose that the pressure allows just now."""
        self.trains: list[TrainEffect] = []

    def opened(self, nozzle: int, commanded_at: float, closed_at: float) -> None:
        """Account for one opening, given the commanded edges (s)."""
        lag = self._config.valve_lag_s + self._config.valve_lag_std_s * float(self._random.standard_normal())
        t = 0.5 * (commanded_at + closed_at) + max(0.0, lag)
        side, s, h, d = self._place_of(nozzle, t)
        train = self._latest.get(nozzle)
        if (
            train is None
            or train.openings >= self._openings_per_train
            or t - train.track[-1][0] > self.SAME_TRAIN_S
        ):
            train = TrainEffect(side, nozzle, t)
            self._latest[nozzle] = train
            self.trains.append(train)
            self._opened_at.pop(nozzle, None)
        before, self._opened_at[nozzle] = self._opened_at.get(nozzle), commanded_at
        share = by_rhythm(self._config, None if before is None else commanded_at - before)
        train.openings += 1
        train.track.append((t, s, h))
        config, strength = self._config, share * self.strength()
        for flower, dose in strike(config, self._fields[side], Opening(side, s, h, d, t)).items():
            train.dose[flower] = train.dose.get(flower, 0.0) + dose * strength
        if config.shake.push_mm > 0.0:
            arrival = t + config.best_distance_m / config.air_speed_m_s
            self._fields[side].blown_on(config.shake, np.array([s, h, d]), config.reach_m, arrival)
