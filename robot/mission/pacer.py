"""The pace of the row being worked, judged anew every few seconds, and by it when row and house are done."""

from __future__ import annotations

from robot.mission.course import Course
from robot.mission.facts import MissionFacts
from robot.mission.leg import Leg, Pacing, seconds_left
from robot.mission.mission_config import PaceConfig
from robot.mission.motion import MotionConfig
from robot.mission.pace import Pace, PaceMachine, PaceNow, pace
from robot.mission.plan_types import StopKind

JUDGE_S = 2.0
MEASURED_M = 2.0
"""From this much of a row on its own flowers count, before that what the ledger let expect."""

NO_TIME_M_S = 10.0
"""Asked for when there is no time left at all: the limits decide."""


class Pacer:
    """Owns the speed along the row."""

    def __init__(
        self, machine: PaceMachine, config: PaceConfig, motion: MotionConfig, overrun: float
    ) -> None:
        self._machine, self._config, self._motion, self.overrun = machine, config, motion, overrun
        self.now = Pace(motion.treat_speed, "the usual speed")
        self._judged_at = float("-inf")
        self._ready_before = 0

    def begin(self, facts: MissionFacts) -> None:
        """Begin a row."""
        self._ready_before = facts.ready_seen
        self._judged_at = float("-inf")

    def judge(self, leg: Leg, course: Course, closes: float, facts: MissionFacts) -> float:
        """Return the speed for the way in, m/s."""
        if facts.now - self._judged_at >= JUDGE_S and facts.s is not None:
            self._judged_at = facts.now
            usual = self._motion.treat_speed
            density = self._density(leg, course, facts)
            needed = self._needed(leg, course, closes - facts.now, facts)
            self.now = pace(self._machine, PaceNow(usual, density, facts.lag_s, needed), self._config)
        return self.now.speed

    def left_s(self, leg: Leg, s: float, inward: bool) -> float:
        """Return the seconds until the cart is off the rails, at the present pace."""
        return seconds_left(leg, s, inward, Pacing(self.now.speed, self._motion, self.overrun))

    def _density(self, leg: Leg, course: Course, facts: MissionFacts) -> float:
        """Return the ready flowers a metre: as seen in this row, or as expected while little of it was seen."""
        done = leg.length - leg.left_in(facts.s or 0.0, 0.0)
        if done >= MEASURED_M:
            return max(0, facts.ready_seen - self._ready_before) / done
        job = course.now_job
        return 0.0 if job is None or job.must else job.value / job.length

    def _needed(self, leg: Leg, course: Course, left_s: float, facts: MissionFacts) -> float:
        """Return the speed that still makes today's rows; below the usual one when there is time."""
        usual = self._motion.treat_speed
        inward = leg.left_in(facts.s or 0.0, self.overrun)
        pacing = Pacing(usual, self._motion, self.overrun)
        free = facts.now + seconds_left(leg, facts.s or 0.0, True, pacing)
        ahead = course.starts(free)
        end = ahead[-1][2] if ahead else free
        metres = inward + sum(course.job(stop).length for stop, _, _ in ahead if stop.kind is StopKind.VISIT)
        treating = metres / usual + left_s - (end - facts.now)
        return metres / treating if treating > metres / NO_TIME_M_S else NO_TIME_M_S
