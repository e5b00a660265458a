"""One robot's way through its jobs: battery, disinfection, windows. The search and the timetable both walk here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from robot.mission.plan_types import Stop, StopKind
from robot.mission.problem import Job, Problem, Robot

EPSILON = 1e-6
Reserve = Callable[[Job, float, float, float], tuple[float, float]]
"""Takes a job, the earliest start, the seconds of work and of a manoeuvre; returns the start and the leaving."""


def at_once(job: Job, earliest: float, work: float, manoeuvre: float) -> tuple[float, float]:
    """Start when it is possible and leave when the work is done: nobody else is on the headland."""
    start = max(earliest, job.release)
    return start, start + work - manoeuvre


def walk(problem: Problem, robot: int, jobs: Sequence[int], reserve: Reserve = at_once) -> list[Stop] | None:
    """Return the stops of `robot` doing `jobs` in this order, with swaps and disinfection where needed.

    None when a visit would end too late, one battery does not last for a row and the way to the dock, or what is
    left in the battery does not last to the dock.
    """
    walker = _Walker(problem, robot)
    for job in jobs:
        stops = walker.visit(job, reserve)
        if stops is None:
            return None
    return walker.stops


def walk_what_fits(problem: Problem, robot: int, jobs: Sequence[int], reserve: Reserve) -> list[Stop]:
    """Return the stops of `robot` doing `jobs` in this order, without those that would end too late."""
    walker = _Walker(problem, robot)
    for job in jobs:
        walker.visit(job, reserve)
    return walker.stops


class _Walker:
    def __init__(self, problem: Problem, robot: int) -> None:
        self.problem = problem
        self.index = robot
        self.robot: Robot = problem.robots[robot]
        self.seconds = problem.seconds[robot]
        self.work = problem.work_s[robot]
        self.deadline = problem.deadline_s
        self.stops: list[Stop] = []
        self.place = self.robot.place
        self.t = self.robot.free_at
        self.battery = self.robot.battery_s
        self.tainted = self.robot.tainted

    def visit(self, number: int, reserve: Reserve) -> list[Stop] | None:
        """Add a visit with the stops before it; None, and nothing changed, when it does not fit."""
        job, motion, dock = self.problem.jobs[number], self.robot.motion, self.robot.dock
        work, home = self.work[number], self.seconds[job.exit][dock]
        place, t, battery = self.place, self.t, self.battery
        before: list[Stop] = []
        clean = not self.tainted or job.infected
        if not clean or battery + EPSILON < self.seconds[place][job.entrance] + work + home:
            if battery + EPSILON < self.seconds[place][dock]:
                return None
            before = list(self._dock(not clean))
            place, t, battery = dock, before[-1].end, before[-1].battery_s
        drive = self.seconds[place][job.entrance]
        if battery + EPSILON < drive + work + home:
            return None
        arrive = t + drive
        limit = self.deadline[number] + EPSILON
        if max(arrive, job.release) + work > limit:
            return None
        start, leave = reserve(job, arrive, work, motion.entrance_s)
        end = leave + motion.entrance_s
        if end > limit:
            return None
        battery -= drive + work
        visit = Stop(StopKind.VISIT, job.exit, arrive, start, leave, end, battery, number)
        self.stops += [*before, visit]
        self.place, self.t, self.battery = job.exit, end, battery
        self.tainted = job.infected
        return self.stops

    def _dock(self, disinfect: bool) -> Iterator[Stop]:
        """Yield what is done at the dock; a battery is swapped whenever the robot is there."""
        dock, motion = self.robot.dock, self.robot.motion
        drive = self.seconds[self.place][dock]
        arrive, left = self.t + drive, self.battery - drive
        if disinfect:
            end = arrive + motion.disinfect_s
            yield Stop(StopKind.DISINFECT, dock, arrive, arrive, end, end, left)
            arrive = end
        end = arrive + motion.swap_s
        yield Stop(StopKind.SWAP, dock, arrive, arrive, end, end, motion.battery_s)
