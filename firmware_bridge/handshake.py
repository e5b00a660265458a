"""HELLO to LinkUp: opens a session, checks that both sides speak the same protocol, asks for the limits,
sets the calibrated valve lags and asks again what configuration the board has with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from random import Random

from firmware_bridge.enums import MessageType, ResetCause, Result, word
from firmware_bridge.events import LinkUp
from firmware_bridge.link import Link, Received
from firmware_bridge.messages import PROTOCOL_HASH, Ack, Hello, Limits, LimitsQuery, SetLag, Welcome

HELLO_EVERY_S = 0.1
LAGS_AT_ONCE = 8
"""SET_LAG requests under way together: a slow line answers these before they are due again (assumed)."""


def version_text(version: int) -> str:
    """Return a firmware version as major.minor.patch."""
    return f"{version >> 16}.{version >> 8 & 0xFF}.{version & 0xFF}"


class Handshake:
    """One attempt after another to open a session; a fresh nonce for each.

    `lags_us[n]` is set on nozzle n, as far as the board has nozzles; none leaves the board's own.
    """

    def __init__(
        self,
        link: Link,
        nonces: Random,
        expected_config_crc: int | None,
        lags_us: Sequence[int] = (),
    ) -> None:
        self.welcome: Welcome | None = None
        self.limits: Limits | None = None
        self.welcomed_at = (0.0, 0.0)
        self._link = link
        self._nonces = nonces
        self._expected_config_crc = expected_config_crc
        self._lags_us = tuple(lags_us)
        self._nonce = 0
        self._start_over()

    def begin(self) -> None:
        """Start over with a new nonce."""
        self._nonce = self._nonces.getrandbits(32) or 1
        self._start_over()

    def _start_over(self) -> None:
        self.welcome = self.limits = None
        self._hellos: dict[int, float] = {}
        self._greeting = True
        self._lags_left: deque[SetLag] = deque()
        self._lag_problem = ""

    def step(self, now: float) -> None:
        """Send HELLO until it is answered."""
        if self._greeting and (not self._hellos or now - max(self._hellos.values()) >= HELLO_EVERY_S):
            self._hellos[self._link.post(Hello(self._nonce, PROTOCOL_HASH))] = now

    def take(self, received: Received, now: float) -> bool:
        """Take a message; True once the session stands."""
        message = received.message
        if isinstance(message, Ack):
            return self._take_ack(received.seq, message, now)
        if isinstance(message, Limits):
            fits = isinstance(self._link.asked(received.seq), LimitsQuery)
            self.limits = message
            self._link.answered(received.seq)
            return fits and self._set_lags(now)
        if isinstance(message, Welcome) and self._greeting and message.nonce == self._nonce:
            return self._take_welcome(received.seq, message, now)
        return False

    def _take_welcome(self, seq: int, message: Welcome, now: float) -> bool:
        # Only an answer to a HELLO sent after the lags tells of the configuration with them.
        sent = self._hellos.get(seq)
        if sent is None:
            return False
        first = self.welcome is None
        self.welcome = message
        self.welcomed_at = (sent, now)
        self._greeting = False
        if not first:
            return True
        self._link.open(message.nonce ^ message.boot_id)
        if self.protocol_mismatch:
            return True
        self._link.request(LimitsQuery(), now)
        return False

    def _set_lags(self, now: float) -> bool:
        """Begin to set the lags; True when there are none to set."""
        nozzles = 0 if self.welcome is None else self.welcome.nozzles
        self._lags_left.extend(SetLag(n, lag_us) for n, lag_us in enumerate(self._lags_us[:nozzles]))
        if not self._lags_left:
            return True
        for _ in range(min(LAGS_AT_ONCE, len(self._lags_left))):
            self._link.request(self._lags_left.popleft(), now)
        return False

    def _take_ack(self, seq: int, message: Ack, now: float) -> bool:
        if message.result == Result.BAD_SESSION:
            if message.command == MessageType.HELLO:
                self.begin()
            return False
        asked = self._link.asked(seq)
        if message.command != MessageType.SET_LAG or not isinstance(asked, SetLag):
            return False
        self._link.answered(seq)
        if message.result != Result.OK:
            self._lag_problem = (
                f"the lag of nozzle {asked.nozzle}, {asked.lag_us} µs, was refused: "
                f"{word(Result, message.result)}; correct controller.lag_us or reflash the microcontroller"
            )
        if self._lags_left:
            self._link.request(self._lags_left.popleft(), now)
        elif not self._link.waiting(SetLag):
            self._hellos.clear()
            self._greeting = True
            self.step(now)
        return False

    @property
    def protocol_mismatch(self) -> bool:
        """True when the firmware was built from another protocol."""
        return self.welcome is not None and self.welcome.protocol_hash != PROTOCOL_HASH

    @property
    def config_mismatch(self) -> bool:
        """True when the board's configuration, with the lags set, is not the one expected."""
        expected = self._expected_config_crc
        if self.welcome is None:
            return False
        return bool(self._lag_problem) or (expected is not None and self.welcome.config_crc != expected)

    @property
    def problem(self) -> str:
        """Say why the MCU must not be armed, or nothing."""
        if self.welcome is None:
            return ""
        if self.protocol_mismatch:
            return (
                f"the firmware speaks protocol {self.welcome.protocol_hash:#010x}, this program "
                f"{PROTOCOL_HASH:#010x}: reflash the microcontroller"
            )
        if self._lag_problem:
            return self._lag_problem
        if self.config_mismatch:
            return (
                f"the board's configuration has CRC {self.welcome.config_crc:#010x}, expected "
                f"{self._expected_config_crc:#010x}: reflash the microcontroller or correct the machine file"
            )
        return ""

    def link_up(self, welcome: Welcome, now: float) -> LinkUp:
        """Return the event of a session that stands."""
        return LinkUp(
            t=now,
            session=self._link.session,
            boot_id=welcome.boot_id,
            last_pulse_id=welcome.last_pulse_id,
            reset_cause=word(ResetCause, welcome.reset_cause),
            firmware_version=version_text(welcome.firmware_version),
            nozzles=welcome.nozzles,
            ticks_per_m=welcome.ticks_per_m,
            config_crc=welcome.config_crc,
            protocol_mismatch=self.protocol_mismatch,
            config_mismatch=self.config_mismatch,
            problem=self.problem,
        )
