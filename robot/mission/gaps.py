"""Where in a route a visit could go and what it would cost, for all visits and places at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot.mission.plan_types import Stop, StopKind
from robot.mission.problem import Floats, Indices, Problem
from robot.mission.walk import walk

NEVER = float("inf")


@dataclass(frozen=True)
class Gaps:
    """The places between (and, after the last, behind) the visits of a route; one entry a place."""

    place: Indices
    """Where the robot comes from, index of a place."""
    ready: Floats
    """When it is free there, s."""
    next_place: Indices
    """Where it goes next; the place it comes from where there is nothing more."""
    next_arrive: Floats
    """When it arrives there now, s; the same as ready where there is nothing more."""
    next_latest: Floats
    """When it must arrive there, s; never where there is nothing more."""
    clean: int
    """How many places lie before an infected row is entered."""
    spare_battery: float
    """Seconds of work until one more swap is needed."""


def gaps_of(problem: Problem, robot: int, order: Sequence[int], skip: bool = False) -> Gaps | None:
    """Return the gaps of `order`, or None when it cannot be driven.

    With `skip`, entry i is the gap that opens when visit i is taken out (one entry a visit).
    """
    stops = walk(problem, robot, order)
    if stops is None:
        return None
    before = _before(problem, robot, stops)
    visits = [stop for stop in stops if stop.kind is StopKind.VISIT]
    count = len(visits)
    last_place, last_end = (visits[-1].place, visits[-1].end) if visits else before[0]
    places = [place for place, _ in before[:count]] + [last_place]
    ready = [end for _, end in before[:count]] + [last_end]
    entrances = [problem.jobs[stop.job].entrance for stop in visits] + [last_place]
    arrive = [stop.arrive for stop in visits] + [last_end]
    latest = [*_latest(problem, robot, visits), NEVER]
    infected = [problem.jobs[job].infected for job in order]
    if skip:
        places, ready = places[:-1], ready[:-1]
        entrances, arrive, latest = entrances[1:], arrive[1:], latest[1:]
        if count:
            entrances[-1], arrive[-1] = places[-1], ready[-1]
    return Gaps(
        np.array(places, dtype=np.intp),
        np.array(ready),
        np.array(entrances, dtype=np.intp),
        np.array(arrive),
        np.array(latest),
        infected.index(True) if True in infected else count,
        stops[-1].battery_s if stops else problem.robots[robot].battery_s,
    )


def _before(problem: Problem, robot: int, stops: Sequence[Stop]) -> list[tuple[int, float]]:
    """Return where and when the robot is free before each visit."""
    start = problem.robots[robot]
    at = (start.place, start.free_at)
    found = []
    for stop in stops:
        if stop.kind is StopKind.VISIT:
            found.append(at)
        at = (stop.place, stop.end)
    return found or [at]


def _latest(problem: Problem, robot: int, visits: Sequence[Stop]) -> list[float]:
    """Return when the robot must at the latest arrive at each visit for all from there on to be in time."""
    latest: list[float] = []
    after, next_arrive = NEVER, NEVER
    for stop in reversed(visits):
        work = problem.work_s[robot][stop.job]
        gap = next_arrive - stop.end if latest else 0.0
        after = min(problem.deadline_s[stop.job], after - gap if latest else NEVER) - work
        next_arrive = stop.arrive
        latest.append(after)
    return latest[::-1]


def costs(problem: Problem, robot: int, gaps: Gaps, jobs: Indices) -> Floats:
    """Return the seconds that each job would add at each gap, (jobs, gaps); inf where it does not fit."""
    motion, dock = problem.robots[robot].motion, problem.robots[robot].dock
    distance, speed = problem.distance, motion.headland_speed
    entrance, leaving = problem.entrance[jobs], problem.exit[jobs]
    work = problem.work[robot, jobs][:, None]
    drive_in = distance[gaps.place[None, :], entrance[:, None]] / speed
    drive_on = distance[leaving[:, None], gaps.next_place[None, :]] / speed
    home = distance[leaving, dock][:, None] / speed
    at_end = np.isinf(gaps.next_latest)[None, :]
    arrive = gaps.ready[None, :] + drive_in
    needs_swap = drive_in + work + np.where(at_end, home, drive_on) > gaps.spare_battery
    # A swap costs its time and the way to the dock and back; where in the route it falls is settled by the walk.
    swap = np.where(needs_swap, motion.swap_s + 2.0 * home, 0.0)
    end = np.maximum(arrive + swap, problem.release[jobs][:, None]) + work
    onward = np.where(at_end, end, end + drive_on)
    late = (end > problem.deadline[jobs][:, None]) | (onward > gaps.next_latest[None, :])
    index = np.arange(len(gaps.place))[None, :]
    infected = problem.infected[jobs][:, None]
    dirty = np.where(infected, index < gaps.clean, index > gaps.clean)
    wrong = ~problem.allowed[robot, jobs][:, None]
    added = np.maximum(onward - gaps.next_arrive[None, :], 1.0)
    return np.where(late | dirty | wrong, NEVER, added)
