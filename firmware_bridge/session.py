"""One session after another with the MCU: greeting, heartbeat, pings, silence, reconnecting. Used by bridge.py."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from firmware_bridge.clock_sync import WINDOW, ClockSync
from firmware_bridge.enums import Result
from firmware_bridge.events import LinkDown, LinkUp
from firmware_bridge.handshake import Handshake
from firmware_bridge.link import Link, LinkConfig, Received
from firmware_bridge.messages import TYPES, Ack, Heartbeat, Ping, Pong
from firmware_bridge.messages import PulseReceipt as ReceiptMessage
from firmware_bridge.transport import Transport, TransportError

_EPSILON_S = 1e-4
_EAGER_PINGS = 8
_REFUSALS = (Ack, ReceiptMessage)
NO_ANSWER = "the microcontroller does not answer: check its power, the port and the baud rate"


class BridgeConfig(BaseModel):
    """Rhythm of the bridge. All values assumed, within what the protocol demands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heartbeat_s: float = Field(default=0.05, ge=0.005, le=0.1, description="dead-man acts after 0.25 s")
    ping_s: float = Field(default=0.1, ge=0.02, le=2.0, description="clock sync; window of 64 pings")
    silence_s: float = Field(default=0.5, ge=0.1, le=5.0, description="MCU silence that ends the session")
    reconnect_s: float = Field(default=0.5, ge=0.05, le=10.0, description="wait after a lost cable")
    drive_valid_ms: int = Field(default=300, ge=50, le=2000, description="validity of a drive command")
    expected_config_crc: int | None = Field(
        default=None,
        ge=0,
        le=0xFFFF_FFFF,
        description="of the board's configuration, the lags of this file set; none: any",
    )
    link: LinkConfig = LinkConfig()


class Session:
    """Keeps `link` in a session; `poll` never raises, a lost cable or MCU is a LinkDown and a new attempt."""

    def __init__(
        self, transport: Transport, config: BridgeConfig, nonces: Random, lags_us: Sequence[int] = ()
    ) -> None:
        self.link = Link(transport, config.link)
        self.handshake = Handshake(self.link, nonces, config.expected_config_crc, lags_us)
        self.clock = ClockSync()
        self.up = False
        self.wanted = False
        self.problem = "not connected yet"
        self.boot_id: int | None = None
        self.count = 0
        self._transport = transport
        self._config = config
        self._greeting = False
        self._retry_at = 0.0
        self._heard_at = self._beat_at = self._pinged_at = 0.0
        self._pings: dict[int, float] = {}
        self._news: list[Received | LinkUp | LinkDown] = []

    def connect(self, now: float) -> None:
        """Want a session from now on."""
        self.wanted = True
        self._retry_at = min(self._retry_at, now)

    def poll(self, now: float) -> list[Received | LinkUp | LinkDown]:
        """Take what arrived and queue what is due; returns messages of the session, and its begin and end."""
        if self.wanted and not self._greeting and not self.up and now >= self._retry_at:
            self._greeting, self._heard_at = True, now
            self.handshake.begin()
        if self._greeting or self.up:
            try:
                self._receive(now)
            except TransportError as error:
                self.lose(str(error), now, self._config.reconnect_s)
        if self._greeting:
            self._greet(now)
        if self.up:
            self._keep_up(now)
        news, self._news = self._news, []
        return news

    def flush(self, now: float) -> None:
        """Send what is queued in one write."""
        try:
            self.link.flush()
        except TransportError as error:
            self.lose(str(error), now, self._config.reconnect_s)

    def lose(self, reason: str, now: float, wait_s: float) -> None:
        """End the session; the next attempt begins after `wait_s`."""
        if self.up:
            self._news.append(LinkDown(now, reason))
        self.problem = reason
        self.up = self._greeting = False
        self._retry_at = now + wait_s
        self._pings.clear()
        self.link.forget()

    def close(self) -> None:
        """Let go of the port for good."""
        self.wanted = self.up = self._greeting = False
        self.problem = "closed"
        self.link.forget()
        self._transport.close()

    def _receive(self, now: float) -> None:
        for received in self.link.receive(now):
            if self._greeting:
                self._heard_at = now
                if self.handshake.take(received, now):
                    self._begin(now)
            elif self.up:
                self._take(received, now)

    def _greet(self, now: float) -> None:
        if self.link.repeat(now) is not None or now - self._heard_at > self._config.silence_s:
            self._heard_at = now
            self.problem = NO_ANSWER
            self.link.forget()
            self.handshake.begin()
        self.handshake.step(now)

    def _begin(self, now: float) -> None:
        welcome = self.handshake.welcome
        if welcome is None:
            return
        self.clock = ClockSync()
        sent, received = self.handshake.welcomed_at
        self.clock.add(sent, received, welcome.tick_us)
        self._greeting, self.up = False, True
        self.boot_id = welcome.boot_id
        self.count += 1
        self.problem = self.handshake.problem
        self._beat_at = self._pinged_at = -1e9
        self._news.append(self.handshake.link_up(welcome, now))

    def _take(self, received: Received, now: float) -> None:
        message = received.message
        if isinstance(message, _REFUSALS) and message.result == Result.BAD_SESSION:
            if self.link.is_ours(received.seq):
                self.lose("the microcontroller restarted or answers another program", now, 0.0)
            return
        if received.session != self.link.session:
            self.link.counters.foreign += 1
            return
        self._heard_at = now
        if isinstance(message, Pong):
            sent = self._pings.pop(received.seq, None)
            if sent is not None:
                self.clock.add(sent, now, message.tick_us)
            return
        self._news.append(received)

    def _keep_up(self, now: float) -> None:
        if now - self._heard_at > self._config.silence_s:
            self.lose(f"the microcontroller has been silent for {now - self._heard_at:.1f} s", now, 0.0)
            return
        if now - self._beat_at >= self._config.heartbeat_s - _EPSILON_S:
            self._beat_at = now
            self.link.post(Heartbeat())
        eager = self.clock.samples < _EAGER_PINGS
        if now > self._pinged_at and (eager or now - self._pinged_at >= self._config.ping_s - _EPSILON_S):
            self._pinged_at = now
            self._pings[self.link.post(Ping())] = now
            if len(self._pings) > WINDOW:
                del self._pings[next(iter(self._pings))]
        given_up = self.link.repeat(now)
        if given_up is not None:
            name = TYPES[type(given_up)].name
            self.lose(f"no answer to {name} after {self._config.link.tries} tries", now, 0.0)
