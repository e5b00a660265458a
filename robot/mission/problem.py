"""The planning problem in numbers: visits to rows, robots, travel. Every planner, the bound and the checker read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from robot.mission.motion import MotionConfig
from vision.types import SIDES, Side

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Job:
    """One visit to one row: in at `entrance`, along the row treating `sides`, and out at `exit`.

    Times are seconds from the plan's zero. The visit may begin at `release` and must end by `deadline`.
    """

    row: str
    sides: tuple[Side, ...]
    value: float
    length: float
    entrance: int
    exit: int
    zone: int
    exit_zone: int
    release: float = 0.0
    deadline: float = float("inf")
    must: bool = False
    late: bool = False
    infected: bool = False

    @property
    def through(self) -> bool:
        """Whether the robot leaves the row at its other end."""
        return self.entrance != self.exit


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot as it stands at the plan's zero: where, from when, with how much battery (s of work)."""

    name: str
    place: int
    dock: int
    motion: MotionConfig
    free_at: float = 0.0
    battery_s: float = float("inf")
    sides: tuple[Side, ...] = SIDES
    tainted: bool = False


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A visit that was begun before the plan: what it takes of row and entrances, and until when."""

    robot: str
    row: str
    zones: tuple[tuple[int, float, float], ...]
    """Entrance zones with the times from which and until which they are taken."""
    start: float
    end: float


@dataclass(frozen=True)
class Problem:
    """Jobs, robots, the distances (m) between places along the headland, and the window's end (s)."""

    jobs: tuple[Job, ...]
    robots: tuple[Robot, ...]
    distance: Floats
    end: float
    pins: Mapping[int, int] = field(default_factory=dict)
    """Job -> the robot that the operator gave it to."""
    under_way: tuple[UnderWay, ...] = ()
    must_bonus: float = 0.0
    """What the search counts on top for a must, so that none is given up for value; no part of the value."""

    margin_s: float = 0.0
    """Seconds that the search adds to every visit, for waits at entrances; 0 in what is really planned."""

    @cached_property
    def deadline(self) -> Floats:
        """When each job must be over, (jobs,)."""
        return np.array([min(job.deadline, self.end) for job in self.jobs], dtype=np.float64)

    @cached_property
    def release(self) -> Floats:
        """When each job may begin, (jobs,)."""
        return np.array([job.release for job in self.jobs], dtype=np.float64)

    @cached_property
    def value(self) -> Floats:
        """What each job is worth, (jobs,)."""
        return np.array([job.value for job in self.jobs], dtype=np.float64)

    @cached_property
    def entrance(self) -> Indices:
        """The place where each job begins, (jobs,)."""
        return np.array([job.entrance for job in self.jobs], dtype=np.intp)

    @cached_property
    def exit(self) -> Indices:
        """The place where each job ends, (jobs,)."""
        return np.array([job.exit for job in self.jobs], dtype=np.intp)

    @cached_property
    def infected(self) -> Flags:
        """Which jobs are in infected rows, (jobs,)."""
        return np.array([job.infected for job in self.jobs], dtype=bool)

    @cached_property
    def must(self) -> Flags:
        """Which jobs cannot wait for the next window, (jobs,)."""
        return np.array([job.must for job in self.jobs], dtype=bool)

    @cached_property
    def work(self) -> Floats:
        """Seconds from the first manoeuvre at the entrance to the last at the exit, (robots, jobs)."""
        motions = {robot.motion for robot in self.robots}
        rows = {
            m: np.array([m.visit_s(job.length, job.through) for job in self.jobs], dtype=np.float64)
            for m in motions
        }
        work = np.array([rows[robot.motion] for robot in self.robots]).reshape(len(self.robots), -1)
        return work + self.margin_s

    @cached_property
    def allowed(self) -> Flags:
        """Which robot may take which job, (robots, jobs): it has the sides, and nobody else holds the pin."""
        allowed = np.array(
            [[set(job.sides) <= set(robot.sides) for job in self.jobs] for robot in self.robots], dtype=bool
        ).reshape(len(self.robots), -1)
        for job, robot in self.pins.items():
            others = np.arange(len(self.robots)) != robot
            allowed[others, job] = False
        return allowed

    @cached_property
    def rank(self) -> Floats:
        """What the search counts, (jobs,): the value, with a bonus so that musts and pins stay in."""
        high = float(self.value.max(initial=0.0))
        rank = self.value + self.must_bonus * self.must
        rank[list(self.pins)] += 1000.0 * (high + self.must_bonus)
        return rank

    @cached_property
    def pull(self) -> Floats:
        """The order in which the fast plan wants jobs, a second of their time, (jobs,).

        Where all musts may fit, those due soonest pull up to twice as hard, or the others would take their time.
        """
        if self.must_bonus <= 0.0 or self.end <= 0.0:
            return self.rank
        soon = np.clip((self.end - self.deadline) / self.end, 0.0, 1.0)
        return self.rank * np.where(self.must, 1.0 + soon, 1.0)

    @cached_property
    def seconds(self) -> list[list[list[float]]]:
        """Seconds along the headland, [robot][from place][to place], for the walks, which look up one at a time."""
        alike = {robot.motion.headland_speed for robot in self.robots}
        tables = {speed: (self.distance / speed).tolist() for speed in alike}
        return [tables[robot.motion.headland_speed] for robot in self.robots]

    @cached_property
    def work_s(self) -> list[list[float]]:
        """`work` for the walks, [robot][job]."""
        rows: list[list[float]] = self.work.tolist()
        return rows

    @cached_property
    def deadline_s(self) -> list[float]:
        """`deadline` for the walks, [job]."""
        times: list[float] = self.deadline.tolist()
        return times

    def travel(self, robot: int, start: int, end: int) -> float:
        """Return the seconds `robot` needs along the headland from one place to another."""
        return self.seconds[robot][start][end]
