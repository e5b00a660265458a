"""The house's air: temperature, humidity and light by the hour, day after day, alike from one day to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.season.crop_config import Section

Floats = NDArray[np.float64]
WARMEST_HOUR, DRIEST_HOUR = 14.0, 14.0
DAYLIGHT_H = (6.0, 20.0)


class WeatherConfig(Section):
    """The climate of the house, as its computer holds it. All assumed: put your own house's figures in."""

    mean_c: float = Field(20.5, ge=5, le=45, description="mean of a day, degC (assumed)")
    swing_c: float = Field(3.5, ge=0, le=20, description="day and night above and below it, degC (assumed)")
    spread_c: float = Field(1.5, ge=0, le=10, description="std of a day's mean, degC (assumed)")
    mean_rh: float = Field(72.0, ge=10, le=100, description="mean of a day, % RH (assumed)")
    swing_rh: float = Field(7.0, ge=0, le=50, description="night and day above and below it, % RH (assumed)")
    spread_rh: float = Field(4.0, ge=0, le=30, description="std of a day's mean, % RH (assumed)")
    likeness: float = Field(0.6, ge=0, lt=1, description="correlation from one day to the next (assumed)")
    sunny_share: float = Field(0.5, ge=0, le=1, description="share of days with sun (assumed)")
    overcast_light: float = Field(
        0.35, ge=0, le=1, description="light of an overcast day, sunny noon = 1 (assumed)"
    )
    led_only: bool = Field(False, description="LED light alone, no daylight: bees find their way badly")


@dataclass(frozen=True, slots=True)
class Weather:
    """Hourly air of `days` days, (days, 24) each: degC, % RH, and light with sunny noon as 1."""

    celsius: Floats
    humidity: Floats
    light: Floats

    def celsius_at(self, hours: Floats) -> Floats:
        """Return degC at `hours` since the first midnight."""
        return _at(self.celsius, hours)

    def humidity_at(self, hours: Floats) -> Floats:
        """Return % RH at `hours` since the first midnight."""
        return _at(self.humidity, hours)


def _at(curve: Floats, hours: Floats) -> Floats:
    flat = curve.ravel()
    return np.interp(hours, np.arange(flat.size, dtype=np.float64), flat)


def make_weather(config: WeatherConfig, days: int, seed: int) -> Weather:
    """Return the air of `days` days; the same seed and days give the same air."""
    random = np.random.default_rng((seed, 11))
    hours = np.arange(24.0)
    warm = np.cos(2 * np.pi * (hours - WARMEST_HOUR) / 24.0)
    dry = np.cos(2 * np.pi * (hours - DRIEST_HOUR) / 24.0)
    mean_c = config.mean_c + config.spread_c * _alike(random, days, config.likeness)
    mean_rh = config.mean_rh + config.spread_rh * _alike(random, days, config.likeness)
    celsius = mean_c[:, None] + config.swing_c * warm
    humidity = np.clip(mean_rh[:, None] - config.swing_rh * dry, 5.0, 100.0)
    sunny = random.random(days) < config.sunny_share
    share = np.where(sunny, 1.0, config.overcast_light)
    first, last = DAYLIGHT_H
    noon = np.clip(np.sin(np.pi * (hours - first) / (last - first)), 0.0, 1.0)
    noon[(hours < first) | (hours > last)] = 0.0
    return Weather(celsius, humidity, share[:, None] * noon)


def _alike(random: np.random.Generator, days: int, likeness: float) -> Floats:
    """Return a stationary row of `days` normal numbers, each correlated with the one before."""
    fresh = random.standard_normal(days)
    found = fresh.copy()
    for day in range(1, days):
        found[day] = likeness * found[day - 1] + np.sqrt(1.0 - likeness**2) * fresh[day]
    return found
