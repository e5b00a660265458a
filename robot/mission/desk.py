"""Where plans are made: orders in, answers out, never in the control loop's thread."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from robot.clock import Clock
from robot.config import ConfigError
from robot.ledger import LedgerError
from robot.mission.bound import relax
from robot.mission.day import problem_of
from robot.mission.due import Window
from robot.mission.events import Event, ReplanError
from robot.mission.house_map import House
from robot.mission.plan_types import Plan
from robot.mission.planning import fast_plan, plan_day
from robot.mission.problem import UnderWay
from robot.mission.replan import replan
from robot.mission.share import robot_named, share_of
from robot.mission.visits import read_visits, window_at

REPLAN_S = 1.0
PATIENCE_S = 120.0
"""s beyond its planning time after which a planner that says nothing is given up (assumed)."""


@dataclass(frozen=True, slots=True)
class RobotNow:
    """The robot as it stands: `place` is where it is next free, in `free_in` s; None is its dock."""

    place: int | None = None
    free_in: float = 0.0
    battery_s: float | None = None
    tainted: bool = False
    row: str = ""
    """The row that is being worked, which needs no plan, or ''."""


@dataclass(frozen=True, slots=True)
class DayOrder:
    """Plan the day of local time `now`, without the rows that are blocked."""

    robot: str
    now: datetime
    seconds: float
    state: RobotNow = field(default_factory=RobotNow)
    blocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """Change a plan `at` seconds after its zero, where it went as `plan` says."""

    plan: Plan
    at: float
    events: tuple[Event, ...]
    seconds: float = REPLAN_S


Order = DayOrder | ChangeOrder


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan, or the problem that it came to; `window` comes with a day's plan, which begins its zero."""

    plan: Plan | None = None
    window: Window | None = None
    quality: float | None = None
    problem: str = ""
    unserved_pins: tuple[str, ...] = ()
    stranded: tuple[str, ...] = ()


class Desk(Protocol):
    """Makes plans; the mission looks in at every step."""

    def order(self, order: Order) -> None:
        """Ask for a plan; a newer order makes the answer to an older one worthless."""
        ...

    def take(self) -> Answer | None:
        """Return the answer to the last order, once."""
        ...


def carry_out(order: Order, house: House, ledgers: Sequence[Path], clock: Clock) -> Answer:
    """Return the plan that is ordered; with 0 s of planning it follows from the order alone."""
    try:
        return (
            _changed(order, clock) if isinstance(order, ChangeOrder) else _day(order, house, ledgers, clock)
        )
    except (ConfigError, LedgerError, ReplanError) as error:
        return Answer(problem=str(error))


def _changed(order: ChangeOrder, clock: Clock) -> Answer:
    found = replan(order.plan, order.at, order.events, clock, order.seconds)
    bound = relax(found.plan.problem, found.plan.problem.value).value
    quality = found.plan.value / bound if bound > 0.0 else None
    return Answer(found.plan, None, quality, "", found.unserved_pins, found.stranded)


def _day(order: DayOrder, house: House, ledgers: Sequence[Path], clock: Clock) -> Answer:
    mine = share_of(house, order.robot)
    window = window_at(house.config.climate, order.now)
    whole = problem_of(
        mine,
        [robot_named(house, order.robot)],
        read_visits([p for p in ledgers if p.is_file()], house),
        window,
    )
    state, robot = order.state, whole.robots[0]
    jobs = tuple(job for job in whole.jobs if job.row not in order.blocked and job.row != state.row)
    free_at = max(0.0, order.now.timestamp() + state.free_in - window.opens)
    robot = replace(
        robot,
        place=robot.place if state.place is None else state.place,
        free_at=free_at,
        battery_s=robot.battery_s if state.battery_s is None else min(state.battery_s, robot.battery_s),
        tainted=state.tainted,
    )
    under_way = (UnderWay(robot.name, state.row, (), 0.0, free_at),) if state.row else ()
    problem = replace(whole, jobs=jobs, robots=(robot,), under_way=under_way)
    if order.seconds <= 0.0:
        plan = fast_plan(problem)
        bound = relax(problem, problem.value).value
        return Answer(plan, window, plan.value / bound if bound > 0.0 else None)
    planned = plan_day(problem, clock, order.seconds, seed=1)
    return Answer(planned.plan, window, planned.ratio)


class InlineDesk:
    """Plans at once, in the caller's thread: for lock-step, where planning takes no time."""

    def __init__(self, house: House, ledgers: Sequence[Path], clock: Clock) -> None:
        self._house, self._ledgers, self._clock = house, ledgers, clock
        self._answer: Answer | None = None

    def order(self, order: Order) -> None:
        """Carry the order out."""
        self._answer = carry_out(order, self._house, self._ledgers, self._clock)

    def take(self) -> Answer | None:
        """Return the answer, once."""
        answer, self._answer = self._answer, None
        return answer


class ProcessDesk:
    """Plans in a process of its own, one an order: it ends by itself, even when this program was killed."""

    def __init__(self, house: House, ledgers: Sequence[Path]) -> None:
        self._house, self._ledgers = house, tuple(ledgers)
        self._lock = threading.Lock()
        self._number = 0
        self._answer: Answer | None = None

    def order(self, order: Order) -> None:
        """Hand the order to a new process; its answer comes later."""
        with self._lock:
            self._number += 1
            self._answer = None
            number = self._number
        threading.Thread(target=self._run, args=(order, number), name="planner", daemon=True).start()

    def take(self) -> Answer | None:
        """Return the answer, once it is there."""
        with self._lock:
            answer, self._answer = self._answer, None
        return answer

    def _run(self, order: Order, number: int) -> None:
        answer = self._ask(order)
        with self._lock:
            if number == self._number:
                self._answer = answer

    def _ask(self, order: Order) -> Answer:
        work = pickle.dumps((order, self._house, self._ledgers))
        try:
            done = subprocess.run(
                [sys.executable, "-m", "robot.mission.desk_process"],
                input=work,
                capture_output=True,
                timeout=order.seconds + PATIENCE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Answer(problem=f"the planner did not answer ({error.__class__.__name__}); see the log")
        if done.returncode != 0:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            return Answer(problem=f"the planner ended with {done.returncode} ({last[0][:120]}); see the log")
        answer: Answer = pickle.loads(done.stdout)
        return answer
