"""The robots' day in the season: the gate opens, the mission planner sends them, rows are passed, flowers treated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from robot.dose import DoseConfig
from robot.mission.check import faults_of
from robot.mission.climate import ClimateGate, Reading
from robot.mission.day import problem_of
from robot.mission.due import HOUR_S, LastVisit, Window
from robot.mission.house_map import House
from robot.mission.plan_types import Plan, StopKind
from robot.mission.planning import fast_plan
from robot.mission.visits import WORKED_SHARE
from sim.season.flowers import DAY_H, Flowers
from sim.season.fruit_set import FruitSetConfig
from sim.season.pollinators import treat
from sim.season.response import Response, chances, features
from sim.season.weather import Weather
from vision.types import SIDES, Side

Floats = NDArray[np.float64]
MIDNIGHT = datetime(2026, 6, 1)
"""A Monday: the season's first midnight, local. Only the hour of the day matters."""
REST_H = DoseConfig().min_interval_h
"""A robot leaves a flower alone for so long: it finds its treatments in the ledger."""
LOOK_H = 0.25
"""The gate is asked this often."""


@dataclass(slots=True)
class Passes:
    """When today's robots pass each row-side: (rows, 2) hours of entering it, and of being called off; nan: not."""

    begins_h: Floats
    until_h: Floats
    backwards: NDArray[np.bool_]


def open_spans(
    gate: ClimateGate, day: int, weather: Weather, first: float, last: float
) -> list[tuple[float, float]]:
    """Return the spans of hours of the season in which the gate stands open on `day`."""
    spans: list[tuple[float, float]] = []
    times = DAY_H * day + np.arange(first, last, LOOK_H)
    air = zip(times, weather.celsius_at(times), weather.humidity_at(times), strict=True)
    for hour, celsius, humidity in air:
        reading = Reading(float(celsius), float(humidity), float(hour) * HOUR_S)
        local = MIDNIGHT + timedelta(hours=float(hour))
        if not gate.judge(reading, "", float(hour) * HOUR_S, local).open:
            continue
        end = min(float(hour) + LOOK_H, DAY_H * day + last)
        if spans and abs(spans[-1][1] - hour) < 1e-9:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((float(hour), end))
    return spans


