"""The control loop: frame to valve in one screen. `ControlLoop.step` is the place to start reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from firmware_bridge.status import LinkQuality
from robot.alerts.book import NoAlerts
from robot.cart import Cart
from robot.clock import Clock
from robot.decisions import DecisionHash
from robot.directing import Directing
from robot.faults import internal_error
from robot.hearing import Hearing
from robot.ledger import Ledger
from robot.pilot import Pilot, named
from robot.planner import Plan, Situation, place_of, plan
from robot.pulses import PulseBook
from robot.reasons import ReasonBook
from robot.safety import review
from robot.safety_facts import safety_state
from robot.scribe import Scribe
from robot.settings import RobotConfig
from robot.showing import Showing
from robot.sight import SideParts, Sight
from robot.stopwatch import Stopwatch
from robot.types import (
    AlertSink,
    Command,
    CommandName,
    CommandSource,
    FlowerKey,
    FlowerRefusal,
    Mode,
    Place,
    PlannedPulse,
    PulseRefusal,
    Recorder,
    StepRecord,
    TelemetrySink,
)
from robot.valve_link import ValveLink, as_commands
from robot.valve_test import ValveTest
from vision.types import Detections, Flower, Frame, Pose, Side

if TYPE_CHECKING:
    from robot.mission.mission import Mission

STEP_S = 0.01
"""Pause between steps of `run`: short against the controller's 250 ms dead-man and a frame's 33-66 ms."""

REPLAN_M = 0.002
"""Without a new frame, planning again pays only after this much travel."""

AROUND_M = 0.2
"""Flowers up to the commit distance and this much more from the nozzles go to the planner."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LoopParts:
    """Everything the loop is built from; a builder fills it for hardware, simulation or replay."""

    config: RobotConfig
    clock: Clock
    link: ValveLink
    sides: Mapping[Side, SideParts]
    ledger: Ledger
    commands: CommandSource
    recorder: Recorder
    telemetry: TelemetrySink
    alerts: AlertSink = field(default_factory=NoAlerts)
    mission: Mission | None = None


