"""Messages over a transport: sequence numbers, repetition until answered, counters, a budget for bad frames."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from firmware_bridge.framing import Deframer, encode_frame
from firmware_bridge.messages import TYPES, HostMessage, Message, decode_payload, encode_payload
from firmware_bridge.transport import Transport


class LinkConfig(BaseModel):
    """How patient the link is. All values assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repeat_s: float = Field(default=0.04, ge=0.005, le=1.0, description="wait before a request is repeated")
    tries: int = Field(
        default=8, ge=1, le=50, description="sendings of a request before the link is given up"
    )
    bad_frames: int = Field(default=5, ge=1, le=1000, description="bad frames a second that are tolerated")


class Received(NamedTuple):
    """A message from the MCU with its frame's header."""

    seq: int
    session: int
    message: Message


@dataclass(slots=True)
class _Pending:
    message: HostMessage
    wire: bytes
    sent: float
    tries: int = 1


@dataclass(slots=True)
class Counters:
    """Since the bridge was made."""

    sent: int = 0
    received: int = 0
    bad: int = 0
    repeated: int = 0
    unknown: int = 0
    foreign: int = 0


class Link:
    """Sends requests until they are answered; what is written goes out with the next `flush`."""

    def __init__(self, transport: Transport, config: LinkConfig) -> None:
        self.session = 0
        self.counters = Counters()
        self._transport = transport
        self._config = config
        self._deframer = Deframer()
        self._pending: dict[int, _Pending] = {}
        self._out: list[bytes] = []
        self._seq = 0
        self._sent_in_session = 0
        self._bad_times: deque[float] = deque(maxlen=config.bad_frames + 1)

    def post(self, message: HostMessage) -> int:
        """Queue a message that is not repeated; returns its sequence number."""
        return self._queue(message)[0]

    def request(self, message: HostMessage, now: float) -> int:
        """Queue a message that is repeated until `answered`; returns its sequence number."""
        seq, wire = self._queue(message)
        self._pending[seq] = _Pending(message, wire, now)
        return seq

    def asked(self, seq: int) -> HostMessage | None:
        """Return the unanswered request with this sequence number."""
        pending = self._pending.get(seq)
        return None if pending is None else pending.message

    def answered(self, seq: int) -> None:
        """Stop repeating a request. The caller has checked with `asked` that the answer fits it."""
        self._pending.pop(seq, None)

    def waiting(self, kind: type[HostMessage]) -> bool:
        """Say whether a request of this kind is unanswered."""
        return any(isinstance(pending.message, kind) for pending in self._pending.values())

    def flush(self) -> None:
        """Send everything queued in one write; raises TransportError."""
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            self._transport.write(data)

    def receive(self, now: float) -> list[Received]:
        """Return the messages that arrived; raises TransportError."""
        data = self._transport.read()
        if not data:
            return []
        bad_before = self._deframer.bad
        received: list[Received] = []
        for frame in self._deframer.feed(data):
            message = decode_payload(frame.type_code, frame.payload)
            if message is None:
                self.counters.unknown += 1
            else:
                received.append(Received(frame.seq, frame.session, message))
        self._bad_times.extend([now] * (self._deframer.bad - bad_before))
        self.counters.bad, self.counters.received = self._deframer.bad, self._deframer.good
        return received

    def repeat(self, now: float) -> HostMessage | None:
        """Queue the requests that are overdue again; returns one that was sent too often, if any."""
        for pending in self._pending.values():
            if now - pending.sent < self._config.repeat_s:
                continue
            if pending.tries >= self._config.tries:
                return pending.message
            pending.sent = now
            pending.tries += 1
            self._out.append(pending.wire)
            self.counters.repeated += 1
            self.counters.sent += 1
        return None

    def healthy(self, now: float) -> bool:
        """False while more frames arrive damaged than the budget of one second allows."""
        times = self._bad_times
        return len(times) < (times.maxlen or 1) or now - times[0] > 1.0

    def open(self, session: int) -> None:
        """Speak in this session from now on."""
        self.session = session
        self._sent_in_session = 0

    def is_ours(self, seq: int) -> bool:
        """Say whether `seq` was given out in this session (the last 32768 are remembered)."""
        return (self._seq - seq) & 0xFFFF < min(self._sent_in_session, 0x8000)

    def forget(self) -> None:
        """Drop what is queued, half received or unanswered: the session is over."""
        self._pending.clear()
        self._out.clear()
        bad, good = self._deframer.bad, self._deframer.good
        self._deframer = Deframer()
        self._deframer.bad, self._deframer.good = bad, good
        self.open(0)

    def _queue(self, message: HostMessage) -> tuple[int, bytes]:
        self._seq = (self._seq + 1) & 0xFFFF
        wire = encode_frame(TYPES[type(message)], self._seq, self.session, encode_payload(message))
        self._out.append(wire)
        self._sent_in_session += 1
        self.counters.sent += 1
        return self._seq, wire
