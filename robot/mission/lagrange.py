"""Tightens the upper bound: the best day of one robot alone, solved exactly, with prices on shared rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot.clock import Clock
from robot.mission.bound import Relaxation
from robot.mission.capacity import Fleet, fleets_of, most_work_s
from robot.mission.problem import Floats, Problem

UNIT_S = 5.0


def tighten(
    problem: Problem, start: Relaxation, reached: float, clock: Clock, until: float, rounds: int = 400
) -> float:
    """Return an upper bound no higher than `start`'s; `reached` is the value of the best plan known.

    For any prices p >= 0: bound(p) = sum p + sum over robots of the best day at value v - p, because a plan
    uses each row once and each robot's part is one possible day. Prices move against the rows that too many or
    too few robots want (subgradient, Polyak's step towards `reached`); the lowest bound seen counts.
    """
    days = [_Day(problem, fleet) for fleet in fleets_of(problem)]
    price = np.minimum(start.price, problem.value)
    best, stretch, stale = start.value, 1.0, 0
    for _ in range(rounds):
        if clock.now() >= until or best - reached <= 1e-4 * best:
            break
        total, wanted = _evaluate(days, problem.value - price)
        bound = float(price.sum()) + total
        if bound < best - 1e-9:
            best, stale = bound, 0
        else:
            stale += 1
            if stale >= 12:
                stretch, stale = stretch * 0.6, 0
        slope = 1.0 - wanted
        size = float(slope @ slope)
        if size <= 0.0:
            break
        price = np.maximum(price - stretch * (bound - reached) / size * slope, 0.0)
    return best


def _evaluate(days: Sequence[_Day], worth: Floats) -> tuple[float, Floats]:
    """Return what all robots earn at most at this worth, and how many of them want each job."""
    total, wanted = 0.0, np.zeros(len(worth))
    for day in days:
        earned, chosen = day.best(worth)
        total += earned
        wanted += chosen
    return total, wanted


class _Day:
    """The best set of jobs for one robot of a fleet (Lawler and Moore's programme for weighted late jobs).

    Travel beyond the shortest way in, entrances held by others and the places of swaps are left out, and
    seconds are rounded in the robot's favour: what is left is an upper bound.
    """

    def __init__(self, problem: Problem, fleet: Fleet) -> None:
        by_deadline = np.argsort(problem.deadline[fleet.jobs], kind="stable")
        self._jobs = fleet.jobs[by_deadline]
        self._weight = np.floor(fleet.weight[by_deadline] / UNIT_S + 1e-9).astype(np.int64)
        first = min(problem.robots[k].free_at for k in fleet.robots)
        self._capacity = int(
            np.ceil(max(most_work_s(problem.robots[k], 0.0, problem.end) for k in fleet.robots) / UNIT_S)
        )
        late = np.ceil((problem.deadline[self._jobs] - first) / UNIT_S - 1e-9).astype(np.int64)
        self._deadline = np.minimum(late, self._capacity)
        self._robots = len(fleet.robots)

    def best(self, worth: Floats) -> tuple[float, Floats]:
        """Return what the fleet earns and how often each job is chosen (by all its robots alike)."""
        chosen = np.zeros(len(worth))
        gain = worth[self._jobs]
        good = [i for i in np.flatnonzero(gain > 0.0) if self._weight[i] <= self._deadline[i]]
        table = np.full(self._capacity + 1, -np.inf)
        table[0] = 0.0
        took = np.zeros((len(good), self._capacity + 1), dtype=bool)
        for row, i in enumerate(good):
            weight, end = int(self._weight[i]), int(self._deadline[i]) + 1
            other = table[: end - weight] + gain[i]
            better = other > table[weight:end]
            took[row, weight:end] = better
            table[weight:end] = np.where(better, other, table[weight:end])
        at = int(np.argmax(table))
        earned = float(table[at])
        for row in range(len(good) - 1, -1, -1):
            if took[row, at]:
                chosen[self._jobs[good[row]]] += self._robots
                at -= int(self._weight[good[row]])
        return earned * self._robots, chosen
