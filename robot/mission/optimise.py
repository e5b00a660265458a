"""PyVRP on the same problem, warm-started from our own plan: the extra `plan`, used when it is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyvrp
from pyvrp.stop import MaxRuntime

from robot.mission.order import Orders
from robot.mission.plan_types import Stop, StopKind
from robot.mission.problem import Indices, Problem
from robot.mission.walk import walk

TICKS_PER_S = 10
"""PyVRP counts in integers: tenths of a second."""
FAR = 10_000_000
MOST_PROFILES = 6
PRIZE = 20_000.0
"""Prize of a job of mean rank; a second of driving costs 1, so a visit is always worth its way."""
HOP_S = 10.0
"""Battery set aside for the way to a visit, s; the walk counts the true one."""


def optimise(orders: Orders, seconds: float, seed: int) -> list[list[int]]:
    """Return better orders found within `seconds`, or the same ones.

    Rows open to infection stay as they are: their robots' time ends for PyVRP where those visits begin.
    """
    problem = orders.problem
    profiles = _profiles(problem)
    if seconds <= 0.0 or len(profiles) > MOST_PROFILES or not problem.jobs:
        return orders.orders
    model = _Model(problem, orders.orders, profiles)
    if not model.jobs.size:
        return orders.orders
    start = pyvrp.Solution(model.data, model.routes())
    result = pyvrp.solve(
        model.data,
        MaxRuntime(seconds),
        seed=seed,
        collect_stats=False,
        display=False,
        initial_solution=start,
    )
    return model.orders(result.best) if result.best.is_feasible() else orders.orders


def _profiles(problem: Problem) -> dict[bytes, int]:
    """Return a number for each set of jobs that a robot may take."""
    found: dict[bytes, int] = {}
    for robot in range(len(problem.robots)):
        found.setdefault(_key(problem, robot), len(found))
    return found


def _key(problem: Problem, robot: int) -> bytes:
    allowed, work = problem.allowed[robot], problem.work[robot]
    return bytes(allowed.tobytes()) + bytes(work.tobytes())


class _Model:
    """The problem in PyVRP's words: a client is a job, a trip is one battery, a reload is a swap at the dock."""

    def __init__(self, problem: Problem, orders: Sequence[Sequence[int]], profiles: dict[bytes, int]) -> None:
        self.problem = problem
        self.clean = [[job for job in order if not problem.infected[job]] for order in orders]
        self.tails = [[job for job in order if problem.infected[job]] for order in orders]
        self.jobs: Indices = np.flatnonzero(~problem.infected)
        self._client = {int(job): client for client, job in enumerate(self.jobs)}
        self._profiles = profiles
        self._least_work = problem.work.min(axis=0)
        self._end = len(self.jobs)
        self._locations = {p: self._end + 1 + i for i, p in enumerate(self._places())}
        self._depots = self._all_depots()
        matrices = [self._durations(robot) for robot in self._one_robot_a_profile()]
        locations = [pyvrp.Location(float(i), 0.0) for i in range(self._end + 1 + len(self._locations))]
        self.data = pyvrp.ProblemData(
            locations,
            [self._make_client(int(job)) for job in self.jobs],
            [pyvrp.Depot(location, service_duration=_ticks(service)) for location, service in self._depots],
            [self._vehicle(robot) for robot in range(len(problem.robots))],
            [matrix // TICKS_PER_S for matrix in matrices],
            matrices,
        )

    def _places(self) -> list[int]:
        return sorted({p for robot in self.problem.robots for p in (robot.place, robot.dock)})

    def _all_depots(self) -> list[tuple[int, float]]:
        """Return location and seconds of service of the end (anywhere), the starts and the docks."""
        robots = self.problem.robots
        starts = {(self._locations[robot.place], 0.0) for robot in robots}
        docks = {(self._locations[robot.dock], robot.motion.swap_s) for robot in robots}
        return [(self._end, 0.0), *sorted(starts | docks)]

    def _one_robot_a_profile(self) -> list[int]:
        first: dict[int, int] = {}
        for robot in range(len(self.problem.robots)):
            first.setdefault(self._profiles[_key(self.problem, robot)], robot)
        return [first[profile] for profile in range(len(self._profiles))]

    def _durations(self, robot: int) -> Any:
        """Return the ticks between locations for one robot's profile."""
        problem, places = self.problem, self._places()
        out = np.concatenate([problem.exit[self.jobs], [0], places]).astype(np.intp)
        into = np.concatenate([problem.entrance[self.jobs], [0], places]).astype(np.intp)
        seconds = problem.distance[out[:, None], into[None, :]] / problem.robots[robot].motion.headland_speed
        seconds[:, : self._end] += (problem.work[robot] - self._least_work)[self.jobs][None, :]
        seconds[:, : self._end][:, ~problem.allowed[robot, self.jobs]] = FAR / TICKS_PER_S
        seconds[self._end, :] = seconds[:, self._end] = 0.0
        np.fill_diagonal(seconds, 0.0)
        return np.ceil(np.minimum(seconds * TICKS_PER_S, FAR)).astype(np.int64)

    def _make_client(self, job: int) -> pyvrp.Client:
        problem = self.problem
        work, mean = float(self._least_work[job]), float(problem.rank.mean()) or 1.0
        late = max(0.0, float(problem.deadline[job]) - work)
        return pyvrp.Client(
            self._client[job],
            delivery=[_ticks(work + HOP_S)],
            service_duration=_ticks(work),
            tw_early=min(_ticks(max(0.0, problem.jobs[job].release)), _ticks(late)),
            tw_late=_ticks(late),
            prize=min(round(PRIZE * float(problem.rank[job]) / mean), FAR),
            required=False,
        )

    def _vehicle(self, number: int) -> pyvrp.VehicleType:
        robot, problem = self.problem.robots[number], self.problem
        full = min(robot.motion.battery_s, 1e6)
        dock = self._depots.index((self._locations[robot.dock], robot.motion.swap_s))
        last = max(robot.free_at, problem.end - self._tail_s(number))
        return pyvrp.VehicleType(
            1,
            [_ticks(full)],
            start_depot=self._depots.index((self._locations[robot.place], 0.0)),
            end_depot=0,
            tw_early=_ticks(robot.free_at),
            tw_late=_ticks(last),
            profile=self._profiles[_key(problem, number)],
            initial_load=[_ticks(max(0.0, full - robot.battery_s))],
            reload_depots=[dock],
        )

    def _tail_s(self, robot: int) -> float:
        """Return the time that the infected rows at the end of a route take, with the way along them."""
        tail, problem = self.tails[robot], self.problem
        ways = sum(
            problem.travel(robot, problem.jobs[a].exit, problem.jobs[b].entrance)
            for a, b in pairwise([*self.clean[robot][-1:], *tail])
        )
        return ways + sum(float(problem.work[robot, job]) for job in tail)

    def routes(self) -> list[pyvrp.Route]:
        """Return our orders as PyVRP's routes, with a swap where the walk makes one."""
        found = []
        for robot, order in enumerate(self.clean):
            stops = walk(self.problem, robot, order)
            if order and stops is not None:
                found.append(pyvrp.Route(self.data, [*self._activities(robot, stops)], robot))
        return found

    def _activities(self, robot: int, stops: Sequence[Stop]) -> Iterator[pyvrp.Activity]:
        dock = self.data.vehicle_type(robot).reload_depots[0]
        for stop in stops:
            if stop.kind is StopKind.VISIT:
                yield pyvrp.Activity(pyvrp.ActivityType.CLIENT, self._client[stop.job])
            elif stop.kind is StopKind.SWAP:
                yield pyvrp.Activity(pyvrp.ActivityType.DEPOT, dock)

    def orders(self, solution: pyvrp.Solution) -> list[list[int]]:
        """Return PyVRP's routes as orders, with the infected rows behind them."""
        found: list[list[int]] = [[] for _ in self.problem.robots]
        for route in solution.routes():
            found[route.vehicle_type()] = [
                int(self.jobs[activity.idx])
                for activity in route
                if activity.type == pyvrp.ActivityType.CLIENT
            ]
        return [[*order, *tail] for order, tail in zip(found, self.tails, strict=True)]


def _ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_S)
