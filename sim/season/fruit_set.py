"""From treatments to fruit: pollen by dose, hour and air, what a stigma takes in a day, and the chance of a fruit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.season.crop_config import Hour, Section
from sim.season.weather import Weather

Floats = NDArray[np.float64]


class FruitSetConfig(Section):
    """What pollen does. Limits come from the named sources; how fast things fall off beyond them is assumed."""

    saturation_grains: float = Field(
        400.0, gt=0, le=10_000, description="grains a stigma takes in a day; more adds nothing (Morandin)"
    )
    full_dose: float = Field(
        3.0, gt=0, le=20, description="dose of one train that shakes as much as can be shaken (assumed)"
    )
    grains_full_dose: float = Field(
        250.0, gt=0, le=10_000, description="grains that a full dose brings in the best air (assumed)"
    )
    grains_alone_day: float = Field(
        8.0, ge=0, le=1000, description="grains that fall by themselves in a day of still air (assumed)"
    )
    grains_half: float = Field(
        40.0, gt=0, le=10_000, description="grains at which half of `most` is reached (assumed)"
    )
    most: float = Field(0.95, gt=0, le=1, description="share of saturated flowers that set fruit (assumed)")
    shed_hours: tuple[Hour, Hour] = Field((10.0, 16.0), description="pollen sheds best (extension guides)")
    best_hours: tuple[Hour, Hour] = Field((11.0, 15.0), description="the preferred hours (extension guides)")
    edge_share: float = Field(
        0.7, ge=0, le=1, description="pollen at the ends of shed_hours, best hours = 1 (assumed)"
    )
    off_share: float = Field(0.3, ge=0, le=1, description="pollen outside shed_hours (assumed)")
    air_c: tuple[float, float] = Field(
        (15.6, 29.4), description="night >= 15.6, day <= 29.4 degC (UAF HGA-00435)"
    )
    air_c_margin: float = Field(
        6.0, gt=0, le=20, description="degC beyond that at which no pollen is left (assumed)"
    )
    air_rh: tuple[float, float] = Field((60.0, 80.0), description="60-80 % RH (Yara; WSU)")
    air_rh_margin: float = Field(
        25.0, gt=0, le=100, description="% RH beyond that at which no pollen is left (assumed)"
    )
    mean_c_limit: float = Field(
        25.5, ge=10, le=40, description="upper limit of a day's mean, 25-26 degC (Agronomy 4(1):167)"
    )
    mean_c_margin: float = Field(
        5.0, gt=0, le=20, description="degC beyond that at which no fruit sets (assumed)"
    )
    night_c_margin: float = Field(
        6.0, gt=0, le=20, description="degC below air_c's first at night at which no fruit sets (assumed)"
    )
    visits_cap: float = Field(
        2.0, ge=1, le=1000, description="visits a day without harm; too many abort flowers (LSU; 2 assumed)"
    )
    abort_per_visit: float = Field(
        0.05, ge=0, le=1, description="chance that each visit over the cap aborts the flower (assumed)"
    )


def pollen_share(config: FruitSetConfig, hours: Floats, weather: Weather) -> Floats:
    """Return the share of its pollen that a flower sheds when shaken at `hours` since the first midnight."""
    by_hour = _by_hour(config, np.mod(hours, 24.0))
    by_heat = within(weather.celsius_at(hours), config.air_c, config.air_c_margin)
    by_damp = within(weather.humidity_at(hours), config.air_rh, config.air_rh_margin)
    share: Floats = by_hour * by_heat * by_damp
    return share


def _by_hour(config: FruitSetConfig, hour: Floats) -> Floats:
    (first, last), (best, worse) = config.shed_hours, config.best_hours
    inside = np.interp(hour, (first, best, worse, last), (config.edge_share, 1.0, 1.0, config.edge_share))
    return np.where((hour < first) | (hour > last), config.off_share, inside)


def within(value: Floats, limits: tuple[float, float], margin: float) -> Floats:
    """Return 1 inside `limits`, falling to 0 at `margin` outside them."""
    beyond = np.maximum(limits[0] - value, value - limits[1])
    return np.clip(1.0 - np.maximum(beyond, 0.0) / margin, 0.0, 1.0)


def grains_of(config: FruitSetConfig, dose: Floats, share: Floats) -> Floats:
    """Return the grains of one treatment of `dose` when `share` of the pollen is shed."""
    grains: Floats = config.grains_full_dose * np.minimum(dose / config.full_dose, 1.0) * share
    return grains


def day_of_air(config: FruitSetConfig, celsius: Floats) -> Floats:
    """Return (days,) how well the air of each day lets fruit set, 0..1, of hourly degC (days, 24)."""
    hot = within(celsius.mean(axis=1), (-np.inf, config.mean_c_limit), config.mean_c_margin)
    cold = within(celsius.min(axis=1), (config.air_c[0], np.inf), config.night_c_margin)
    air: Floats = hot * cold
    return air


def set_chance(config: FruitSetConfig, grains: Floats, air: Floats, over_cap: Floats) -> Floats:
    """Return the chance that a flower becomes a fruit.

    `grains`: taken over its life; `air`: mean `day_of_air` over it; `over_cap`: visits beyond the cap.
    """
    filled = 1.0 - np.exp2(-grains / config.grains_half)
    chance: Floats = config.most * filled * air * (1.0 - config.abort_per_visit) ** over_cap
    return chance