class ControlLoop:
    """One robot. Its decisions follow from the clock, the link's events, the frames and the commands."""

    def __init__(self, parts: LoopParts) -> None:
        """Open a ledger session and reach for the controller; raises LedgerError."""
        self.config, self._clock, self._link = parts.config, parts.clock, parts.link
        self._commands, self._recorder, self._alerts = parts.commands, parts.recorder, parts.alerts
        now = self._clock.now()
        self.day = Directing(self, parts.mission)
        self.row = self.day.row or self.config.row.name
        self.pulses = PulseBook()
        self.scribe = Scribe(parts.ledger, self._clock, self.row)
        self.cart = Cart(self.config, parts.ledger.last_session(), self.row, parked=self.day.row is None)
        self.pilot = Pilot(self.config, self.cart, self._link)
        self.sights = {side: Sight(side, side_parts) for side, side_parts in parts.sides.items()}
        self.stopwatch = Stopwatch(self._clock)
        self._machine = self.config.machine
        self.reasons = ReasonBook(self.config.banks, self._machine.behind(self.config.drive.max_speed))
        self._hearing = Hearing(self.cart, self.pulses, self.scribe, self._link)
        self.valve_test = ValveTest(self, self._link)
        self._showing = Showing(self, parts.telemetry, now)
        self._decisions = DecisionHash()
        self._near: dict[Side, list[Flower]] = {}
        self._planned_at_s: float | None = None
        self.nozzles = frozenset(self.config.nozzle_numbers)
        self._end_asked = False
        self.pulses.skip_ids_to(parts.ledger.last_pulse_id())
        self.pulses.begin_row(self.scribe.treated_places(), now)
        self._link.connect(now)

    @property
    def decisions_sha256(self) -> str:
        """The fingerprint of all decisions so far."""
        return self._decisions.hexdigest()

    @property
    def mode(self) -> Mode:
        """What the robot is doing."""
        return self.pilot.mode

    def wall(self) -> datetime:
        """Return the wall time, for records and for the mission's window."""
        return self._clock.wall()

    def link_quality(self) -> LinkQuality | None:
        """Return how the cable to the controller does."""
        return self._link.quality()

    def step(self) -> None:
        """Do everything once: hear, obey, see, plan, review, write down, fire, steer, tell."""
        now = self._clock.now()
        self.stopwatch.start()
        events = self._link.poll(now)
        self._hearing.take(events, now)
        commands = self.day.directed(tuple(self._commands.take()), now)
        self._obey(commands, now)
        self.stopwatch.lap("link")

        frames, detections = self._see()

        health = self._hearing.health(now, self.pilot, self.sights, self._recorder.problem)
        self.scribe.note(self.pilot.judge(health), now)
        self._alerts.take(self.pilot.faults.active, commands, now)
        pose = self.cart.pose(now)
        planned = self._plan(pose, now, bool(frames))
        self.stopwatch.lap("plan")
        allowed, refused = review(planned.pulses, safety_state(self, pose, now), self.config.safety)
        allowed, refused = self.scribe.intend(allowed, refused, now)
        if allowed:
            self.pulses.sending(allowed, planned.jobs, now)
            self._link.fire(as_commands(allowed), now)
        self.stopwatch.lap("fire")

        refusals, places = self._explain(planned, allowed, refused, pose)
        self._decisions.add(allowed, refused, refusals)
        self.valve_test.step(commands, events, now)
        self.pilot.steer(now)
        self.scribe.keep_place(self.cart, pose, now)
        given = (now, tuple(events), frames, commands, self.mode, pose, detections)
        begun = self.scribe.take_begun()
        self._recorder.record_step(StepRecord(*given, allowed, refused, refusals, places, begun))
        self._showing.show(now, pose, frames)
        self.stopwatch.end("tell")

    def run(self, after_step: Callable[[float], None] = lambda now: None) -> None:
        """Step until `ask_to_end`; `after_step` hears of each. Any error stops the robot before it is raised."""
        try:
            while not self._end_asked:
                started = self._clock.now()
                self.step()
                after_step(started)
                self._clock.sleep_until(started + STEP_S)
        except Exception as error:
            now = self._clock.now()
            self._link.stop(now)
            log.exception("control loop failed, the robot was stopped")
            fault = internal_error(error, now)
            self._alerts.take((fault,), (), now)
            self.scribe.note([named(fault)], now)
            raise
        finally:
            self.close()

    def ask_to_end(self) -> None:
        """Make `run` return after the present step; for signal handlers."""
        self._end_asked = True

    def close(self) -> None:
        """Close every valve, halt, and let go of everything."""
        self._link.disarm(self._clock.now())
        self._link.close()
        self._recorder.close()
        self.scribe.close()

    def _obey(self, commands: Sequence[Command], now: float) -> None:
        for command in commands:
            self.scribe.note(self.pilot.obey(command, now), now)
            if command.name not in {CommandName.SET_ROW, CommandName.SET_POSITION} or self.pilot.running:
                continue
            if command.value is not None and not self.cart.set_position(command.value):
                continue
            if command.name is CommandName.SET_ROW:
                self.row = command.text
            self._begin_row(now)

    def _begin_row(self, now: float) -> None:
        """Start over with what the ledger knows of this row; places in old coordinates mean nothing now."""
        self.pulses.begin_row(self.scribe.set_row(self.row, now), now)
        self.reasons.clear()
        for sight in self.sights.values():
            sight.start_over()

    def _see(self) -> tuple[dict[Side, Frame], dict[Side, Detections]]:
        """Take each side's newest frame through check, detector and map."""
        frames: dict[Side, Frame] = {}
        found: dict[Side, Detections] = {}
        for side, sight in self.sights.items():
            frame = sight.take()
            if frame is None:
                continue
            frames[side] = frame
            usable = sight.usable(frame)
            self.stopwatch.lap("check")
            if not usable:
                continue
            found[side] = sight.detect(frame)
            self.stopwatch.lap("detect")
            for gone, kept in sight.place(frame, found[side], self.cart.odometry):
                self.pulses.merge((side, gone), (side, kept))
                self.reasons.merge((side, gone), (side, kept))
            self.stopwatch.lap("map")
        return frames, found

    def _plan(self, pose: Pose | None, now: float, new_frames: bool) -> Plan:
        origin_s = self.cart.odometry.origin_s
        if not self.pilot.running or pose is None or origin_s is None:
            return Plan()
        last = self._planned_at_s
        if not new_frames and last is not None and abs(pose.s - last) < REPLAN_M:
            return Plan()
        self._planned_at_s = pose.s
        self._near = {side: self._near_nozzles(side, pose) for side in self.sights}
        book = self.pulses
        situation = Situation(now, pose, origin_s, book.treatments, book.jobs, book.next_id, book.held)
        return plan(self._near, situation, self._machine)

    def _near_nozzles(self, side: Side, pose: Pose) -> list[Flower]:
        bank = self.config.banks.get(side)
        if bank is None:
            return []
        nozzles_s = pose.s + bank.s_offset
        reach = self.config.planner.commit_distance + AROUND_M
        flowers = self.sights[side].flowers(nozzles_s - reach, nozzles_s + reach)
        return self.pulses.recognition.look(side, flowers, nozzles_s)

    def _explain(
        self,
        planned: Plan,
        allowed: Sequence[PlannedPulse],
        refused: Sequence[PulseRefusal],
        pose: Pose | None,
    ) -> tuple[tuple[FlowerRefusal, ...], dict[FlowerKey, Place]]:
        """Return the flowers whose reason is new, the last word on those just passed, and their places."""
        for pulse in allowed:
            self.reasons.shot(pulse.side, pulse.flower_ids, pulse.places)
        by_safety = (
            FlowerRefusal(one.pulse.side, flower_id, one.reason)
            for one in refused
            for flower_id in one.pulse.flower_ids
        )
        refusals = [*planned.refusals, *by_safety]
        named = {(refusal.side, refusal.flower_id) for refusal in refusals}
        places: dict[FlowerKey, Place] = {
            (side, flower.flower_id): place_of(flower)
            for side, flowers in self._near.items()
            for flower in flowers
            if (side, flower.flower_id) in named
        }
        changed = self.reasons.refuse(refusals, places)
        if pose is None:
            return tuple(changed), places
        direction = 1 if pose.velocity >= 0 else -1
        last_words, finals = self.reasons.passed(pose, direction, self.pulses.treatments)
        self.scribe.finish(finals)
        self._showing.finished(finals)
        places |= {(final.side, final.flower_id): final.place for final in finals}
        return (*changed, *last_words), places
