"""What people do without a planner: go to the nearest row that is due, or sweep the house row by row."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np

from robot.mission.plan_types import Plan
from robot.mission.problem import Problem
from robot.mission.schedule import timetable
from robot.mission.walk import walk

LOOK_AT = 12
"""How many of the nearest rows a robot looks at for one that it can finish in time."""


def nearest_due(problem: Problem) -> Plan:
    """Return the plan in which whoever is free first goes to the nearest due row that it can finish in time."""
    orders: list[list[int]] = [[] for _ in problem.robots]
    for infected in (False, True):
        open_ = problem.infected == infected
        free = [(_free_at(problem, k, orders[k]), k) for k in range(len(orders))]
        heapify(free)
        while free and open_.any():
            _, robot = heappop(free)
            job = _nearest(problem, robot, orders[robot], open_)
            if job is not None:
                orders[robot].append(job)
                open_[job] = False
                heappush(free, (_free_at(problem, robot, orders[robot]), robot))
    return timetable(problem, orders)


def _free_at(problem: Problem, robot: int, order: list[int]) -> float:
    stops = walk(problem, robot, order)
    return stops[-1].end if stops else problem.robots[robot].free_at


def _nearest(
    problem: Problem, robot: int, order: list[int], open_: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> int | None:
    place = problem.jobs[order[-1]].exit if order else problem.robots[robot].place
    jobs = np.flatnonzero(open_ & problem.allowed[robot])
    near = jobs[np.argsort(problem.distance[place, problem.entrance[jobs]], kind="stable")][:LOOK_AT]
    return next((int(job) for job in near if walk(problem, robot, [*order, int(job)]) is not None), None)


def boustrophedon(problem: Problem) -> Plan:
    """Return the plan in which each robot sweeps its own stretch of the house, one due row after the other."""
    robots = len(problem.robots)
    far = problem.distance[problem.entrance[0]] if problem.jobs else np.zeros(0)
    orders: list[list[int]] = [[] for _ in range(robots)]
    by_place = sorted(range(len(problem.jobs)), key=lambda job: (float(far[problem.entrance[job]]), job))
    owners = sorted(
        range(robots), key=lambda k: (float(far[problem.robots[k].place]) if problem.jobs else 0.0, k)
    )
    for owner, share in zip(owners, np.array_split(np.array(by_place, dtype=np.intp), robots), strict=True):
        mine = [int(job) for job in share if problem.allowed[owner, job]]
        orders[owner] = sorted(mine, key=lambda job: bool(problem.infected[job]))
    return timetable(problem, orders)
