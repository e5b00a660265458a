"""Who treats the flowers: nobody, bees, workers with a wand. The robot's fleet has a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.season.crop_config import Hour, Section
from sim.season.flowers import DAY_H, Flowers
from sim.season.fruit_set import FruitSetConfig, grains_of, pollen_share, within
from sim.season.weather import Weather

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
WEEK = 7


class BeesConfig(Section):
    """A hive's bumblebees. Daily vibration equals them (Pressman 1999); their figures are assumed."""

    visits_day: float = Field(
        5.0, ge=0, le=100, description="visits to an open flower on a day in the best air and light (assumed)"
    )
    grains_visit: float = Field(
        150.0, ge=0, le=10_000, description="grains of one visit in the best air (assumed)"
    )
    hours: tuple[Hour, Hour] = Field((7.0, 18.0), description="h of the day in which they fly (assumed)")
    air_c: tuple[float, float] = Field((12.0, 30.0), description="degC at which all of them fly (assumed)")
    air_c_margin: float = Field(
        5.0, gt=0, le=20, description="degC beyond that at which none flies (assumed)"
    )
    full_light: float = Field(
        0.3, gt=0, le=1, description="light from which all of them fly, sunny noon = 1 (assumed)"
    )
    led_share: float = Field(
        0.3, ge=0, le=1, description="share that flies under LED light alone: no UV to steer by (assumed)"
    )
    visits_cap: float = Field(
        10.0, ge=1, le=1000, description="visits a day without harm; more bruise the flower (LSU; 10 assumed)"
    )


class WandConfig(Section):
    """Workers who go from cluster to cluster with a vibrating wand."""

    cluster_s: float = Field(2.0, gt=0, le=60, description="s on a cluster (extension guides)")
    step_s: float = Field(1.0, ge=0, le=60, description="s to the next cluster (assumed)")
    workers_per_ha: float = Field(2.5, gt=0, le=100, description="people who do nothing else (assumed)")
    hours: tuple[Hour, Hour] = Field((10.0, 16.0), description="h of the day at which they work (assumed)")
    work_days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(
        (0, 1, 2, 3, 4), description="days of the week, 0 = Monday, which the season begins on (assumed)"
    )
    rest_days: float = Field(
        2.0, ge=0, le=30, description="days before a row's next turn: 2-3 times a week (growers' guides)"
    )
    found_share: float = Field(0.95, ge=0, le=1, description="clusters that are not overlooked (assumed)")
    dose: float = Field(3.0, ge=0, le=20, description="dose that each of its open flowers gets (assumed)")


class Pollinator(Protocol):
    """Works one day: marks the flowers it treats, and tells what that took."""

    name: str
    visits_cap: float

    def work(self, day: int, flowers: Flowers, weather: Weather) -> Mapping[str, float]:
        """Treat flowers on day `day`; returns hours, metres, litres and the like, summed over the season."""
        ...


def treat(
    flowers: Flowers, index: Indices, hours: Floats, dose: Floats, config: FruitSetConfig, weather: Weather
) -> None:
    """Write one treatment of `dose` at `hours` into the flowers `index`, each at most once a call."""
    grains = grains_of(config, dose, pollen_share(config, hours, weather))
    flowers.all["today"][index] += grains
    flowers.all["visits"][index] += 1
    flowers.all["visits_today"][index] += 1
    flowers.all["last_h"][index] = hours


class Nobody:
    """Still air: what falls by itself."""

    name = "nothing"
    visits_cap = 1.0

    def work(self, day: int, flowers: Flowers, weather: Weather) -> Mapping[str, float]:
        """Do nothing."""
        return {}


