"""The day as a whole: waits, goes to the next row of the plan, works it in and out, serves the dock, until done.

The control loop asks at every step: people's commands go in, commands for the loop come out. What was done is in
the ledger, so a killed program goes on where it was. The phases and their order are `runner.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from robot.ledger import Ledger
from robot.mission.agenda import Agenda
from robot.mission.along import BY, along_the_row
from robot.mission.day import visits_of
from robot.mission.desk import Desk, RobotNow
from robot.mission.diary import BLOCKED, BROKEN_OFF, DONE, Diary
from robot.mission.facts import MissionFacts
from robot.mission.gate import Gate
from robot.mission.happenings import happened
from robot.mission.house_map import House
from robot.mission.leg import Leg, leg_of
from robot.mission.mission_config import MissionConfig
from robot.mission.mission_view import StopView
from robot.mission.mover import Lookout, Mover
from robot.mission.pacer import Pacer
from robot.mission.people import hear
from robot.mission.plan_types import StopKind
from robot.mission.resume import go_on_from
from robot.mission.row_place import RowPlace
from robot.mission.runner import IN_ROW, ROLLING, Event, Phase, update
from robot.mission.share import robot_named, share_of
from robot.mission.waits import NOTHING, RESTARTED, stopped
from robot.mission.wishes import GO_ON
from robot.pilot import Change
from robot.types import Command, CommandName, Mode

SPEED_STEP = 0.005
"""Changes of speed below this (m/s) are not worth a command."""


class Mission:
    """One robot's day in one house; `direct` is called once a step, from the loop's thread."""

    def __init__(
        self,
        config: MissionConfig,
        name: str,
        house: House,
        desk: Desk,
        gate: Gate,
        ledger: Ledger,
        facts: MissionFacts,
        pacer: Pacer,
        mover: Mover | None = None,
        lookout: Lookout | None = None,
    ) -> None:
        """Go on from the ledger; without `mover` people move the cart. `lookout` sees tags where there is none.

        Raises ConfigError for a robot that the house lacks, and LedgerError.
        """
        self.config, self.house, self.gate = config, house, gate
        self.robot = robot_named(house, config.robot or name)
        self.motion = house.config.motion
        self.pacer = pacer
        self.mover, self.lookout = mover, mover or lookout
        self.mine = share_of(house, self.robot.name)
        self.visits = visits_of(self.mine)
        self.home = house.docks[self.robot.dock].index
        self.agenda = Agenda(desk, self.robot.name, config)
        self.diary = Diary(ledger, facts.wall)
        self.phase = Phase.OFF
        self.leg: Leg | None = None
        """The row being worked, or the one on the way to."""
        self.held = self.refused = NOTHING
        self.place = self.home
        self.tainted = self.ended = self.end_believed = False
        self.lost = False
        """The place in the row was lost: the cart is to be brought to its entrance."""
        self.outcome = DONE
        self.predicted_end = self.begun = 0.0
        self.row_place = RowPlace({}, 0.0)
        self.errors_s: list[float] = []
        self.started = self.arrived = self.served = False
        self.starter = ""
        """Who pressed START last."""
        self.day = facts.wall.astimezone().date()
        self.run_given: tuple[str, float] | None = None
        self._speed_given, self._placed = 0.0, False
        self._out: list[Command] = []
        self._changes: list[Change] = []
        go_on_from(self, ledger.last_session(), facts)

    # -- what the loop calls

    @property
    def row(self) -> str | None:
        """The row that the cart stands in, or None on the headland."""
        return self.leg.row if self.leg is not None and self.phase in IN_ROW else None

    def direct(
        self, commands: Sequence[Command], facts: MissionFacts
    ) -> tuple[tuple[Command, ...], list[Change]]:
        """Return the commands for the loop, people's and our own, and what is to be noted."""
        self._out, self._changes = [], []
        self.gate.look(facts.now, facts.wall)
        state = self.state(facts)
        self.agenda.step(facts.now, facts.wall, facts.now + state.free_in, state)
        passed = [command for command in commands if not hear(self, command, facts)]
        self._hold(facts)
        self._move(facts)
        self._out += along_the_row(self, facts)
        event = happened(self, facts)
        if event is not None:
            self._go(update(self.phase, event), event, facts)
        self.arrived = self.served = self.started = False
        self.diary.compare(self.agenda, facts.now, facts.wall)
        self._steer(facts)
        return (*passed, *self._out), self._changes

    def note(self, text: str, who: str = "", kind: str = "mission") -> None:
        """Write a line of the journal."""
        self._changes.append(Change(kind, text, who))

    def _move(self, facts: MissionFacts) -> None:
        """Let the cart drive on over the headland by itself, where it can."""
        mover = self.mover
        if mover is None or self.phase not in {Phase.MOVING, Phase.HOMING} or self.lost:
            return
        leg = self.leg if self.phase is Phase.MOVING else None
        if self.arrived:
            mover.was_moved(leg)
        elif mover.go(leg, facts.now, self.held.text):
            self.arrived = True

    def _hold(self, facts: MissionFacts) -> None:
        if facts.mode in {Mode.STOPPED, Mode.FAULT} and self.phase not in {Phase.OFF, Phase.DONE}:
            self.held = stopped(facts.trouble)
        may_begin = self.phase is Phase.OFF and not (
            self.ended and facts.wall.astimezone().date() <= self.day
        )
        if self.config.self_start and (may_begin or self.held == RESTARTED):
            self.started, self.held, self.starter = True, NOTHING, BY

    # -- changes of phase

    def _go(self, phase: Phase, event: Event, facts: MissionFacts) -> None:
        before = self.phase
        if phase is before:
            return
        self.phase = phase
        self.note(f"{before.value} -> {phase.value} ({event.value}{self._row_word})")
        if event in {Event.BLOCKED, Event.OVER, Event.END} and before in IN_ROW:
            self.outcome = BLOCKED if event is Event.BLOCKED else BROKEN_OFF
        if phase is Phase.OUT:
            self.diary.turn(facts.wall)
        elif phase is Phase.DONE and not self.ended:
            self.agenda.finished(facts.now)
        if event is Event.START:
            self._begin_day(facts)
        elif event is Event.NEW_DAY:
            self.day = facts.wall.astimezone().date()
            self.agenda.new_day()
            self.diary.wishes.clear()
            self.ended = False
        elif event is Event.NEXT_ROW:
            job = self.agenda.course.job(self.agenda.course.ahead[0])
            self.leg = leg_of(self.mine, self.visits[job.row], job.sides)
            if self.mover is not None:
                self.place = self.visits[job.row].entrance
                self.diary.away(job.row, facts.wall)
        elif event is Event.LOST:
            self.lost, self.run_given = True, None
        elif event is Event.ARRIVED:
            self._arrive(before, facts)
        elif event is Event.ROW_LEFT:
            self._leave_row(facts)
        elif event is Event.SERVED:
            self._leave_dock(facts)
        if phase is Phase.WAITING:
            self.leg = None

    def _begin_day(self, facts: MissionFacts) -> None:
        if self.ended:
            self.diary.wish(GO_ON, "", self.starter, facts.wall)
        self.ended = False
        self.day = max(self.day, facts.wall.astimezone().date())
        self.agenda.order_day(facts.now, facts.wall, self.state(facts))

    def _arrive(self, before: Phase, facts: MissionFacts) -> None:
        course = self.agenda.course
        if before is Phase.MOVING and self.leg is not None:
            if not self.lost:
                course.begin(facts.now)
            self.diary.begin(self.leg, facts.wall)
            self.outcome, self.run_given = DONE, None
            self._place_cart(self.leg)
            self.begun = facts.now
            self.pacer.begin(facts)
            self.row_place = RowPlace(dict(self.house.rows[self.leg.row].tags), self.leg.length)
            self.end_believed = False
            self.predicted_end = facts.now + self._left_s(self.leg, self.leg.start_s(self.config.head_s))
            self.lost = False
            if self.mover is not None:
                self.mover.stands_in(self.leg)
            return
        self.place = self.home
        if course.ahead and course.ahead[0].kind is not StopKind.VISIT:
            course.begin(facts.now)
            self.diary.begin(None, facts.wall)
            self.begun = facts.now
        else:
            self.diary.home(facts.wall)

    def _leave_row(self, facts: MissionFacts) -> None:
        if self.leg is None:
            return
        self.place = self.leg.exit
        if self.mover is not None and facts.s is not None:
            self.mover.stands_in(self.leg, self.leg.beyond(facts.s, self.config.head_s))
        self.tainted = self.tainted or self.leg.infected
        self.diary.end(self.outcome, facts.wall)
        job = self.agenda.course.now_job
        value = 0.0 if job is None else job.value
        if self.outcome == DONE and self.predicted_end > 0.0:
            self.errors_s.append(abs(facts.now + self.motion.entrance_s - self.predicted_end))
        self.agenda.course.end(
            StopView("visit", self.leg.row, self.leg.sides, self.outcome, self.begun, facts.now, value),
            facts.now,
        )

    def _leave_dock(self, facts: MissionFacts) -> None:
        now = self.agenda.course.now
        if now is None:
            return
        self.tainted = self.tainted and now.kind is not StopKind.DISINFECT
        self.diary.end(now.kind.value, facts.wall)
        self.agenda.course.end(StopView(now.kind.value, "", (), DONE, self.begun, facts.now), facts.now)

    # -- commands for the loop

    def run(self) -> tuple[str, float] | None:
        """Return what the loop is to work in this phase: row and signed length."""
        if self.leg is None or self.phase not in IN_ROW:
            return None
        return self.leg.row, -self.leg.run_in if self.phase is Phase.OUT else self.leg.run_in

    def _place_cart(self, leg: Leg) -> None:
        """Tell the loop where the cart stands, on the rail at the row's entrance."""
        self._out.append(Command(CommandName.SET_RUN, leg.run_in, leg.row, BY))
        self._out.append(Command(CommandName.SET_ROW, leg.start_s(self.config.head_s), leg.row, BY))
        self.run_given = leg.row, leg.run_in
        self._placed = True

    def _steer(self, facts: MissionFacts) -> None:
        run = self.run()
        if run is None or self.held or self.phase not in ROLLING:
            if facts.mode is Mode.RUNNING:
                self._out.append(Command(CommandName.PAUSE, by=BY))
            return
        speed = self.speed(facts)
        if abs(speed - self._speed_given) > SPEED_STEP:
            self._speed_given = speed
            self._out.append(Command(CommandName.SET_SPEED, speed, by=BY))
        if facts.mode is Mode.RUNNING and self.run_given != run:
            self._out.append(Command(CommandName.PAUSE, by=BY))
        if facts.mode not in {Mode.READY, Mode.DONE}:
            return
        if self.run_given != run:
            self._out.append(Command(CommandName.SET_RUN, run[1], run[0], BY))
            self.run_given = run
        elif facts.mode is Mode.READY and not self._placed:
            self._out.append(Command(CommandName.START, by=BY))
        self._placed = False

    def speed(self, facts: MissionFacts) -> float:
        """Return the speed along the row that is wanted now, m/s."""
        if self.phase is Phase.OUT or self.leg is None:
            return self.motion.return_speed
        return self.pacer.judge(self.leg, self.agenda.course, self.agenda.closes or float("inf"), facts)

    def state(self, facts: MissionFacts) -> RobotNow:
        """Return the robot as a planner must see it."""
        free_in, place, row = 0.0, self.place, ""
        if self.leg is not None and self.phase in IN_ROW:
            s = facts.s if facts.s is not None else self.leg.start_s(self.config.head_s)
            free_in, place, row = self._left_s(self.leg, s), self.leg.exit, self.leg.row
        elif self.leg is not None and self.lost:
            start = self.leg.start_s(self.config.head_s)
            free_in, place, row = self._left_s(self.leg, start), self.leg.exit, self.leg.row
        elif self.phase is Phase.DOCK and self.agenda.course.now is not None:
            stop = self.agenda.course.now
            free_in = max(0.0, self.begun + stop.end - stop.start - facts.now)
        return RobotNow(place, free_in, self.diary.battery_left_s(self.motion), self.tainted, row)

    def _left_s(self, leg: Leg, s: float) -> float:
        return self.pacer.left_s(leg, s, self.phase is not Phase.OUT)

    @property
    def _row_word(self) -> str:
        return f", row {self.leg.row}" if self.leg is not None else ""
