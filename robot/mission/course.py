"""One robot's way through today's plan: what is past as it went, what is under way, what lies ahead and when."""

from __future__ import annotations

from dataclasses import replace

from robot.mission.mission_view import StopView
from robot.mission.plan_types import Plan, Stop, StopKind
from robot.mission.problem import Job


class Course:
    """Follows the route of robot `number` in a plan whose zero is host time `zero`."""

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.zero = 0.0
        self.number = 0
        self.ahead: list[Stop] = []
        self.now: Stop | None = None
        """The stop under way, with the time at which it really began."""
        self.now_job: Job | None = None
        """What it visits; its number in the plan means nothing once another plan is followed."""
        self._went: list[Stop] = []
        """What is past of this plan, with its real times: replanning begins from there."""
        self.past: list[StopView] = []
        """All that is past today, whatever plan it came from."""

    def follow(self, plan: Plan, zero: float, number: int) -> None:
        """Take a new plan; what is under way goes on."""
        self.plan, self.zero, self.number = plan, zero, number
        self.ahead = list(plan.routes[number])
        self._went = []

    def new_day(self) -> None:
        """Forget the plan and what is past."""
        self.plan = self.now = self.now_job = None
        self.ahead, self._went, self.past = [], [], []

    def job(self, stop: Stop) -> Job:
        """Return the visit's job in the plan being followed."""
        if self.plan is None:
            raise LookupError("no plan is followed")
        return self.plan.problem.jobs[stop.job]

    def at_home(self, place: int) -> bool:
        """Tell whether `place` is the robot's dock."""
        return self.plan is not None and self.plan.problem.robots[self.number].dock == place

    def begin(self, now: float) -> Stop:
        """Begin the next stop."""
        stop = self.ahead.pop(0)
        t = now - self.zero
        self.now = replace(
            stop, arrive=t, start=t, leave=stop.leave - stop.start + t, end=stop.end - stop.start + t
        )
        self.now_job = self.job(stop) if stop.kind is StopKind.VISIT else None
        self._went.append(self.now)
        return self.now

    def end(self, view: StopView, now: float) -> None:
        """End the stop under way; `view` is how people see it from now on."""
        if self.now is not None and self._went:
            self._went[-1] = replace(self._went[-1], leave=now - self.zero, end=now - self.zero)
        self.now = self.now_job = None
        self.past.append(view)

    def drop(self, row: str) -> None:
        """Take a row out of what lies ahead, before the planner knows."""
        self.ahead = [
            stop for stop in self.ahead if stop.kind is not StopKind.VISIT or self.job(stop).row != row
        ]

    def lag(self, free: float) -> float:
        """Return by how many seconds the next stop begins later than planned, the robot being free at `free`."""
        ahead = self.starts(free)
        return ahead[0][1] - (self.zero + self.ahead[0].start) if ahead else 0.0

    def starts(self, free: float) -> list[tuple[Stop, float, float]]:
        """Return the stops ahead with their begin and end in host time, the robot being free at `free`."""
        found = []
        t, before = free, -self._drive()
        for number, stop in enumerate(self.ahead):
            way = stop.arrive - before if number else -before
            start = t + max(0.0, way)
            if stop.kind is StopKind.VISIT:
                start = max(start, self.zero + self.job(stop).release)
            t, before = start + stop.end - stop.start, stop.end
            found.append((stop, start, t))
        return found

    def as_it_went(self, now_ends: float) -> Plan | None:
        """Return the plan with the real times of what is past, and the rest moved behind it.

        `now_ends` is the host time at which what is under way will be over.
        """
        if self.plan is None:
            return None
        went = list(self._went)
        if self.now is not None and went:
            end = now_ends - self.zero
            went[-1] = replace(went[-1], leave=max(end - 30.0, went[-1].start), end=max(end, went[-1].start))
        rest = [
            replace(
                stop,
                arrive=start - self.zero,
                start=start - self.zero,
                leave=end - self.zero,
                end=end - self.zero,
            )
            for stop, start, end in self.starts(now_ends)
        ]
        routes = list(self.plan.routes)
        routes[self.number] = (*went, *rest)
        return Plan(self.plan.problem, tuple(routes))

    def _drive(self) -> float:
        """Return the seconds of way to the next stop, as the plan has them."""
        if self.plan is None or not self.ahead:
            return 0.0
        problem, stop = self.plan.problem, self.ahead[0]
        last = self._went[-1].place if self._went else problem.robots[self.number].place
        into = problem.jobs[stop.job].entrance if stop.kind is StopKind.VISIT else stop.place
        return problem.travel(self.number, last, into)
