"""The independent checker: reads nothing but stops and the problem's raw numbers, and names every rule broken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from robot.mission.plan_types import Plan, Stop, StopKind
from robot.mission.problem import Problem, Robot

SLACK_S = 1e-3
"""Rounding that is forgiven, s."""


def faults_of(plan: Plan) -> list[str]:
    """Return a sentence for every rule that the plan breaks; none means that it can be driven as it stands."""
    found = [*_once_each(plan)]
    for robot in range(len(plan.problem.robots)):
        found += _one_robot(plan.problem, robot, plan.routes[robot])
    return found + conflicts_of(plan)


def conflicts_of(plan: Plan) -> list[str]:
    """Return a sentence for every time that two robots are in one row or hold one entrance."""
    rows: defaultdict[str, list[tuple[float, float, str]]] = defaultdict(list)
    zones: defaultdict[int, list[tuple[float, float, str]]] = defaultdict(list)
    for begun in plan.problem.under_way:
        rows[begun.row].append((begun.start, begun.end, begun.robot))
        for zone, start, end in begun.zones:
            zones[zone].append((start, end, begun.robot))
    for robot, route in zip(plan.problem.robots, plan.routes, strict=True):
        manoeuvre = robot.motion.entrance_s
        for stop in _visits(route):
            job = plan.problem.jobs[stop.job]
            rows[job.row].append((stop.start, stop.end, robot.name))
            zones[job.zone].append((stop.start, stop.start + manoeuvre, robot.name))
            zones[job.exit_zone].append((stop.leave, stop.leave + manoeuvre, robot.name))
    return [
        *(text for row, times in rows.items() for text in _clashes(times, f"in row {row}")),
        *(text for zone, times in zones.items() for text in _clashes(times, f"at entrance zone {zone}")),
    ]


def _clashes(times: Iterable[tuple[float, float, str]], where: str) -> Iterator[str]:
    latest_end, holder = -float("inf"), ""
    for start, end, robot in sorted(time for time in times if time[1] > time[0]):
        if start < latest_end - SLACK_S and robot != holder:
            yield f"{robot} is {where} at {start:.0f} s, {holder} until {latest_end:.0f} s"
        if end > latest_end:
            latest_end, holder = end, robot


def _once_each(plan: Plan) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for route in plan.routes:
        for stop in _visits(route):
            job = plan.problem.jobs[stop.job]
            for side in job.sides:
                if (job.row, side) in seen:
                    yield f"row {job.row}, {side} side: treated twice"
                seen.add((job.row, side))


def _visits(route: Iterable[Stop]) -> Iterator[Stop]:
    return (stop for stop in route if stop.kind is StopKind.VISIT)


def _one_robot(problem: Problem, number: int, route: tuple[Stop, ...]) -> Iterator[str]:
    robot = problem.robots[number]
    place, t, battery, tainted = robot.place, robot.free_at, robot.battery_s, robot.tainted
    for stop in route:
        who = f"{robot.name} at {stop.start:.0f} s"
        job = problem.jobs[stop.job] if stop.kind is StopKind.VISIT else None
        into = job.entrance if job is not None else stop.place
        drive = _seconds(problem, robot, place, into)
        if stop.arrive < t + drive - SLACK_S:
            yield f"{who}: arrives {t + drive - stop.arrive:.0f} s before it can be there"
        battery -= drive
        if job is not None:
            yield from (f"{who}: {text}" for text in _visit(problem, number, stop, tainted))
            battery -= robot.motion.visit_s(job.length, job.through)
            tainted = tainted or job.infected
        else:
            yield from (f"{who}: {text}" for text in _at_dock(robot, stop))
        if battery < _seconds(problem, robot, stop.place, robot.dock) - SLACK_S:
            yield f"{who}: the battery does not last to the dock"
        if stop.kind is StopKind.SWAP:
            battery = robot.motion.battery_s
        if stop.kind is StopKind.DISINFECT:
            tainted = False
        place, t = stop.place, stop.end


def _visit(problem: Problem, number: int, stop: Stop, tainted: bool) -> Iterator[str]:
    robot, job = problem.robots[number], problem.jobs[stop.job]
    manoeuvre = robot.motion.entrance_s
    work = robot.motion.visit_s(job.length, job.through)
    if stop.start < max(stop.arrive, job.release) - SLACK_S:
        yield f"row {job.row} is begun before it is reached or due"
    if stop.leave < stop.start + work - manoeuvre - SLACK_S or stop.end < stop.leave + manoeuvre - SLACK_S:
        yield f"row {job.row} takes {work:.0f} s, the plan gives {stop.end - stop.start:.0f}"
    if stop.end > min(job.deadline, problem.end) + SLACK_S:
        yield f"row {job.row} ends at {stop.end:.0f} s, after {min(job.deadline, problem.end):.0f}"
    if stop.place != job.exit:
        yield f"row {job.row} is left where it has no way out"
    if not set(job.sides) <= set(robot.sides):
        yield f"row {job.row} has a side that the robot cannot treat"
    if problem.pins.get(stop.job, number) != number:
        yield f"row {job.row} is pinned to {problem.robots[problem.pins[stop.job]].name}"
    if tainted and not job.infected:
        yield f"row {job.row} is clean, the robot comes from an infected one and was not disinfected"


def _at_dock(robot: Robot, stop: Stop) -> Iterator[str]:
    needed = robot.motion.swap_s if stop.kind is StopKind.SWAP else robot.motion.disinfect_s
    if stop.place != robot.dock:
        yield f"{stop.kind} away from the dock"
    if stop.end - stop.start < needed - SLACK_S or stop.start < stop.arrive - SLACK_S:
        yield f"{stop.kind} takes {needed:.0f} s, the plan gives {stop.end - stop.start:.0f}"


def _seconds(problem: Problem, robot: Robot, start: int, end: int) -> float:
    return float(problem.distance[start, end]) / robot.motion.headland_speed


def infected_before_clean(plan: Plan) -> list[str]:
    """Return the robots that enter an infected row before a clean one: allowed, but not what hygiene asks for."""
    found = []
    for robot, route in zip(plan.problem.robots, plan.routes, strict=True):
        flags = [plan.problem.jobs[stop.job].infected for stop in _visits(route)]
        if any(before and not after for before, after in pairwise(flags)):
            found.append(robot.name)
    return found
