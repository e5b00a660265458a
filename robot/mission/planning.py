"""Plans a day: a fast plan, PyVRP where it is installed, our own search, a timetable, and the proof of its quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np

from robot.clock import Clock
from robot.mission.bound import most_musts, relax
from robot.mission.lagrange import tighten
from robot.mission.order import Orders
from robot.mission.plan_types import Plan
from robot.mission.problem import Floats, Problem
from robot.mission.schedule import timetable
from robot.mission.search import fast_orders, improve
from robot.mission.walk import at_once, walk_what_fits

MARGIN_S = 3.0
"""Seconds a visit that the search sets aside for waits at entrances (mean wait seen is 1-2 s a visit)."""
OPTIMISER_SHARE = 0.45
BOUND_SHARE = 0.12
MOST_ROUNDS = 1_000_000
NEARLY_ALL = 0.95
ROUNDING = 1e-9


@dataclass(frozen=True)
class Planned:
    """A plan with the proof of its quality."""

    plan: Plan
    upper_bound: float
    """No plan of this problem is worth more."""
    must_missed_least: int
    """No plan misses fewer musts."""
    seconds: float

    @property
    def ratio(self) -> float:
        """The plan's value against the bound; 1 when there is nothing to do."""
        if self.plan.value <= self.upper_bound * (1.0 + ROUNDING):
            return min(1.0, self.plan.value / self.upper_bound) if self.upper_bound > 0.0 else 1.0
        return self.plan.value / self.upper_bound


def plan_day(
    problem: Problem, clock: Clock, seconds: float, seed: int = 0, optimiser: bool = True
) -> Planned:
    """Return a plan worked out within about `seconds`, with its bound; the fast plan alone takes below 1 s.

    PyVRP joins in when the extra `plan` is installed and `optimiser` asks for it.
    """
    began = clock.now()
    until = began + seconds
    relaxed = relax(problem, problem.value)
    musts = most_musts(problem)
    problem = _musts_first(problem, musts)
    plan = _fast(problem)
    search_until = until - BOUND_SHARE * seconds
    if plan.problem.jobs and clock.now() < search_until:
        plan = _searched(problem, plan, clock, search_until, seed, optimiser)
    bound = tighten(problem, relaxed, plan.value, clock, until)
    return Planned(plan, bound, int(problem.must.sum()) - musts, clock.now() - began)


def _musts_first(problem: Problem, musts: int) -> Problem:
    """Where all musts may fit, or all but a few, none is given up for value."""
    possible = musts >= NEARLY_ALL * int(problem.must.sum())
    return replace(problem, must_bonus=2.0 * float(problem.value.max(initial=0.0))) if possible else problem


def fast_plan(problem: Problem) -> Plan:
    """Return the plan that is always there."""
    return _fast(_musts_first(problem, most_musts(problem)))


def _fast(problem: Problem) -> Plan:
    return _tabled(problem, fast_orders(_with_margin(problem)).orders)


def _with_margin(problem: Problem) -> Problem:
    return replace(problem, margin_s=MARGIN_S)


def _searched(problem: Problem, plan: Plan, clock: Clock, until: float, seed: int, optimiser: bool) -> Plan:
    """Return the best plan found: PyVRP from the fast one, our search from PyVRP's."""
    roomy = _with_margin(problem)
    orders = Orders(roomy, plan.orders)
    if optimiser and find_spec("pyvrp") is not None:
        from robot.mission.optimise import optimise

        found = optimise(orders, OPTIMISER_SHARE * (until - clock.now()), seed)
        orders = Orders(roomy, _drivable(roomy, found))
        orders.fill()
    orders = improve(orders, clock, until, MOST_ROUNDS, seed)
    return _better(plan, _tabled(problem, orders.orders))


def _drivable(problem: Problem, orders: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the orders without the visits that the exact walk finds too late."""
    return [
        [stop.job for stop in walk_what_fits(problem, robot, order, at_once) if stop.job >= 0]
        for robot, order in enumerate(orders)
    ]


def _tabled(problem: Problem, orders: Sequence[Sequence[int]], keep: Floats | None = None) -> Plan:
    """Return the timetable of `orders`, filled up where waits and margins left room."""
    plan = timetable(problem, orders)
    fuller = Orders(problem, plan.orders, keep)
    if fuller.fill():
        plan = _better(plan, timetable(problem, fuller.orders))
    return plan


def _better(one: Plan, other: Plan) -> Plan:
    return max((one, other), key=lambda plan: float(np.sum(plan.problem.rank[plan.visited])))
