"""The day's plan for the pages, and what would become of it if: planned here, beside the robot, never in its loop."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robot.clock import Clock
from robot.mission.day import Visits, problem_of
from robot.mission.due import Window
from robot.mission.events import Event, RobotLost, RowBlocked
from robot.mission.house import RobotConfig
from robot.mission.house_map import House
from robot.mission.plan_types import Plan, StopKind
from robot.mission.planning import fast_plan
from robot.mission.replan import replan
from robot.mission.schedule import timetable

KEEP_S = 60.0
"""A plan is made anew this often at most: the fast one takes well below a second."""


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit of the plan; times in POSIX seconds."""

    robot: str
    row: str
    sides: tuple[str, ...]
    start: float
    end: float
    must: bool
    late: bool
    infected: bool
    flowers: float
    deadline: float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What if: rows that nobody enters, robots that do no more, and orders of rows by robot."""

    block: tuple[str, ...] = ()
    lose: tuple[str, ...] = ()
    orders: Mapping[str, tuple[str, ...]] | None = None


class PlanDesk:
    """Keeps the newest plan. Any thread may ask; one plans at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._made_at = float("-inf")
        self._made_for: object = None
        self._plan: Plan | None = None
        self._zero = 0.0

    def plan(self, house: House, visits: Visits, window: Window) -> tuple[Plan, float]:
        """Return the day's plan and its zero in POSIX s; raises ConfigError when the house cannot be planned."""
        with self._lock:
            key = (
                id(house),
                tuple(sorted((row, side, last.wall) for (row, side), last in visits.items())),
                window.closes,
            )
            if self._plan is None or key != self._made_for or self._clock.now() - self._made_at > KEEP_S:
                robots = house.config.robots or (RobotConfig(name="robot", dock=next(iter(house.docks))),)
                self._plan = fast_plan(problem_of(house, robots, visits, window))
                self._made_at, self._made_for, self._zero = self._clock.now(), key, window.opens
            return self._plan, self._zero

    def what_if(self, plan: Plan, asked: Asked) -> Plan:
        """Return the plan that would be; raises ReplanError for a row or robot that the plan does not have."""
        events: list[Event] = [RowBlocked(row) for row in asked.block]
        events += [RobotLost(robot) for robot in asked.lose]
        with self._lock:
            new = replan(plan, 0.0, events, self._clock, seconds=0.5).plan if events else plan
            return timetable(new.problem, _ordered(new, asked.orders)) if asked.orders else new


def _ordered(plan: Plan, wanted: Mapping[str, Sequence[str]]) -> list[list[int]]:
    """Return the plan's orders with the rows of some robots in another one; a row not named keeps its turn at the end."""
    orders = plan.orders
    for number, robot in enumerate(plan.problem.robots):
        rows = wanted.get(robot.name)
        if rows is None:
            continue
        place = {row: turn for turn, row in enumerate(rows)}
        orders[number] = sorted(
            orders[number], key=lambda job: place.get(plan.problem.jobs[job].row, len(place))
        )
    return orders


def visits_in(plan: Plan, zero: float) -> list[PlannedVisit]:
    """Return the plan's visits by time; `zero` is the plan's zero in POSIX seconds."""
    found = []
    for robot, route in zip(plan.problem.robots, plan.routes, strict=True):
        for stop in route:
            if stop.kind is not StopKind.VISIT:
                continue
            job = plan.problem.jobs[stop.job]
            deadline = None if job.deadline == float("inf") else zero + job.deadline
            value = job.value
            found.append(
                PlannedVisit(
                    robot.name, job.row, tuple(job.sides), zero + stop.start, zero + stop.end,
                    job.must, job.late, job.infected, value, deadline,
                )
            )  # fmt: skip
    return sorted(found, key=lambda one: (one.start, one.robot))


def left_out(plan: Plan) -> list[str]:
    """Return the rows that are due and in no route."""
    done = set(plan.visited)
    return sorted({job.row for number, job in enumerate(plan.problem.jobs) if number not in done})


def finish_of(plan: Plan, zero: float) -> float | None:
    """Return when the last robot is done with its last row, POSIX seconds; None with nothing to do."""
    ends = [stop.end for route in plan.routes for stop in route if stop.kind is StopKind.VISIT]
    return zero + max(ends) if ends else None
