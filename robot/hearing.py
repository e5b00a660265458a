"""Events of the valve controller on their way into the cart's state, the pulse book and the ledger."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from firmware_bridge.enums import Cap, cap_word
from firmware_bridge.events import Event, LinkDown, LinkUp, PulseOutcome, PulseReceipt, Telemetry
from robot.air_watch import AirWatch
from robot.cart import Cart
from robot.health import HealthInputs
from robot.ledger import PulseState, Settled
from robot.pilot import Pilot
from robot.pulses import PulseBook
from robot.scribe import Scribe
from robot.sight import Sight
from robot.valve_link import ValveLink
from vision.types import Side

RECENT_S = 10.0
"""Unanswered pulses and overheated nozzles of this long ago still count as a fault."""

ASKED_AFTER_START = 64
"""Pulses of earlier sessions to ask the controller about: as many as it can remember."""


class Hearing:
    """Takes each step's events; what became of a pulse is on disk before the controller may forget it."""

    def __init__(self, cart: Cart, pulses: PulseBook, scribe: Scribe, link: ValveLink) -> None:
        self._cart = cart
        self._pulses = pulses
        self._scribe = scribe
        self._link = link
        self._started: float | None = None
        self._machine_mismatch = ""
        self._air = AirWatch(cart.config.air)
        self._over_duty: deque[float] = deque(maxlen=64)
        self._late_steps: deque[float] = deque(maxlen=64)
        self._stepped_at: float | None = None

    def take(self, events: Iterable[Event], now: float) -> None:
        """Take the events of one poll, oldest first."""
        if self._started is None:
            self._started = now
        if self._stepped_at is not None and now - self._stepped_at > self._cart.config.health.step_s:
            self._late_steps.append(now)
        self._stepped_at = now
        outcomes: list[Settled] = []
        reported: list[int] = []
        for event in events:
            match event:
                case Telemetry():
                    self._cart.hear(event, now)
                    self._air.hear(event)
                case PulseReceipt(accepted=False):
                    outcomes.append(Settled(event.pulse_id, PulseState.REFUSED, event.reason))
                    if event.detail == cap_word(Cap.DUTY):
                        self._over_duty.append(now)
                case PulseOutcome():
                    outcomes.append(measured(event))
                    reported.append(event.pulse_id)
                case LinkUp():
                    outcomes.extend(self._link_came(event, now))
                case LinkDown():
                    self._cart.link_went(event)
                case _:
                    pass
        new = self._pulses.settle(outcomes)
        new += self._pulses.overdue(now)
        if self._scribe.settle(new):
            for pulse_id in reported:
                self._link.acknowledge(pulse_id, now)

    def health(
        self, now: float, pilot: Pilot, sights: Mapping[Side, Sight], recording_problem: str = ""
    ) -> HealthInputs:
        """Gather what the fault checks look at."""
        cart, telemetry = self._cart, self._cart.telemetry
        pose = cart.pose(now)
        return HealthInputs(
            now=now,
            started=now if self._started is None else self._started,
            link_up=cart.link_up,
            link_text=cart.link_text,
            protocol_mismatch=cart.protocol_mismatch,
            machine_mismatch=self._machine_mismatch,
            telemetry_age_s=cart.telemetry_age(now),
            encoder_age_s=cart.odometry.age(now) if telemetry is not None else None,
            position_known=cart.odometry.position_known,
            pressure_kpa=cart.pressure_kpa,
            pressure_believed=telemetry is not None and telemetry.pressure_believed,
            leak=telemetry is not None and telemetry.leak,
            compressor_weak=self._weakness(),
            battery_v=cart.battery_v,
            bumper=telemetry is not None and telemetry.bumper,
            wants_speed=pilot.wanted_speed() if cart.armed else 0.0,
            velocity=pose.velocity if pose is not None else 0.0,
            arm_asked_since=pilot.arm_asked_since,
            glitches=cart.glitches(now),
            unanswered=sum(now - t < RECENT_S for t in self._pulses.unanswered_times),
            over_duty=sum(now - t < RECENT_S for t in self._over_duty),
            deadman_trips=cart.deadman_trips(now),
            late_steps=sum(now - t < RECENT_S for t in self._late_steps),
            ledger_problem=self._scribe.problem,
            recording_problem=recording_problem,
            sides={side: sight.health() for side, sight in sights.items()},
        )

    def _weakness(self) -> str:
        rise = self._air.rise_kpa_s
        return f"{rise:+.1f} kPa/s with every valve shut" if self._air.weak and rise is not None else ""

    def _link_came(self, event: LinkUp, now: float) -> list[Settled]:
        """Begin a session: give up what a restarted controller lost, ask about the rest."""
        restarted = self._cart.link_came(event)
        lost = self._pulses.lost("the valve controller restarted") if restarted else []
        self._pulses.skip_ids_to(event.last_pulse_id)
        self._machine_mismatch = self._mismatch(event)
        unknown = [outstanding.pulse.pulse_id for outstanding in self._pulses.outstanding]
        for pulse_id in [*self._scribe.unknown_outcomes()[-ASKED_AFTER_START:], *unknown]:
            self._link.query(pulse_id, now)
        return lost

    def _mismatch(self, event: LinkUp) -> str:
        if event.config_mismatch:
            return event.problem or "its configuration is not the expected one"
        ours = self._cart.config.odometry.ticks_per_m
        if event.ticks_per_m != ours:
            return f"it counts {event.ticks_per_m} ticks/m, odometry.ticks_per_m is {ours}"
        highest = max(self._cart.config.nozzle_numbers) + 1
        if event.nozzles < highest:
            return f"it has {event.nozzles} nozzles, the machine file names {highest}"
        return ""


def measured(event: PulseOutcome) -> Settled:
    """Return an outcome as the ledger keeps it."""
    state = _STATES.get(event.outcome, PulseState.MAYBE_FIRED)
    if state is PulseState.CUT_SHORT and event.openings == 0:
        state = PulseState.NOT_FIRED
    return Settled(
        event.pulse_id,
        state,
        "" if event.cause == "ok" else event.cause,
        event.openings,
        event.opened_at,
        event.closed_at,
        event.position_at_open,
    )


_STATES: Mapping[str, PulseState] = {
    "fired": PulseState.DONE,
    "cut_short": PulseState.CUT_SHORT,
    "not_fired": PulseState.NOT_FIRED,
    "refused": PulseState.REFUSED,
}
"""The firmware's words for what became of a pulse; with any other word it may have fired."""