class Bees:
    """Bumblebees: every open flower is visited at random, as often as light and air let them fly."""

    name = "bees"

    def __init__(
        self, config: BeesConfig, fruit: FruitSetConfig, led_only: bool, rng: np.random.Generator
    ) -> None:
        self._config, self._fruit, self._rng = config, fruit, rng
        self._led_only = led_only
        self.visits_cap = config.visits_cap

    def work(self, day: int, flowers: Flowers, weather: Weather) -> Mapping[str, float]:
        """Visit; a flower that opens or closes in the day is visited in its own part of the day."""
        config = self._config
        edges = DAY_H * day + np.arange(25.0)
        middles = edges[:-1] + 0.5
        flying = self._flying(day, weather, middles)
        first, last = config.hours
        rate = config.visits_day * flying / max(last - first, 1e-9)
        visits_by = np.concatenate([[0.0], np.cumsum(rate)])
        pollen_by = np.concatenate([[0.0], np.cumsum(rate * pollen_share(self._fruit, middles, weather))])
        opens, closes = flowers.all["opens_h"], flowers.all["closes_h"]
        expected = np.interp(closes, edges, visits_by) - np.interp(opens, edges, visits_by)
        pollen = np.interp(closes, edges, pollen_by) - np.interp(opens, edges, pollen_by)
        visits = self._rng.poisson(np.maximum(expected, 0.0))
        index = np.flatnonzero(visits)
        share = pollen[index] / expected[index]
        flowers.all["today"][index] += config.grains_visit * share * visits[index]
        flowers.all["visits"][index] += visits[index].astype(np.uint16)
        flowers.all["visits_today"][index] += visits[index].astype(np.uint16)
        return {"visits": float(visits.sum())}

    def _flying(self, day: int, weather: Weather, hours: Floats) -> Floats:
        config = self._config
        first, last = config.hours
        by_hour = (np.mod(hours, DAY_H) >= first) & (np.mod(hours, DAY_H) < last)
        by_heat = within(weather.celsius_at(hours), config.air_c, config.air_c_margin)
        light = np.minimum(weather.light[day] / config.full_light, 1.0)
        by_light = np.full(24, config.led_share) if self._led_only else light
        flying: Floats = by_hour * by_heat * by_light
        return flying


class Wand:
    """Workers take row after row; where their day ends, the next one begins."""

    name = "wand"

    def __init__(
        self,
        config: WandConfig,
        fruit: FruitSetConfig,
        rows: int,
        hectares: float,
        rng: np.random.Generator,
    ) -> None:
        self._config, self._fruit, self._rng = config, fruit, rng
        self._workers = config.workers_per_ha * hectares
        self._last_day = np.full(rows, -np.inf)
        self._next_row = 0
        self.visits_cap = fruit.visits_cap

    def work(self, day: int, flowers: Flowers, weather: Weather) -> Mapping[str, float]:
        """Walk the rows that are due until the working hours are over."""
        config = self._config
        if day % WEEK not in config.work_days:
            return {}
        begins, ends = (DAY_H * day + hour for hour in config.hours)
        truss = flowers.truss_numbers()
        open_now = flowers.open_at(begins)
        clusters = np.unique(truss[open_now], return_index=True)[1]
        row = flowers.stems.row[flowers.all["stem"]]
        in_row = np.bincount(row[open_now][clusters], minlength=len(self._last_day))
        at_h, spent_h = self._walk(day, in_row, begins, ends)
        if not truss.size or not np.isfinite(at_h).any():
            return {"hours": spent_h}
        found = self._rng.random(int(truss[-1]) + 1) < config.found_share
        hours = at_h[row]
        index = np.flatnonzero(np.isfinite(hours) & found[truss] & flowers.open_at(hours))
        treat(flowers, index, hours[index], np.full(index.size, config.dose), self._fruit, weather)
        return {"hours": spent_h}

    def _walk(self, day: int, clusters: NDArray[np.intp], begins: float, ends: float) -> tuple[Floats, float]:
        """Return when each row is reached today (nan: not), and the hours of work that it took."""
        config, rows = self._config, len(clusters)
        at_h = np.full(rows, np.nan)
        spent_h, left_h = 0.0, self._workers * (ends - begins)
        for _ in range(rows):
            row = self._next_row
            needed_h = float(clusters[row]) * (config.cluster_s + config.step_s) / 3600.0
            if day - self._last_day[row] < config.rest_days or needed_h > left_h - spent_h:
                break
            at_h[row] = begins + (spent_h + 0.5 * needed_h) / self._workers
            spent_h += needed_h
            self._last_day[row] = day
            self._next_row = (row + 1) % rows
        return at_h, spent_h
