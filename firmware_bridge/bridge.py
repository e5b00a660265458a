"""The control loop's view of the microcontroller: commands in, events out; nothing blocks or raises."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from random import Random

from firmware_bridge.clock_sync import ClockSync
from firmware_bridge.commands import PulseCommand, command_name, pulse_message
from firmware_bridge.enums import MessageType, Result, cap_word, word
from firmware_bridge.events import CommandResult, Event, LinkUp, PulseReceipt
from firmware_bridge.link import Received
from firmware_bridge.messages import (
    TYPES,
    Ack,
    Arm,
    Clear,
    Disarm,
    Drive,
    Estop,
    HostMessage,
    Limits,
    Pulse,
    PulseAck,
    PulseDone,
    PulseQuery,
    SetLag,
    Telemetry,
)
from firmware_bridge.messages import PulseReceipt as ReceiptMessage
from firmware_bridge.pulse_log import PulseLog
from firmware_bridge.session import BridgeConfig, Session
from firmware_bridge.status import LinkQuality, LinkStatus, link_quality, telemetry_event
from firmware_bridge.transport import Transport

__all__ = ["BridgeConfig", "LinkStatus", "McuBridge", "PulseCommand"]


class McuBridge:
    """Keeps a session with the MCU and reconnects by itself. Call `poll` in every step of the loop.

    Each pulse given to `fire` ends in one final event: a refusing PulseReceipt or a PulseOutcome (which is
    told again until `acknowledge`). `nonce` seeds the sessions' nonces, for repeatable runs. Each session
    begins by setting `lags_us`, one for each nozzle, before it can be armed; none leaves the board's own.
    """

    def __init__(
        self,
        transport: Transport,
        config: BridgeConfig | None = None,
        nonce: int | None = None,
        lags_us: Sequence[int] = (),
    ) -> None:
        self._config = config or BridgeConfig()
        nonces = Random(secrets.randbits(64) if nonce is None else nonce)
        self._session = Session(transport, self._config, nonces, lags_us)
        self._link = self._session.link
        self._pulses = PulseLog()
        self._events: list[Event] = []
        self._boot_of_pulses: int | None = None
        self._stop_wanted = False
        self._now = 0.0

    @property
    def link(self) -> LinkStatus:
        """How the link is doing."""
        session = self._session
        return LinkStatus(
            connected=session.up,
            ok=session.up and not session.problem and self._link.healthy(self._now),
            session=self._link.session,
            boot_id=session.boot_id,
            round_trip_s=session.clock.trip_s,
            problem=session.problem,
            counters=self._link.counters,
            sessions=session.count,
        )

    def quality(self) -> LinkQuality:
        """Return how the cable does."""
        return link_quality(self._session.clock, self._link.counters, self._session.count)

    @property
    def limits(self) -> Limits | None:
        """The limits the board enforces, once connected."""
        return self._session.handshake.limits

    @property
    def clock(self) -> ClockSync:
        """The clock sync of the present session."""
        return self._session.clock

    def connect(self, now: float) -> None:
        """Begin to reach for the MCU; LinkUp tells when it answered."""
        self._session.connect(now)

    def poll(self, now: float) -> list[Event]:
        """Take what arrived, send the heartbeat and what is due; return the events, oldest first."""
        self._now = now
        for news in self._session.poll(now):
            if isinstance(news, Received):
                self._take(news, now)
            else:
                self._events.append(news)
                if isinstance(news, LinkUp):
                    self._resume(news, now)
        self._session.flush(now)
        events, self._events = self._events, []
        return events

    def fire(self, pulses: Sequence[PulseCommand], now: float) -> None:
        """Send pulses in one write; each is answered by a receipt."""
        up = self._session.up
        for command in pulses:
            message = pulse_message(self._on_mcu_clock(command))
            if message is None or not up:
                reason = "link_down" if message is not None else "bad_request"
                self._events.append(PulseReceipt(now, command.pulse_id, False, reason))
                continue
            self._pulses.sent(command.pulse_id)
            self._link.request(message, now)
        self._session.flush(now)

    def acknowledge(self, pulse_id: int, now: float) -> None:
        """Say that an outcome is on disk: the MCU may forget it."""
        self._pulses.acknowledge(pulse_id)
        if self._session.up and 0 <= pulse_id <= 0xFFFF_FFFF:
            self._link.post(PulseAck(pulse_id))
            self._session.flush(now)

    def query(self, pulse_id: int, now: float) -> None:
        """Ask what became of a pulse, also of an earlier session; a PulseOutcome comes once it is final."""
        if self._session.up and 0 <= pulse_id <= 0xFFFF_FFFF and self._pulses.ask(pulse_id):
            self._link.request(PulseQuery(pulse_id), now)
            self._session.flush(now)

    def drive(self, velocity_mm_s: int, now: float) -> None:
        """Ask for a travel speed that ends by itself after `drive_valid_ms`; to be repeated."""
        if self._session.up:
            speed = max(-0x8000, min(0x7FFF, velocity_mm_s))
            self._link.post(Drive(speed, self._config.drive_valid_ms))
            self._session.flush(now)

    def arm(self, now: float) -> None:
        """Allow pulses and motion; refused here when protocol or configuration do not match."""
        handshake = self._session.handshake
        if self._session.up and handshake.problem:
            reason = "protocol_mismatch" if handshake.protocol_mismatch else "config_mismatch"
            self._events.append(CommandResult(now, "arm", False, reason, handshake.problem))
            return
        self._ask(Arm(), "arm", now)

    def disarm(self, now: float) -> None:
        """Close every valve, drop the queue, ramp the drive to zero."""
        self._ask(Disarm(), "disarm", now)

    def stop(self, now: float) -> None:
        """Latch the emergency stop, at once and in any session; kept up until the MCU has confirmed it."""
        self._stop_wanted = True
        if self._session.up and not self._link.waiting(Estop):
            self._link.request(Estop(), now)
        elif self._session.wanted and not self._session.up:
            self._link.post(Estop())
        self._session.flush(now)

    def clear(self, now: float) -> None:
        """Release the emergency stop, when everything is closed and nothing is pressed."""
        self._stop_wanted = False
        self._ask(Clear(), "clear", now)

    def set_lag(self, nozzle: int, lag_us: int, now: float) -> None:
        """Set a nozzle's calibrated valve lag; refused while armed."""
        if 0 <= nozzle <= 0xFF and 0 <= lag_us <= 0xFFFF_FFFF:
            self._ask(SetLag(nozzle, lag_us), "set_lag", now)
        else:
            self._events.append(CommandResult(now, "set_lag", False, "bad_request"))

    def close(self) -> None:
        """Let go of the port; the MCU goes safe within its dead-man time."""
        self._session.close()

    def _on_mcu_clock(self, command: PulseCommand) -> PulseCommand:
        if command.at is None or command.trigger_us is not None or not isfinite(command.at):
            return command
        return replace(command, at=None, trigger_us=self.clock.to_mcu(command.at))

    def _ask(self, message: HostMessage, name: str, now: float) -> None:
        if not self._session.up:
            self._events.append(CommandResult(now, name, False, "link_down", self._session.problem))
        elif isinstance(message, SetLag) or not self._link.waiting(type(message)):
            self._link.request(message, now)
            self._session.flush(now)

    def _resume(self, news: LinkUp, now: float) -> None:
        """Settle the pulses of the session before: ask, where the MCU can still know."""
        asked = self._pulses.unanswered_queries()
        same_boot = news.boot_id == self._boot_of_pulses
        self._boot_of_pulses = news.boot_id
        for pulse_id in self._pulses.unresolved:
            if not same_boot:
                self._events.append(self._pulses.give_up(pulse_id, "maybe_fired", "mcu_restarted", now))
            elif pulse_id > news.last_pulse_id:
                self._events.append(self._pulses.give_up(pulse_id, "not_fired", "never_arrived", now))
            else:
                asked.append(pulse_id)
        for pulse_id in asked:
            self.query(pulse_id, now)
        if self._stop_wanted:
            self._link.request(Estop(), now)

    def _take(self, received: Received, now: float) -> None:
        message = received.message
        event: Event | None = None
        if isinstance(message, Telemetry):
            event = telemetry_event(message, self._session.clock)
        elif isinstance(message, ReceiptMessage):
            asked = self._link.asked(received.seq)
            if isinstance(asked, Pulse) and asked.pulse_id == message.pulse_id:
                self._link.answered(received.seq)
            event = self._pulses.receipt(message, now)
        elif isinstance(message, PulseDone):
            event = self._done(received.seq, message, now)
        elif isinstance(message, Ack):
            event = self._answer(received.seq, message, now)
        if event is not None:
            self._events.append(event)

    def _done(self, seq: int, message: PulseDone, now: float) -> Event | None:
        # The MCU numbers what it says unasked from its own counter: only a query's own answer ends it.
        if self._link.asked(seq) == PulseQuery(message.pulse_id):
            self._link.answered(seq)
        event = self._pulses.done(message, self._session.clock, now)
        if event is None and self._pulses.was_acknowledged(message.pulse_id):
            self._link.post(PulseAck(message.pulse_id))
        return event

    def _answer(self, seq: int, message: Ack, now: float) -> Event | None:
        asked = self._link.asked(seq)
        fits = asked is not None and TYPES[type(asked)] == message.command
        ok = message.result == Result.OK
        if fits:
            self._link.answered(seq)
        elif ok or message.command != MessageType.DRIVE:
            return None
        if isinstance(asked, Estop) and fits and ok:
            self._stop_wanted = False
        return CommandResult(
            now, command_name(message.command), ok, word(Result, message.result), cap_word(message.cap)
        )
