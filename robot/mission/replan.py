"""A new plan in the middle of the day that changes as little of the old one as the event allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from robot.clock import Clock
from robot.mission.events import (
    BatteryIs,
    Event,
    Pinned,
    ReplanError,
    RobotLost,
    RowBlocked,
    Unpinned,
    WindowMoved,
)
from robot.mission.order import Orders
from robot.mission.plan_types import Plan, StopKind
from robot.mission.problem import Floats, Problem, Robot, UnderWay
from robot.mission.schedule import timetable
from robot.mission.search import improve
from robot.mission.walk import EPSILON, at_once, walk, walk_what_fits

KEEP_SHARE = 0.25
"""What leaving a visit with its robot is worth, as a share of the mean visit (assumed): little is moved for less."""
ROUNDS = 200
SHIFT_S = 900.0
NEVER_FREE = 1e9


@dataclass(frozen=True)
class Replanned:
    """The plan from now on, and how much of the old one it changed."""

    plan: Plan
    churn: float
    """Share of the old plan's visits still ahead and still possible that another robot does now, or none."""
    shifted: float
    """Share of them that stay with their robot and begin over 15 minutes earlier or later."""
    unserved_pins: tuple[str, ...]
    """Rows that the operator pinned and that fit nowhere any more."""
    stranded: tuple[str, ...]
    """Robots whose battery does not last to their dock: they wait where they are, for a person."""


def replan(old: Plan, now: float, events: Iterable[Event], clock: Clock, seconds: float = 1.0) -> Replanned:
    """Return the plan for what is left at `now`, seconds from the old plan's zero; times keep that zero.

    A visit under way is finished and no part of the new plan; a robot on its way to a row is where it is going.
    Raises ReplanError for a row or robot that the plan does not have.
    """
    until = clock.now() + seconds
    events = list(events)
    problem, kept = _remaining(old, now, events)
    orders = Orders(problem, _what_still_fits(problem, kept), _keep(problem, kept))
    for job, robot in problem.pins.items():
        _make_room(orders, job, robot)
    orders.fill()
    orders = improve(orders, clock, until, ROUNDS, seed=0)
    plan = timetable(problem, orders.orders)
    moved, shifted = _changes(old, plan, kept)
    ahead = max(1, sum(len(order) for order in kept))
    done = set(plan.visited)
    lost_pins = tuple(problem.jobs[job].row for job in problem.pins if job not in done)
    return Replanned(plan, moved / ahead, shifted / ahead, lost_pins, tuple(_stranded(plan)))


def _stranded(plan: Plan) -> Iterator[str]:
    """Yield the robots that can neither work nor reach their dock on what is left in the battery."""
    for number, robot in enumerate(plan.problem.robots):
        home = plan.problem.travel(number, robot.place, robot.dock)
        if not plan.routes[number] and robot.free_at < NEVER_FREE and robot.battery_s + EPSILON < home:
            yield robot.name


def _remaining(old: Plan, now: float, events: list[Event]) -> tuple[Problem, list[list[int]]]:
    """Return the problem of what is left, and the old orders in its numbers."""
    before = old.problem
    _check_names(before, events)
    blocked = {event.row for event in events if isinstance(event, RowBlocked)}
    lost = {event.robot for event in events if isinstance(event, RobotLost)}
    begun = {
        stop.job
        for route in old.routes
        for stop in route
        if stop.kind is StopKind.VISIT and stop.start <= now
    }
    left = [j for j, job in enumerate(before.jobs) if j not in begun and job.row not in blocked]
    number = {job: new for new, job in enumerate(left)}
    end = next((event.end for event in events if isinstance(event, WindowMoved)), before.end)
    pins = {number[job]: robot for job, robot in before.pins.items() if job in number}
    for event in events:
        if isinstance(event, Pinned | Unpinned):
            for new in [number[j] for j in left if before.jobs[j].row == event.row]:
                pins.pop(new, None)
                if isinstance(event, Pinned):
                    pins[new] = _index(before, event.robot)
    batteries = {event.robot: event.seconds for event in events if isinstance(event, BatteryIs)}
    robots = tuple(
        _as_it_stands(old, k, now, robot.name in lost, batteries.get(robot.name))
        for k, robot in enumerate(before.robots)
    )
    jobs = tuple(before.jobs[j] for j in left)
    begun_now = tuple(_under_way(old, now, lost))
    problem = Problem(jobs, robots, before.distance, end, pins, begun_now, before.must_bonus)
    return problem, [[number[job] for job in order if job in number] for order in old.orders]


def _under_way(old: Plan, now: float, lost: set[str]) -> Iterator[UnderWay]:
    """Yield the visits that are being done at `now`; a lost robot stays in its row."""
    yield from (visit for visit in old.problem.under_way if visit.end > now)
    for robot, route in zip(old.problem.robots, old.routes, strict=True):
        manoeuvre = robot.motion.entrance_s
        for stop in route:
            if stop.kind is not StopKind.VISIT or not stop.start <= now < stop.end:
                continue
            job = old.problem.jobs[stop.job]
            into = (job.zone, stop.start, stop.start + manoeuvre)
            out = (job.exit_zone, stop.leave, stop.end)
            zones = (into,) if robot.name in lost else (into, out)
            end = NEVER_FREE if robot.name in lost else stop.end
            yield UnderWay(robot.name, job.row, zones, stop.start, end)


