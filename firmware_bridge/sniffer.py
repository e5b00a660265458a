"""Listens on the cable: every frame of both directions, decoded, as it passes. For the console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from firmware_bridge.enums import Flag, MessageType, Outcome, ResetCause, Result, Trigger, cap_word, word
from firmware_bridge.framing import Deframer, Frame
from firmware_bridge.messages import Message, Telemetry, decode_payload
from firmware_bridge.transport import Transport

TO_MCU, FROM_MCU = ">", "<"

_WORDS: dict[str, Callable[[int], str]] = {
    "result": lambda code: word(Result, code),
    "first_result": lambda code: word(Result, code),
    "cause": lambda code: word(Result, code),
    "outcome": lambda code: word(Outcome, code),
    "trigger": lambda code: word(Trigger, code),
    "reset_cause": lambda code: word(ResetCause, code),
    "command": lambda code: word(MessageType, code),
    "cap": cap_word,
    "session": hex,
    "nonce": hex,
    "boot_id": hex,
    "protocol_hash": hex,
    "config_crc": hex,
}


class Heard(msgspec.Struct, frozen=True):
    """A frame on the wire: host time `t`, direction ">" to the MCU or "<" from it, codes as words.

    `name` is "damaged" for bytes between two zeros that are no frame, "unknown" for a frame of no known type.
    """

    t: float
    direction: str
    name: str
    seq: int = 0
    session: int = 0
    fields: dict[str, Any] = {}

    def line(self, t0: float) -> str:
        """Return the frame as a line of text, seconds counted from `t0`."""
        values = " ".join(f"{name}={value}" for name, value in self.fields.items())
        head = f"{self.t - t0:10.6f} {self.direction} {self.name:<14}"
        return f"{head} seq={self.seq:<5} {values}".rstrip()


class Sniffer:
    """A Transport that tells `hear` of every frame that passes through `transport`."""

    def __init__(self, transport: Transport, now: Callable[[], float], hear: Callable[[Heard], None]) -> None:
        self._transport = transport
        self._now = now
        self._hear = hear
        self._ends = {TO_MCU: Deframer(), FROM_MCU: Deframer()}

    def read(self) -> bytes:
        """Return what has arrived; raises TransportError."""
        data = self._transport.read()
        self._listen(FROM_MCU, data)
        return data

    def write(self, data: bytes) -> None:
        """Send all of it; raises TransportError."""
        self._listen(TO_MCU, data)
        self._transport.write(data)

    def close(self) -> None:
        """Let go of the port."""
        self._transport.close()

    def _listen(self, direction: str, data: bytes) -> None:
        if not data:
            return
        end, t = self._ends[direction], self._now()
        bad = end.bad
        for frame in end.feed(data):
            self._hear(described(frame, direction, t))
        for _ in range(end.bad - bad):
            self._hear(Heard(t, direction, "damaged"))


def described(frame: Frame, direction: str, t: float) -> Heard:
    """Return a frame in words; a payload that does not decode shows as hexadecimal digits."""
    message = decode_payload(frame.type_code, frame.payload)
    if message is None:
        fields: dict[str, Any] = {"type": hex(frame.type_code), "payload": frame.payload.hex()}
        return Heard(t, direction, "unknown", frame.seq, frame.session, fields)
    return Heard(
        t, direction, word(MessageType, frame.type_code), frame.seq, frame.session, fields_of_message(message)
    )


def fields_of_message(message: Message) -> dict[str, Any]:
    """Return a message's fields by name, codes and bits as words."""
    fields = {name: _WORDS.get(name, int)(value) for name, value in message._asdict().items()}
    if isinstance(message, Telemetry):
        fields["flags"] = flag_words(message.flags)
    return fields


def flag_words(flags: int) -> str:
    """Return the set bits of the telemetry's state word, joined by "+"; "-" for none."""
    return "+".join(flag.name.lower() for flag in Flag if flag & flags and flag.name) or "-"
