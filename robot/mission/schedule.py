"""Orders into timetables: nobody at an entrance or in a row that another robot has reserved."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence

from robot.mission.plan_types import Orders, Plan, Stop, StopKind
from robot.mission.problem import Job, Problem, UnderWay
from robot.mission.walk import walk, walk_what_fits

TRIES = 6


class Calendar:
    """When one thing is taken: disjoint times in order."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float]] = []

    def book(self, start: float, end: float) -> None:
        """Take it from `start` to `end`; the caller asked `clash` before."""
        if end > start:
            insort(self._taken, (start, end))

    def clash(self, start: float, end: float) -> float | None:
        """Return when the last clash with [start, end) is over, or None when it is free."""
        last = bisect_left(self._taken, (end, end)) - 1
        if last >= 0 and self._taken[last][1] > start and self._taken[last][0] < end:
            return self._taken[last][1]
        return None

    def free_from(self, earliest: float, duration: float) -> float:
        """Return the first time from `earliest` at which it is free for `duration`."""
        at = earliest
        index = max(0, bisect_left(self._taken, (at, at)) - 1)
        for start, end in self._taken[index:]:
            if start >= at + duration:
                break
            at = max(at, end)
        return at


class Reservations:
    """The calendars of all entrance zones and rows."""

    def __init__(self, under_way: Iterable[UnderWay] = ()) -> None:
        self._zones: defaultdict[int, Calendar] = defaultdict(Calendar)
        self._rows: defaultdict[str, Calendar] = defaultdict(Calendar)
        for visit in under_way:
            self._rows[visit.row].book(visit.start, visit.end)
            for zone, start, end in visit.zones:
                self._zones[zone].book(start, end)

    def find(self, job: Job, earliest: float, work: float, manoeuvre: float) -> tuple[float, float]:
        """Return the first start from `earliest` and the leaving at which zones and row are free."""
        start = max(earliest, job.release)
        while True:
            start = self._zones[job.zone].free_from(start, manoeuvre)
            leave = self._zones[job.exit_zone].free_from(start + work - manoeuvre, manoeuvre)
            taken_until = self._rows[job.row].clash(start, leave + manoeuvre)
            if taken_until is None:
                return start, leave
            start = taken_until

    def book(self, problem: Problem, robot: int, stops: Iterable[Stop]) -> None:
        """Reserve what the visits of one robot take."""
        manoeuvre = problem.robots[robot].motion.entrance_s
        for stop in stops:
            if stop.kind is StopKind.VISIT:
                job = problem.jobs[stop.job]
                self._zones[job.zone].book(stop.start, stop.start + manoeuvre)
                self._zones[job.exit_zone].book(stop.leave, stop.end)
                self._rows[job.row].book(stop.start, stop.end)


def timetable(problem: Problem, orders: Orders) -> Plan:
    """Return the plan of `orders`; visits that waiting would make too late are left out.

    Robots with the least time to spare reserve first. Where a robot loses a visit it reserves earlier in the
    next try; the best of a few tries is returned.
    """
    first = sorted(range(len(problem.robots)), key=lambda k: spare_s(problem, k, orders[k]))
    wanted = sum(len(order) for order in orders)
    best: Plan | None = None
    for _ in range(TRIES):
        plan = _reserved(problem, orders, first)
        if best is None or _rank(plan) > _rank(best):
            best = plan
        if len(plan.visited) == wanted:
            return plan
        losers = [k for k in first if len(plan.orders[k]) < len(orders[k])]
        first = losers + [k for k in first if k not in losers]
    return best if best is not None else Plan(problem, ((),) * len(problem.robots))


def _rank(plan: Plan) -> float:
    return float(plan.problem.rank[plan.visited].sum())


def _reserved(problem: Problem, orders: Orders, first: Sequence[int]) -> Plan:
    """Return the timetable with robots reserving in the order of `first`."""
    reservations = Reservations(problem.under_way)
    routes: list[tuple[Stop, ...]] = [()] * len(problem.robots)
    for robot in first:
        stops = walk_what_fits(problem, robot, orders[robot], reservations.find)
        reservations.book(problem, robot, stops)
        routes[robot] = tuple(stops)
    return Plan(problem, tuple(routes))


def spare_s(problem: Problem, robot: int, jobs: Sequence[int]) -> float:
    """Return by how many seconds the jobs may slip before one ends too late; 0 when one does already."""
    stops = walk(problem, robot, jobs)
    if stops is None:
        return 0.0
    visits = [stop for stop in stops if stop.kind is StopKind.VISIT]
    return min((float(problem.deadline[stop.job]) - stop.end for stop in visits), default=problem.end)
