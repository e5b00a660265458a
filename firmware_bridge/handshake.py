"""HELLO to LinkUp: opens a session, checks that both sides speak the same protocol, asks for the limits."""

from __future__ import annotations

from random import Random

from firmware_bridge.enums import MessageType, ResetCause, Result, word
from firmware_bridge.events import LinkUp
from firmware_bridge.link import Link, Received
from firmware_bridge.messages import PROTOCOL_HASH, Ack, Hello, Limits, LimitsQuery, Welcome

HELLO_EVERY_S = 0.1


def version_text(version: int) -> str:
    """Return a firmware version as major.minor.patch."""
    return f"{version >> 16}.{version >> 8 & 0xFF}.{version & 0xFF}"


class Handshake:
    """One attempt after another to open a session; a fresh nonce for each."""

    def __init__(self, link: Link, nonces: Random, expected_config_crc: int | None) -> None:
        self.welcome: Welcome | None = None
        self.limits: Limits | None = None
        self.welcomed_at = (0.0, 0.0)
        self._link = link
        self._nonces = nonces
        self._expected_config_crc = expected_config_crc
        self._nonce = 0
        self._sent: float | None = None

    def begin(self) -> None:
        """Start over with a new nonce."""
        self.welcome = self.limits = None
        self._nonce = self._nonces.getrandbits(32) or 1
        self._sent = None

    def step(self, now: float) -> None:
        """Send HELLO until it is answered."""
        if self.welcome is None and (self._sent is None or now - self._sent >= HELLO_EVERY_S):
            self._sent = now
            self._link.post(Hello(self._nonce, PROTOCOL_HASH))

    def take(self, received: Received, now: float) -> bool:
        """Take a message; True once the session stands."""
        message = received.message
        if isinstance(message, Ack):
            if message.command == MessageType.HELLO and message.result == Result.BAD_SESSION:
                self.begin()
            return False
        if isinstance(message, Limits):
            self.limits = message
            fits = isinstance(self._link.asked(received.seq), LimitsQuery)
            self._link.answered(received.seq)
            return fits
        if not isinstance(message, Welcome) or self.welcome is not None or message.nonce != self._nonce:
            return False
        self.welcome = message
        self.welcomed_at = (self._sent if self._sent is not None else now, now)
        self._link.open(message.nonce ^ message.boot_id)
        if self.protocol_mismatch:
            return True
        self._link.request(LimitsQuery(), now)
        return False

    @property
    def protocol_mismatch(self) -> bool:
        """True when the firmware was built from another protocol."""
        return self.welcome is not None and self.welcome.protocol_hash != PROTOCOL_HASH

    @property
    def config_mismatch(self) -> bool:
        """True when the board's configuration is not the one expected."""
        expected = self._expected_config_crc
        return self.welcome is not None and expected is not None and self.welcome.config_crc != expected

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
        )
