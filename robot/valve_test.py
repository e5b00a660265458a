"""A technician's valve test: one dose from one nozzle of a cart that stands, armed for it alone and disarmed after it.

The loop steps it once a step. Whatever happens meanwhile (STOP, START, a fault, a lost cable, a cart that is pushed),
the test ends by disarming; the controller's own refusals, caps and dead-man hold as they do for every pulse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware_bridge.bridge import PulseCommand
from firmware_bridge.events import Event, PulseOutcome, PulseReceipt, Telemetry
from robot.alerts.catalogue import REFUSALS
from robot.calibration.config import calibrated_lags
from robot.hearing import measured
from robot.ledger import PulseState, Settled
from robot.pilot import Change
from robot.pulses import reason_named
from robot.refusals import Refusal, Refused, Why, refused
from robot.safety import standing_verdict, train_verdict
from robot.safety_facts import safety_state
from robot.types import Command, CommandName, Mode, PlannedPulse, Reason
from robot.valve_link import ValveLink
from robot.valve_state import ValveTested, ValveTestState
from vision.types import SIDES, Side

if TYPE_CHECKING:
    from robot.loop import ControlLoop

ARM_WITHIN_S = 1.5
LEAD_S = 0.25
"""From sending the train to its first opening: the frame must have arrived by then, on a busy computer too (assumed)."""

ANSWER_WITHIN_S = 2.0
SETTLE_S = 0.4
"""After the end, until the pressure is read once more (assumed)."""

STILL_MM_S = 30
"""Slower than this is the encoder's noise on a cart that stands (assumed)."""

_BY_MODE = {
    Mode.RUNNING: Refusal.ROW_WORKED,
    Mode.STOPPED: Refusal.NOT_RELEASED,
    Mode.FAULT: Refusal.NOT_RELEASED,
    Mode.STARTING: Refusal.STARTING,
}


@dataclass(slots=True)
class _Test:
    """The test that is under way, or was last; `broken` says why it was broken off."""

    by: str
    side: Side
    nozzle: int
    asked_at: float
    pulse_id: int = 0
    sent_at: float | None = None
    disarmed_at: float | None = None
    broken: Refused | None = None
    end: Settled | None = None
    open_s: float = 0.0
    before: float | None = None
    lowest: float | None = None
    after: float | None = None
    over: bool = False

    @property
    def phase(self) -> str:
        """What it does, or what became of it."""
        if self.over:
            return self.end.state.value if self.end is not None else PulseState.REFUSED.value
        if self.disarmed_at is not None:
            return "disarming"
        return "arming" if self.sent_at is None else "firing"