def _check_names(problem: Problem, events: Iterable[Event]) -> None:
    rows = {job.row for job in problem.jobs}
    for event in events:
        if isinstance(event, RowBlocked | Pinned | Unpinned) and event.row not in rows:
            raise ReplanError(f"row '{event.row}': not in today's plan; name a row that is due")
        if isinstance(event, RobotLost | BatteryIs | Pinned):
            _index(problem, event.robot)


def _index(problem: Problem, name: str) -> int:
    names = [robot.name for robot in problem.robots]
    if name not in names:
        raise ReplanError(f"robot '{name}': not in today's plan; known are {', '.join(names[:6])}")
    return names.index(name)


def _as_it_stands(old: Plan, k: int, now: float, lost: bool, battery: float | None) -> Robot:
    """Return a robot as it will be when it is next free; a lost one is never free."""
    robot = old.problem.robots[k]
    place, free, charge, tainted = robot.place, robot.free_at, robot.battery_s, robot.tainted
    for stop in old.routes[k]:
        visit = old.problem.jobs[stop.job] if stop.kind is StopKind.VISIT else None
        if stop.start > now:
            # On the road at `now`, it is where it was going once it gets there.
            if free <= now:
                into = stop.place if visit is None else visit.entrance
                charge -= old.problem.travel(k, place, into)
                place, free = into, stop.arrive
            break
        place, free, charge = stop.place, stop.end, stop.battery_s
        tainted = (visit.infected or tainted) if visit is not None else tainted
        tainted = tainted and stop.kind is not StopKind.DISINFECT
    free = NEVER_FREE if lost else max(now, free)
    charge = max(0.0, charge) if battery is None else max(0.0, min(battery, robot.motion.battery_s))
    return replace(robot, place=place, free_at=free, battery_s=charge, tainted=tainted)


def _what_still_fits(problem: Problem, kept: list[list[int]]) -> list[list[int]]:
    orders = []
    for robot, order in enumerate(kept):
        mine = [job for job in order if problem.allowed[robot, job]]
        stops = walk_what_fits(problem, robot, mine, at_once)
        orders.append([stop.job for stop in stops if stop.kind is StopKind.VISIT])
    return orders


def _keep(problem: Problem, kept: list[list[int]]) -> Floats:
    """Return what leaving each job with its robot counts, (jobs, robots)."""
    keep: Floats = np.zeros((len(problem.jobs), len(problem.robots)))
    for robot, order in enumerate(kept):
        keep[order, robot] = KEEP_SHARE * float(problem.value.mean()) if order else 0.0
    return keep


def _make_room(orders: Orders, job: int, robot: int) -> None:
    """Put a pinned job into its robot's route, giving up the least visits of it that are not pinned."""
    problem, order = orders.problem, orders.orders[robot]
    if not orders.open[job] or walk(problem, robot, [job]) is None:
        return
    trial, gone = [*order], list[int]()
    while True:
        places = [[*trial[:at], job, *trial[at:]] for at in range(len(trial) + 1)]
        fitting = [p for p in places if walk(problem, robot, p) is not None]
        if fitting:
            break
        least = min((j for j in trial if j not in problem.pins), key=lambda j: problem.rank[j], default=None)
        if least is None:
            return
        trial.remove(least)
        gone.append(least)
    orders.take_out(gone)
    orders.orders[robot] = min(fitting, key=lambda p: _end(problem, robot, p))
    orders.open[job] = False
    for other in range(len(orders.orders)):
        orders.refresh(other)


def _end(problem: Problem, robot: int, order: list[int]) -> float:
    stops = walk(problem, robot, order)
    return stops[-1].end if stops else 0.0


def _changes(old: Plan, new: Plan, kept: list[list[int]]) -> tuple[int, int]:
    """Return how many visits changed their robot or fell out, and how many are shifted in time."""
    then = _starts(old)
    now = _starts(new)
    robot_of: Mapping[int, int] = {job: k for k, order in enumerate(new.orders) for job in order}
    moved = shifted = 0
    for robot, order in enumerate(kept):
        for job in order:
            if robot_of.get(job) != robot:
                moved += 1
            elif abs(now[_key(new.problem, job)] - then[_key(new.problem, job)]) > SHIFT_S:
                shifted += 1
    return moved, shifted


def _key(problem: Problem, job: int) -> tuple[str, tuple[str, ...]]:
    return problem.jobs[job].row, problem.jobs[job].sides


def _starts(plan: Plan) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        _key(plan.problem, stop.job): stop.start
        for route in plan.routes
        for stop in route
        if stop.kind is StopKind.VISIT
    }
