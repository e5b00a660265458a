"""How much work a robot can do at most between two times: the ground that every upper bound stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot.mission.problem import Floats, Indices, Problem, Robot

ROUNDING = 1e-6


@dataclass(frozen=True)
class Fleet:
    """Robots that work alike and may take the same jobs."""

    robots: tuple[int, ...]
    jobs: Indices
    """The jobs they may take."""
    weight: Floats
    """Seconds each of these jobs takes a robot at least, with the shortest way to it."""


def fleets_of(problem: Problem) -> list[Fleet]:
    """Return the robots in groups of equals."""
    alike: dict[tuple[bytes, bytes], list[int]] = {}
    for robot in range(len(problem.robots)):
        key = problem.work[robot].tobytes(), problem.allowed[robot].tobytes()
        alike.setdefault(key, []).append(robot)
    fleets = []
    for robots in alike.values():
        jobs = np.flatnonzero(problem.allowed[robots[0]] & _possible(problem, robots))
        weight = problem.work[robots[0], jobs] + _shortest_way_in(problem, robots, jobs)
        fleets.append(Fleet(tuple(robots), jobs, weight))
    return fleets


def _possible(problem: Problem, robots: list[int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which jobs one of the robots could do at all before their deadlines, (jobs,)."""
    found = np.zeros(len(problem.jobs), dtype=bool)
    for k in robots:
        robot = problem.robots[k]
        there = robot.free_at + problem.distance[robot.place, problem.entrance] / robot.motion.headland_speed
        found |= np.maximum(there, problem.release) + problem.work[k] <= problem.deadline + ROUNDING
    return found


def _shortest_way_in(problem: Problem, robots: list[int], jobs: Indices) -> Floats:
    """Return the seconds from the nearest place that a robot can come from to each job: another job, dock, start."""
    if not len(jobs):
        return np.zeros(0)
    metres = problem.distance[problem.exit[jobs][:, None], problem.entrance[jobs][None, :]].copy()
    np.fill_diagonal(metres, np.inf)
    others = {problem.robots[k].place for k in robots} | {problem.robots[k].dock for k in robots}
    from_others = problem.distance[sorted(others)][:, problem.entrance[jobs]].min(axis=0)
    speed = problem.robots[robots[0]].motion.headland_speed
    shortest: Floats = np.minimum(metres.min(axis=0), from_others) / speed
    return shortest


def most_work_s(robot: Robot, start: float, end: float) -> float:
    """Return the most seconds of work that `robot` can do within [start, end], battery swaps taken out.

    With n swaps the work is at most the batteries' (n + 1, the first as full as it may be by then) and at most
    the time less n swaps; the best n counts.
    """
    at = max(start, robot.free_at)
    time = end - at
    if time <= 0.0:
        return 0.0
    full = robot.motion.battery_s
    first = robot.battery_s if start <= robot.free_at else full
    best, swaps = 0.0, 0
    while True:
        best = max(best, min(time - swaps * robot.motion.swap_s, first + swaps * full))
        if first + swaps * full >= time or (swaps + 1) * robot.motion.swap_s >= time:
            return best
        swaps += 1