class ValveTest:
    """Owns `pilot.testing`; all else of the loop it only looks at."""

    def __init__(self, loop: ControlLoop, link: ValveLink) -> None:
        self._loop, self._link = loop, link
        self._train = loop.config.dose.train()
        self._lags = calibrated_lags(loop.config)
        self._nozzles = {side: tuple(bank.numbers) for side, bank in loop.config.banks.items()}
        self._test: _Test | None = None

    @property
    def phase(self) -> str:
        """What the test does, or what became of the last one; empty before the first."""
        return "" if self._test is None else self._test.phase

    def step(self, commands: Iterable[Command], events: Iterable[Event], now: float) -> None:
        """Hear what became of the train, take a new test, and go on with the one under way."""
        if self._test is not None and not self._test.over:
            for event in events:
                self._hear(event, self._test, now)
        for command in commands:
            if command.name is CommandName.TEST_VALVE:
                self._begin(command, now)
        if self._test is not None and not self._test.over:
            self._go_on(self._test, now)

    def state(self, now: float) -> ValveTestState:
        """Return what people see."""
        test = self._test
        busy = test is not None and not test.over
        why = refused(Refusal.TEST_ON) if busy else self._why_not(now) or Refused("", "")
        shown = None if test is None else self._shown(test, now)
        return ValveTestState(self._nozzles, why.code, why.text, shown)

    def _begin(self, command: Command, now: float) -> None:
        if self._test is not None and not self._test.over:
            self._note(f"test refused: {_said(Refusal.TEST_ON)[1]}", command.by, now)
            return
        side = next((side for side in SIDES if side == command.text), SIDES[0])
        test = _Test(command.by, side, round(command.value or 0.0), now)
        self._test = test
        bank = self._loop.config.banks.get(side)
        if command.text != side or bank is None or test.nozzle not in bank.numbers:
            test.broken = _said(Refusal.NO_NOZZLE)
        elif self._loop.cart.armed:
            test.broken = _said(Refusal.ROW_WORKED)
        else:
            test.broken = self._why_not(now)
        if test.broken is not None:
            self._finish(test, now)

    def _go_on(self, test: _Test, now: float) -> None:
        if test.disarmed_at is None:
            self._go_on_armed(test, now)
        else:
            waits = test.sent_at is not None and test.end is None
            if waits and test.sent_at is not None and now > self._answer_by(test.sent_at):
                test.end = Settled(test.pulse_id, PulseState.MAYBE_FIRED, Reason.NO_ANSWER.value)
                self._loop.scribe.settle([test.end])
            elif not waits and not self._loop.cart.armed and now - test.disarmed_at >= SETTLE_S:
                self._finish(test, now)
        self._loop.pilot.testing = not test.over and test.disarmed_at is None

    def _go_on_armed(self, test: _Test, now: float) -> None:
        test.broken = self._why_not(now)
        if test.broken is None and test.end is None and test.sent_at is None:
            if self._loop.cart.armed:
                test.broken = self._fire(test, now)
            elif now - test.asked_at > ARM_WITHIN_S:
                test.broken = _said(Reason.NOT_ARMED)
        sent = test.sent_at is not None and test.sent_at < now
        # A controller that has disarmed by itself is not armed again for a train that it has dropped.
        over = sent and (test.end is not None or not self._loop.cart.armed)
        unanswered = test.sent_at is not None and now > self._answer_by(test.sent_at)
        if test.broken is not None or over or unanswered:
            test.disarmed_at = now
            self._link.disarm(now)

    def _fire(self, test: _Test, now: float) -> Refused | None:
        """Write the train down and send it; returns why not."""
        loop, train = self._loop, self._train
        pose, bank = loop.cart.pose(now), loop.config.banks[test.side]
        aim = (0.0 if pose is None else pose.s, bank.height(test.nozzle), bank.d_mouth)
        ticks, pulse_id = loop.cart.odometry.last_ticks or 0, loop.pulses.next_id
        pulse = PlannedPulse(pulse_id, test.side, test.nozzle, ticks, 1, train, aim, (), ())
        verdict = train_verdict(pulse, safety_state(loop, pose, now), loop.config.safety)
        if verdict is not None:
            return _said(*verdict)
        if not loop.scribe.intend_test(pulse_id, test.side, test.nozzle, train, test.by, now):
            return _said(Reason.STOPPED, loop.scribe.problem)
        loop.pulses.skip_ids_to(pulse_id)
        test.pulse_id, test.sent_at, test.before = pulse_id, now, loop.cart.pressure_kpa
        command = PulseCommand(
            pulse_id, test.nozzle, None, 1, train.on_us, train.period_us, train.count, at=now + LEAD_S
        )
        self._link.fire([command], now)
        return None

    def _hear(self, event: Event, test: _Test, now: float) -> None:
        if isinstance(event, Telemetry) and test.sent_at is not None:
            test.after = float(event.pressure_kpa)
            test.lowest = test.after if test.lowest is None else min(test.lowest, test.after)
        elif isinstance(event, PulseReceipt | PulseOutcome) and event.pulse_id == test.pulse_id:
            if isinstance(event, PulseOutcome):
                test.end, test.open_s = measured(event), event.on_time_us * 1e-6
            elif not event.accepted:
                test.end = Settled(event.pulse_id, PulseState.REFUSED, event.reason)

    def _finish(self, test: _Test, now: float) -> None:
        test.over = True
        self._loop.pilot.testing = False
        if test.pulse_id:
            self._loop.scribe.note_test_air(test.pulse_id, test.before, test.lowest)
        shown = self._shown(test, now)
        words = [
            f"{test.side} nozzle {test.nozzle}: {shown.state}, {shown.openings} of {shown.asked} openings"
        ]
        words += [shown.text] if shown.text else []
        self._note("; ".join(words), test.by, now)

    def _note(self, text: str, who: str, now: float) -> None:
        self._loop.scribe.note([Change("valve_test", text, who)], now)

    def _why_not(self, now: float) -> Refused | None:
        """Return why no valve may be tested now, apart from a test that is under way."""
        loop, mode = self._loop, self._loop.pilot.mode
        if mode in _BY_MODE:
            return _said(_BY_MODE[mode])
        if loop.day.under_way:
            return _said(Refusal.DAY_ON)
        verdict = standing_verdict(safety_state(loop, loop.cart.pose(now), now), loop.config.safety)
        if verdict is not None:
            return _said(*verdict)
        report = loop.cart.telemetry
        if report is None or abs(report.velocity_mm_s) > STILL_MM_S or report.motor_mm_s:
            return _said(Refusal.ROLLS)
        return None

    def _shown(self, test: _Test, now: float) -> ValveTested:
        end = test.end
        reason, text = test.broken or ("", "")
        if test.broken is None and end is not None and end.reason:
            reason, text = _said(reason_named(end.reason))
        lag_us = self._lags[test.nozzle] if test.nozzle < len(self._lags) else None
        return ValveTested(
            by=test.by,
            side=test.side,
            nozzle=test.nozzle,
            state=test.phase,
            reason=reason,
            text=text,
            asked=self._train.count,
            openings=0 if end is None else end.openings,
            open_ms=1e3 * test.open_s,
            pressure_before_kpa=test.before,
            pressure_lowest_kpa=test.lowest,
            pressure_after_kpa=test.after,
            lag_us=lag_us,
            age_s=now - test.asked_at,
        )

    def _answer_by(self, sent_at: float) -> float:
        return sent_at + LEAD_S + self._train.duration_us * 1e-6 + ANSWER_WITHIN_S


def _said(code: Refusal | Reason, detail: str = "") -> Refused:
    """Return a code and its sentence."""
    if isinstance(code, Refusal):
        return refused(code)
    told = REFUSALS[code]
    return Refused(code.value, Why(f"{told.text} ({detail})" if detail else told.text, told.remedy).line)
