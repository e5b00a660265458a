"""Small random planning problems, and the best plan of one by trying everything."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from hypothesis import strategies as st

from robot.mission.motion import MotionConfig
from robot.mission.problem import Job, Problem, Robot
from vision.types import SIDES, Side

SLOW = MotionConfig(treat_speed=0.15, return_speed=0.35)
SIDE_CHOICES: tuple[tuple[Side, ...], ...] = (SIDES, SIDES, ("left",), ("right",))


@st.composite
def problems(draw: st.DrawFn, most_jobs: int = 10, most_robots: int = 4) -> Problem:
    """Return a problem on a line of places; everything that can bind binds now and then."""
    seed = draw(st.integers(0, 2**32 - 1))
    jobs, robots = draw(st.integers(0, most_jobs)), draw(st.integers(1, most_robots))
    return random_problem(np.random.default_rng(seed), jobs, robots, pins=draw(st.booleans()))


def random_problem(random: np.random.Generator, jobs: int, robots: int, pins: bool = False) -> Problem:
    end = float(random.uniform(500.0, 12_000.0))
    x = random.uniform(0.0, 150.0, 2 * jobs + 2 * robots)
    motions = [SLOW, SLOW.model_copy(update={"treat_speed": 0.25, "battery_h": 0.8, "swap_s": 120.0})]
    made = [_job(random, i, end) for i in range(jobs)]
    for i in range(1, jobs, 2):
        if random.random() < 0.3:  # the two sides of one row, as carts with one side do them
            made[i - 1] = replace(made[i - 1], sides=("left",))
            made[i] = replace(made[i], row=made[i - 1].row, sides=("right",))
    fleet = tuple(_robot(random, 2 * jobs + 2 * k, motions) for k in range(robots))
    pinned = {}
    if pins and jobs:
        job, robot = int(random.integers(jobs)), int(random.integers(robots))
        pinned = {job: robot} if set(made[job].sides) <= set(fleet[robot].sides) else {}
    return Problem(tuple(made), fleet, np.abs(x[:, None] - x[None, :]), end, pinned)


def _job(random: np.random.Generator, i: int, end: float) -> Job:
    release = float(random.choice([0.0, 0.0, random.uniform(0.0, end)]))
    deadline = float(random.choice([end, random.uniform(0.2, 1.2) * end]))
    through = random.random() < 0.2
    return Job(
        row=f"row-{i}",
        sides=SIDE_CHOICES[int(random.integers(4))],
        value=float(random.uniform(1.0, 100.0)),
        length=float(random.choice([30.0, 60.0, 160.0, random.uniform(5.0, 200.0)])),
        entrance=2 * i,
        exit=2 * i + 1 if through else 2 * i,
        zone=int(random.integers(3)),
        exit_zone=int(random.integers(3)),
        release=release,
        deadline=deadline,
        must=bool(random.random() < 0.4),
        infected=bool(random.random() < 0.15),
    )


def _robot(random: np.random.Generator, place: int, motions: list[MotionConfig]) -> Robot:
    motion = motions[int(random.random() < 0.4)]
    return Robot(
        name=f"bee-{place}",
        place=place,
        dock=place + int(random.random() < 0.5),
        motion=motion,
        free_at=float(random.choice([0.0, random.uniform(0.0, 2000.0)])),
        battery_s=float(random.uniform(0.2, 1.0)) * motion.battery_s,
        sides=SIDE_CHOICES[int(random.integers(4))],
        tainted=bool(random.random() < 0.1),
    )


def best_value(problem: Problem) -> float:
    """Return the value of the best plan by trying all sets, orders and swaps; entrances are never taken."""
    jobs = range(len(problem.jobs))
    reach = [set(_sets(problem, k)) for k in range(len(problem.robots))]

    @cache
    def best(robot: int, left: frozenset[int]) -> float:
        if robot == len(problem.robots):
            return 0.0
        return max(
            sum(problem.jobs[j].value for j in chosen) + best(robot + 1, left - chosen)
            for chosen in reach[robot]
            if chosen <= left
        )

    return best(0, frozenset(jobs))


def _sets(problem: Problem, k: int) -> list[frozenset[int]]:
    """Return every set of jobs that robot `k` can do alone, in some order with some swaps."""
    robot = problem.robots[k]
    found = {frozenset[int]()}

    def go(done: frozenset[int], place: int, t: float, battery: float) -> None:
        found.add(done)
        for j, job in enumerate(problem.jobs):
            allowed = set(job.sides) <= set(robot.sides) and problem.pins.get(j, k) == k
            if j in done or not allowed:
                continue
            work = robot.motion.visit_s(job.length, job.through)
            for swap in (False, True):
                at, then, charge = place, t, battery
                if swap:
                    then += drive(at, robot.dock) + robot.motion.swap_s
                    at, charge = robot.dock, robot.motion.battery_s
                way = drive(at, job.entrance)
                end = max(then + way, job.release) + work
                charge -= way + work
                if end <= min(job.deadline, problem.end) and charge >= drive(job.exit, robot.dock):
                    go(done | {j}, job.exit, end, charge)

    def drive(a: int, b: int) -> float:
        return float(problem.distance[a, b]) / robot.motion.headland_speed

    go(frozenset(), robot.place, robot.free_at, robot.battery_s)
    return list(found)
