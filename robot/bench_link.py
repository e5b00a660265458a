"""A session with the valve controller for a person at the bench: console, doctor, calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from firmware_bridge.bridge import BridgeConfig, McuBridge, PulseCommand
from firmware_bridge.events import CommandResult, Event, LinkUp, PulseOutcome, PulseReceipt, Telemetry
from firmware_bridge.transport import Transport
from robot.clock import Clock

E = TypeVar("E")

OPEN_WITHIN_S = 3.0
ANSWER_WITHIN_S = 2.0
STEP_S = 0.005
LEAD_S = 0.1
"""From sending a train to its first opening: the frame must have arrived by then (assumed)."""


class BenchError(Exception):
    """The controller cannot do what was asked at the bench; the text names the cause and the remedy."""


class RefusedError(BenchError):
    """The controller refused a train; `reason` is its word for why."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class BenchLink:
    """One session, driven by whoever calls; every wait keeps the heartbeat. Not for use while rolling."""

    def __init__(
        self,
        transport: Transport,
        config: BridgeConfig,
        clock: Clock,
        idle: Callable[[float], object] | None = None,
        lags_us: Sequence[int] = (),
    ) -> None:
        """`idle` returns as soon as bytes have arrived, or after so many seconds; else the clock waits."""
        self.clock = clock
        self.bridge = McuBridge(transport, config, lags_us=lags_us)
        self.events: list[Event] = []
        self.listeners: list[Callable[[Event], None]] = []
        self._transport = transport
        self._idle = idle or (lambda pause_s: clock.sleep_until(clock.now() + pause_s))
        self._next_id = 1

    def open(self) -> LinkUp:
        """Open a session; raises TransportError for a port that cannot be had, BenchError without an answer."""
        self._transport.read()
        self.bridge.connect(self.clock.now())
        if not self.wait(lambda: self.first(LinkUp) is not None, OPEN_WITHIN_S):
            raise BenchError(self.bridge.link.problem or "the controller does not answer")
        up = self.first(LinkUp)
        if up is None:
            raise BenchError("the session ended at once")
        self._next_id = up.last_pulse_id + 1
        return up

    def wait(self, done: Callable[[], bool], within_s: float) -> bool:
        """Poll until `done`, at most `within_s`; False when it did not come about."""
        end = self.clock.now() + within_s
        while not done():
            now = self.clock.now()
            if now > end:
                return False
            for event in self.bridge.poll(now):
                self.events.append(event)
                for listener in self.listeners:
                    listener(event)
            self._idle(STEP_S)
        return True

    def first(self, kind: type[E]) -> E | None:
        """Return the first event of a kind, or None."""
        return next((event for event in self.events if isinstance(event, kind)), None)

    def telemetry(self) -> Telemetry:
        """Return the next report; raises BenchError when none comes."""
        came = self._answers(
            lambda: None,
            lambda event: event if isinstance(event, Telemetry) else None,
            ANSWER_WITHIN_S,
        )
        if not came:
            raise BenchError(f"the controller reports nothing: {self.bridge.link.problem or 'no telemetry'}")
        return came[-1]

    def command(self, name: str, ask: Callable[[float], None]) -> None:
        """Send a command and wait for its answer; raises BenchError when it is refused or not answered."""
        answers = self._answers(
            lambda: ask(self.clock.now()),
            lambda event: event if isinstance(event, CommandResult) and event.command == name else None,
            ANSWER_WITHIN_S,
        )
        if not answers:
            raise BenchError(f"{name}: no answer; {self.bridge.link.problem or 'try again'}")
        if not answers[0].ok:
            raise BenchError(_refusal(name, answers[0].reason, answers[0].detail))

    def arm(self) -> None:
        """Arm; raises BenchError when the controller refuses."""
        self.telemetry()
        self.command("arm", self.bridge.arm)

    def disarm(self) -> None:
        """Close every valve and disarm."""
        self.command("disarm", self.bridge.disarm)

    def fire(
        self, nozzle: int, on_us: int, period_us: int, count: int, lead_s: float = LEAD_S
    ) -> PulseOutcome:
        """Fire one train by the clock, wait for its end; raises RefusedError, or BenchError when it is lost."""
        pulse_id, self._next_id = self._next_id, self._next_id + 1
        now = self.clock.now()
        at_us = self.bridge.clock.to_mcu(now + lead_s)
        train = PulseCommand(pulse_id, nozzle, None, 1, on_us, period_us, count, trigger_us=at_us)

        def final(event: Event) -> PulseReceipt | PulseOutcome | None:
            # The board repeats outcomes of earlier sessions too, until the daemon has stored them.
            if not isinstance(event, PulseReceipt | PulseOutcome) or event.pulse_id != pulse_id:
                return None
            return event if isinstance(event, PulseOutcome) or not event.accepted else None

        over_s = lead_s + count * period_us * 1e-6 + ANSWER_WITHIN_S
        ended: list[PulseReceipt | PulseOutcome] = self._answers(
            lambda: self.bridge.fire([train], now), final, over_s
        )
        if not ended:
            raise BenchError(f"nozzle {nozzle}: no outcome; {self.bridge.link.problem or 'try again'}")
        end = ended[0]
        if isinstance(end, PulseReceipt):
            raise RefusedError(_refusal(f"nozzle {nozzle}", end.reason, end.detail), end.reason)
        self.bridge.acknowledge(pulse_id, self.clock.now())
        return end

    def close(self) -> None:
        """Disarm as far as that can be said, and let go of the port."""
        self.bridge.disarm(self.clock.now())
        self.bridge.close()

    def _answers(
        self, ask: Callable[[], None], pick: Callable[[Event], E | None], within_s: float
    ) -> list[E]:
        """Ask, then return what `pick` takes of the first poll in which it takes anything; empty for none."""
        seen = len(self.events)
        ask()
        picked: list[E] = []

        def came() -> bool:
            picked.extend(one for event in self.events[seen:] if (one := pick(event)) is not None)
            return bool(picked)

        self.wait(came, within_s)
        return picked


_REMEDIES = {
    "estop": "release the emergency stop first",
    "low_pressure": "let the compressor fill the tank, look at the sensor",
    "no_nozzle": "name a nozzle that the board has",
    "over_cap": "ask for less; `bombus console status` shows the limits",
    "protocol_mismatch": "reflash the microcontroller",
    "bad_config": "the board's configuration is outside the hard limits: reflash it",
    "leak": "mend the leaking valve, then release the stop",
}


def _refusal(what: str, reason: str, detail: str) -> str:
    remedy = _REMEDIES.get(reason, "see docs/protocol.md for the reason")
    return f"{what} was refused: {reason}{f' ({detail})' if detail else ''}; {remedy}"
