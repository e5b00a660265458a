"""What a plan is: each robot's stops with their times, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from robot.mission.problem import Problem


class StopKind(StrEnum):
    """What a robot does at a stop."""

    VISIT = "visit"
    SWAP = "swap"
    DISINFECT = "disinfect"


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: reached at `arrive`, from `start` to `end` in seconds from the plan's zero.

    A visit's `start` is the first manoeuvre onto the rails, `leave` the first one off them.
    """

    kind: StopKind
    place: int
    arrive: float
    start: float
    leave: float
    end: float
    battery_s: float
    job: int = -1


Routes = tuple[tuple[Stop, ...], ...]
Orders = Sequence[Sequence[int]]
"""Each robot's jobs in order."""


@dataclass(frozen=True)
class Plan:
    """A timetable for every robot of `problem`."""

    problem: Problem
    routes: Routes

    @cached_property
    def value(self) -> float:
        """What all visits together are worth."""
        return float(sum(self.problem.jobs[job].value for job in self.visited))

    @cached_property
    def visited(self) -> list[int]:
        """The jobs done, by robot and time."""
        return [stop.job for route in self.routes for stop in route if stop.kind is StopKind.VISIT]

    @property
    def orders(self) -> list[list[int]]:
        """Each robot's jobs in order."""
        return [[stop.job for stop in route if stop.kind is StopKind.VISIT] for route in self.routes]

    @property
    def must_missed(self) -> list[int]:
        """The jobs that had to be done in this window and are not."""
        done = set(self.visited)
        return [number for number, job in enumerate(self.problem.jobs) if job.must and number not in done]

    @property
    def waits_s(self) -> float:
        """Seconds all robots together stand at entrances that another one holds, or for a row to be due."""
        return sum(_waits(self))


def _waits(plan: Plan) -> Iterator[float]:
    for robot, route in enumerate(plan.routes):
        for stop in route:
            yield stop.start - stop.arrive
            if stop.kind is StopKind.VISIT:
                yield stop.end - stop.start - float(plan.problem.work[robot, stop.job])