class Fleet:
    """All robots of a house. What a pass does to a flower is drawn from the measured response."""

    name = "robot"

    def __init__(
        self,
        house: House,
        response: Response,
        fruit: FruitSetConfig,
        blocked_share: float,
        rng: np.random.Generator,
    ) -> None:
        self._house, self._response, self._fruit, self._rng = house, response, fruit, rng
        self._blocked_share = blocked_share
        self._gate = ClimateGate(house.config.climate)
        self._last: dict[tuple[str, Side], LastVisit] = {}
        self._rows = list(house.rows.values())
        self._number = {row.name: number for number, row in enumerate(self._rows)}
        self._length = np.array([row.length for row in self._rows])
        self.visits_cap = fruit.visits_cap

    def work(self, day: int, flowers: Flowers, weather: Weather) -> Mapping[str, float]:
        """Plan and drive in each span in which the gate stands open."""
        climate = self._house.config.climate
        blocked = self._rng.random(len(self._rows)) < self._blocked_share
        today = _without(self._house, blocked)
        spans = open_spans(self._gate, day, weather, climate.open_hour, climate.close_hour)
        sums = {"window_h": sum(end - begin for begin, end in spans)}
        for begin, end in spans:
            done = self._drive(today, day, begin, end, flowers, weather)
            sums = {key: sums.get(key, 0.0) + done.get(key, 0.0) for key in {*sums, *done}}
        return sums

    def _drive(
        self, house: House, day: int, begin: float, end: float, flowers: Flowers, weather: Weather
    ) -> dict[str, float]:
        """The plan reaches to the closing hour: nobody knows beforehand that the air will shut the gate."""
        climate = house.config.climate
        opens_next = DAY_H * (day + 1) + climate.open_hour
        closes = DAY_H * day + climate.close_hour
        window = Window(begin * HOUR_S, closes * HOUR_S, opens_next * HOUR_S)
        problem = problem_of(house, house.config.robots, self._last, window)
        if not problem.jobs:
            return {}
        plan = fast_plan(problem)
        passes = self._passes(plan, begin, end)
        treated, done = self._treat(passes, flowers, weather)
        self._remember(passes, treated)
        done["musts_missed"] = float(len(plan.must_missed))
        done["plan_faults"] = float(len(faults_of(plan)))
        return done

    def _passes(self, plan: Plan, begin: float, end: float) -> Passes:
        shape = (len(self._rows), len(SIDES))
        passes = Passes(np.full(shape, np.nan), np.full(shape, end), np.zeros(shape, bool))
        for robot, route in zip(plan.problem.robots, plan.routes, strict=True):
            for stop in route:
                enters = begin + (stop.start + robot.motion.entrance_s) / HOUR_S
                if stop.kind is not StopKind.VISIT or enters >= end:
                    continue
                job = plan.problem.jobs[stop.job]
                number = self._number[job.row]
                for side in job.sides:
                    at = number, SIDES.index(side)
                    passes.begins_h[at] = enters
                    passes.backwards[at] = job.entrance != self._rows[number].head.index
        return passes

    def _treat(
        self, passes: Passes, flowers: Flowers, weather: Weather
    ) -> tuple[NDArray[np.intp], dict[str, float]]:
        """Return how many flowers were treated in each row-side, (rows, 2), and what it took."""
        stem = flowers.all["stem"]
        row, side, s = flowers.stems.row[stem], flowers.stems.side[stem], flowers.stems.s[stem]
        speed = self._house.config.motion.treat_speed * HOUR_S
        way = np.where(passes.backwards[row, side], self._length[row] - s, s)
        hours = passes.begins_h[row, side] + way / speed
        met = np.isfinite(hours) & (hours < passes.until_h[row, side]) & flowers.open_at(hours)
        chance = np.zeros(len(flowers))
        rested = ~_too_soon(flowers, hours)
        chance[met & rested] = self._chances(flowers, hours, met & rested)
        index = np.flatnonzero(self._rng.random(len(flowers)) < chance)
        again = int(np.count_nonzero(_too_soon(flowers, hours)[index]))
        doses = self._rng.choice(np.array(self._response.doses), index.size)
        treat(flowers, index, hours[index], doses, self._fruit, weather)
        shape = passes.begins_h.shape
        treated = np.bincount(row[index] * shape[1] + side[index], minlength=shape[0] * shape[1])
        sums = self._sums(passes, int(index.size), speed)
        return treated.reshape(shape), {**sums, "treated_again_early": float(again)}

    def _chances(self, flowers: Flowers, hours: Floats, met: NDArray[np.bool_]) -> Floats:
        response = self._response
        truss = flowers.truss_numbers()
        when = np.where(np.isfinite(hours), hours, -1.0)
        crowd: Floats = np.bincount(truss, weights=flowers.open_at(when).astype(np.float64))[truss].astype(
            np.float64
        )
        rows = features(
            flowers.heights(when)[met],
            flowers.all["d"][met].astype(np.float64),
            flowers.steps_to_bud(when)[met],
            crowd[met],
        )
        seen = flowers.all["luck"][met] >= response.hidden
        return chances(np.array(response.weights), rows) * seen

    def _sums(self, passes: Passes, treated: int, speed: float) -> dict[str, float]:
        response = self._response
        begun = np.isfinite(passes.begins_h)
        hours = np.where(begun, np.clip(passes.until_h - passes.begins_h, 0.0, None), 0.0).max(axis=1)
        metres = float(np.minimum(self._length, hours * speed).sum())
        pulses = treated * response.pulses_per_treated
        return {
            "metres": metres,
            "rows": float(begun.any(axis=1).sum()),
            "pulses": pulses,
            "bud_hits": pulses * response.bud_hits_per_pulse,
            "air_nl": pulses * response.air_nl_per_pulse,
        }

    def _remember(self, passes: Passes, treated: NDArray[np.intp]) -> None:
        """Write down the visits that got to the row's end, as the ledgers would tell them."""
        speed = self._house.config.motion.treat_speed * HOUR_S
        for number, side in zip(*np.nonzero(np.isfinite(passes.begins_h)), strict=True):
            row = self._rows[int(number)]
            over_h = float(passes.begins_h[number, side]) + row.length / speed
            worked = (float(passes.until_h[number, side] - passes.begins_h[number, side])) * speed
            if worked >= WORKED_SHARE * row.length:
                last = LastVisit(over_h * HOUR_S, float(treated[number, side]))
                self._last[row.name, SIDES[int(side)]] = last


def _too_soon(flowers: Flowers, hours: Floats) -> NDArray[np.bool_]:
    """Say which flowers had a treatment less than the interval before `hours`."""
    too_soon: NDArray[np.bool_] = (flowers.all["visits"] > 0) & (hours - flowers.all["last_h"] < REST_H)
    return too_soon


def _without(house: House, blocked: NDArray[np.bool_]) -> House:
    """Return the house as it is today: rows where people work take no robot."""
    if not blocked.any():
        return house
    rows = {
        name: replace(row, no_go=True) if blocked[number] else row
        for number, (name, row) in enumerate(house.rows.items())
    }
    return replace(house, rows=rows)
