"""Keeps one robot's plan true: orders the day's plan, replans on events and when it is late, follows the answer."""

from __future__ import annotations

from datetime import datetime

from robot.mission.course import Course
from robot.mission.desk import Answer, ChangeOrder, DayOrder, Desk, Order, RobotNow
from robot.mission.due import Window
from robot.mission.events import Event, Pinned, RowBlocked, Unpinned
from robot.mission.mission_config import MissionConfig

RETRY_S = 60.0
LOOK_S = 5.0
"""How often the plan is held against what happens, s."""


class Agenda:
    """The plan and its maker; host times are seconds of the injected clock."""

    def __init__(self, desk: Desk, robot: str, config: MissionConfig) -> None:
        self._desk, self._robot, self._config = desk, robot, config
        self.course = Course()
        self.window: Window | None = None
        self.opens = self.closes = 0.0
        self.planning = False
        self.problem = ""
        self.quality: float | None = None
        self.replans = 0
        self.stranded = False
        self.house_error_s: float | None = None
        """How far the end of the day's work was off what its first plan said; None until then."""
        self.house_ends: float | None = None
        """When the day's work ends by its first plan; None before it, and once it has ended."""
        self.blocked: set[str] = set()
        self.pins: set[str] = set()
        """Rows that a person wants done today: each new plan of the day is told of them."""
        self._events: list[Event] = []
        self._ordered: Order | None = None
        self._asked_at = float("-inf")
        self._looked_at = float("-inf")

    def new_day(self) -> None:
        """Forget yesterday's plan, events and blocked rows."""
        self.course.new_day()
        self.window, self.quality, self.stranded = None, None, False
        self.house_ends = self.house_error_s = None
        self.problem, self.replans = "", 0
        self.blocked.clear()
        self.pins.clear()
        self._events.clear()

    def order_day(self, now: float, wall: datetime, state: RobotNow) -> None:
        """Have today's plan made from what the ledger knows."""
        local = wall.astimezone()
        self._order(DayOrder(self._robot, local, self._config.plan_s, state, frozenset(self.blocked)), now)

    def finished(self, now: float) -> None:
        """Take that the day's work is over."""
        if self.house_ends is not None:
            self.house_error_s, self.house_ends = abs(now - self.house_ends), None

    def tell(self, event: Event) -> str:
        """Take an event that asks for a new plan; returns why it cannot be taken, or ''."""
        plan = self.course.plan
        if isinstance(event, RowBlocked):
            self.blocked.add(event.row)
            self.pins.discard(event.row)
            self.course.drop(event.row)
        due = {job.row for job in plan.problem.jobs} if plan is not None else set()
        if isinstance(event, RowBlocked) and event.row not in due:
            return ""
        if isinstance(event, Pinned | Unpinned) and event.row not in due:
            return f"row '{event.row}' is not due today; name a due row"
        if isinstance(event, Pinned):
            self.pins.add(event.row)
        elif isinstance(event, Unpinned):
            self.pins.discard(event.row)
        self._events.append(event)
        return ""

    def step(self, now: float, wall: datetime, free: float, state: RobotNow) -> None:
        """Take an answer, order what is needed; the robot will be `free` of what it does now at that time."""
        answer = self._desk.take()
        if answer is not None:
            self._take(answer, now, wall)
        if self.planning or self.window is None:
            if not self.planning and self.problem and now - self._asked_at > RETRY_S:
                self.order_day(now, wall, state)
            return
        if now - self._looked_at < LOOK_S and not self._events:
            return
        self._looked_at = now
        late = abs(self.course.lag(free)) > self._config.late_s
        if self._events or (late and now - self._asked_at > RETRY_S):
            self._change(now, free)

    def _change(self, now: float, free: float) -> None:
        plan = self.course.as_it_went(free)
        events, self._events = tuple(self._events), []
        if plan is None:
            return
        self.replans += 1
        self._order(ChangeOrder(plan, now - self.course.zero, events), now)

    def _order(self, order: Order, now: float) -> None:
        self._ordered, self.planning, self._asked_at = order, True, now
        self._desk.order(order)

    def _take(self, answer: Answer, now: float, wall: datetime) -> None:
        self.planning, self.problem = False, answer.problem
        if answer.plan is None:
            return
        if answer.window is not None:
            self.window = answer.window
            # From here on the monotonic clock alone counts: a step of the wall clock moves nothing.
            self.opens = now + answer.window.opens - wall.timestamp()
            self.closes = self.opens + answer.window.closes - answer.window.opens
            due = {job.row for job in answer.plan.problem.jobs}
            self._events += [Pinned(row, self._robot) for row in sorted(self.pins & due)]
        self.quality = answer.quality
        self.stranded = self._robot in answer.stranded
        if answer.unserved_pins:
            self.problem = f"no room today for the pinned row {', '.join(answer.unserved_pins)}"
        number = [robot.name for robot in answer.plan.problem.robots].index(self._robot)
        self.course.follow(answer.plan, self.opens, number)
        for row in self.blocked:
            self.course.drop(row)
        if answer.window is not None and self.house_ends is None and self.house_error_s is None:
            self.house_ends = max((end for _, _, end in self.course.starts(now)), default=None)
