"""Runs a season: the same crop and air for robot, wand, bees and nobody; counts what they treated and what set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from robot.mission.house_map import House
from sim.season.config import SeasonConfig
from sim.season.fleet import Fleet
from sim.season.flowers import DAY_H, Flowers, crop_of_rows, plant_stems
from sim.season.fruit_set import day_of_air, set_chance
from sim.season.pollinators import Bees, Nobody, Pollinator, Wand
from sim.season.response import Response
from sim.season.weather import make_weather

METHODS = ("robot", "wand", "bees", "nothing")
HECTARE_M2 = 10_000.0


@dataclass(slots=True)
class Tally:
    """The flowers that opened and closed within the season, and the season's other sums."""

    flowers: int = 0
    treated: int = 0
    fruits: int = 0
    visits: int = 0
    over_cap: int = 0
    most_alive: int = 0
    work: dict[str, float] = field(default_factory=dict)

    def share(self, part: float) -> float:
        """Return a part of all flowers; 0 where none lived."""
        return part / self.flowers if self.flowers else 0.0


def hectares(house: House) -> float:
    """Return the cropped area."""
    return sum(row.length * row.pitch for row in house.rows.values()) / HECTARE_M2


def run_season(
    house: House, config: SeasonConfig, response: Response, method: str, days: int, seed: int
) -> Tally:
    """Return what `method` did in `days` days; the same seed gives every method the same flowers and air."""
    crop_rng = np.random.default_rng((seed, 1))
    stems = plant_stems(house, config.crops, crop_of_rows(house, config.crops, config.name), crop_rng)
    flowers = Flowers(stems, config.crops, crop_rng)
    weather = make_weather(config.weather, days, seed)
    pollinator = _pollinator(house, config, response, method, seed)
    tally = Tally()
    airs = day_of_air(config.fruit_set, weather.celsius)
    for day in range(days):
        flowers.grow_until(DAY_H * (day + 1))
        for key, value in pollinator.work(day, flowers, weather).items():
            tally.work[key] = tally.work.get(key, 0.0) + value
        _end_of_day(config, flowers, day, float(airs[day]), pollinator.visits_cap)
        _count(config, tally, flowers.take_closed(DAY_H * (day + 1)))
    tally.most_alive = flowers.most_alive
    return tally


def _pollinator(house: House, config: SeasonConfig, response: Response, method: str, seed: int) -> Pollinator:
    rng = np.random.default_rng((seed, 2, METHODS.index(method)))
    fruit = config.fruit_set
    makers: dict[str, Callable[[], Pollinator]] = {
        "robot": lambda: Fleet(house, response, fruit, config.blocked_share, rng),
        "wand": lambda: Wand(config.wand, fruit, len(house.rows), hectares(house), rng),
        "bees": lambda: Bees(config.bees, fruit, config.weather.led_only, rng),
        "nothing": Nobody,
    }
    return makers[method]()


def _end_of_day(config: SeasonConfig, flowers: Flowers, day: int, air: float, cap: float) -> None:
    """Let pollen fall by itself, close the stigmas' day, and weigh the day's air by the time in bloom."""
    fruit, living = config.fruit_set, flowers.all
    begins, ends = DAY_H * day, DAY_H * (day + 1)
    bloom = np.minimum(living["closes_h"], ends) - np.maximum(living["opens_h"], begins)
    bloom = np.clip(bloom / DAY_H, 0.0, 1.0)
    living["grains"] += np.minimum(living["today"] + fruit.grains_alone_day * bloom, fruit.saturation_grains)
    living["over_cap"] += np.maximum(living["visits_today"] - cap, 0).astype(np.uint16)
    living["air"] += air * bloom
    living["today"], living["visits_today"] = 0.0, 0


def _count(config: SeasonConfig, tally: Tally, closed: NDArray[np.void]) -> None:
    """Count closed flowers whose whole bloom lay in the season."""
    closed = closed[closed["opens_h"] >= 0.0]
    air = closed["air"] * DAY_H / (closed["closes_h"] - closed["opens_h"])
    chance = set_chance(config.fruit_set, closed["grains"], air, closed["over_cap"])
    tally.flowers += len(closed)
    tally.treated += int(np.count_nonzero(closed["visits"]))
    tally.fruits += int(np.count_nonzero(closed["chance"] < chance))
    tally.visits += int(closed["visits"].sum())
    tally.over_cap += int(np.count_nonzero(closed["over_cap"]))


def run_all(
    house: House,
    config: SeasonConfig,
    response: Response,
    days: int,
    seeds: Sequence[int],
    methods: Sequence[str] = METHODS,
) -> Iterator[tuple[str, int, Tally]]:
    """Yield each method's and seed's tally as it is done."""
    for seed in seeds:
        for method in methods:
            yield method, seed, run_season(house, config, response, method, days, seed)


def summary(
    tallies: Mapping[str, Sequence[Tally]], days: int, area_ha: float
) -> dict[str, dict[str, object]]:
    """Return each method's figures over the seeds."""
    return {method: _figures(found, days, area_ha) for method, found in tallies.items()}


def _figures(found: Sequence[Tally], days: int, area_ha: float) -> dict[str, object]:
    keys = sorted({key for tally in found for key in tally.work})
    work = {key: _mean([tally.work.get(key, 0.0) for tally in found]) for key in keys}
    return {
        "coverage": spread([tally.share(tally.treated) for tally in found]),
        "fruit_set": spread([tally.share(tally.fruits) for tally in found]),
        "flowers": _mean([float(tally.flowers) for tally in found]),
        "visits_per_flower": _mean([tally.share(tally.visits) for tally in found]),
        "over_treated": spread([tally.share(tally.over_cap) for tally in found]),
        "most_flowers_alive": max(tally.most_alive for tally in found),
        "work": work,
        "labour_h_per_ha_week": _mean(
            [tally.work.get("hours", 0.0) / area_ha * 7.0 / days for tally in found]
        ),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return mean, standard deviation, least and most over the seeds."""
    array = np.asarray(values, np.float64)
    sd = float(array.std(ddof=1)) if array.size > 1 else 0.0
    figures = {"mean": float(array.mean()), "sd": sd, "min": float(array.min()), "max": float(array.max())}
    return {name: round(value, 4) for name, value in figures.items()}


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 3)
