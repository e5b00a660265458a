"""A board for the tests of the C core: speaks messages, keeps time, rolls a cart, traces the valves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from firmware_bridge.core import Core, Edge
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import Trigger
from firmware_bridge.framing import Deframer, encode_frame
from firmware_bridge.messages import (
    PROTOCOL_HASH,
    TYPES,
    Ack,
    Arm,
    Heartbeat,
    Hello,
    HostMessage,
    McuMessage,
    Pulse,
    PulseDone,
    PulseReceipt,
    Telemetry,
    Welcome,
    decode_payload,
    encode_payload,
)
from tests.firmware.parts import Parts

M = TypeVar("M")
BOOT_ID = 0xB0B0_0001


@dataclass
class Board:
    """The core with a plant that does as it is told; `now_us` grows without wrapping."""

    config: CoreConfig = field(default_factory=CoreConfig)
    now_us: int = 0
    boot_id: int = BOOT_ID
    ticks: float = 0.0
    ticks_ms: float = 0.0
    pressure_kpa: int = 400
    pressure_age_us: int = 0
    button: bool = False
    bumper: bool = False
    end_switch: bool = False
    beating: bool = True
    session: int = 0
    said: list[McuMessage] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.core = Core(self.config, self.boot_id)
        self._deframer = Deframer()
        self._seq = 0
        self._beat_us = self.now_us
        self._next_id = 1
        self.run(1)

    def run(self, ms: int, step_us: int = 1000) -> None:
        """Step for `ms` milliseconds, with a heartbeat every 50 ms."""
        for _ in range(round(ms * 1000 / step_us)):
            self.step(step_us)

    def step(self, us: int) -> None:
        """Let `us` microseconds pass and step once."""
        self.now_us += us
        self.ticks += self.ticks_ms * us / 1000
        if self.beating and self.session and self.now_us - self._beat_us >= 50_000:
            self._beat_us = self.now_us
            self.send(Heartbeat())
        self.core.step(
            self.now_us,
            int(self.ticks // 1),
            self.pressure_kpa,
            estop_pressed=self.button,
            bumper=self.bumper,
            end_switch=self.end_switch,
            pressure_age_us=self.pressure_age_us,
        )
        self._hear()

    def receive(self, data: bytes) -> list[McuMessage]:
        """Hand raw bytes over; returns what the core answered."""
        before = len(self.said)
        self.core.receive(data, self.now_us)
        self._hear()
        return self.said[before:]

    def send(self, message: HostMessage, session: int | None = None) -> list[McuMessage]:
        """Send a message in the present session, or another; returns what the core answered."""
        self._seq = (self._seq + 1) & 0xFFFF
        own = self.session if session is None else session
        return self.receive(encode_frame(TYPES[type(message)], self._seq, own, encode_payload(message)))

    def ack(self, message: HostMessage, session: int | None = None) -> Ack:
        """Send a command and return its Ack."""
        (answer,) = self.heard(Ack, self.send(message, session))
        assert answer.command == TYPES[type(message)]
        return answer

    def hello(self, nonce: int = 77, protocol_hash: int = PROTOCOL_HASH) -> Welcome:
        """Open a session."""
        welcome = self.heard(Welcome, self.send(Hello(nonce, protocol_hash), 0))[-1]
        self.session = nonce ^ welcome.boot_id
        self._beat_us = self.now_us
        return welcome

    def arm(self) -> None:
        """Open a session and arm."""
        self.hello()
        assert self.ack(Arm()).result == 0

    def train(self, pulse_id: int | None = None, **changes: int) -> Pulse:
        """Return a default train due now: nozzle 5, 3 x 15 ms at 24 Hz."""
        self._next_id = self._next_id if pulse_id is None else pulse_id
        pulse = Pulse(self._next_id, 5, Trigger.AT_TIME, self.now_us & 0xFFFF_FFFF, 15_000, 41_667, 3)
        self._next_id += 1
        return pulse._replace(**changes)

    def fire(self, pulse: Pulse, session: int | None = None) -> PulseReceipt:
        """Send a pulse and return its receipt."""
        (receipt,) = self.heard(PulseReceipt, self.send(pulse, session))
        return receipt

    def heard(self, kind: type[M], among: list[McuMessage] | None = None) -> list[M]:
        """Return the messages of one kind that the core has said so far, or among the given ones."""
        return [message for message in (self.said if among is None else among) if isinstance(message, kind)]

    def done(self, pulse_id: int) -> PulseDone:
        """Return the last report on a pulse."""
        return [report for report in self.heard(PulseDone) if report.pulse_id == pulse_id][-1]

    @property
    def telemetry(self) -> Telemetry:
        """The state after one more telemetry period."""
        self.run(21)
        return self.heard(Telemetry)[-1]

    def openings(self, nozzle: int | None = None) -> list[tuple[int, int]]:
        """Return (opened, closed) in µs of every finished opening, as the trace shows them."""
        spans: list[tuple[int, int]] = []
        since: dict[int, int] = {}
        for edge in self.edges:
            if edge.open:
                since[edge.nozzle] = edge.at_us
            elif nozzle in {None, edge.nozzle}:
                spans.append((since.pop(edge.nozzle), edge.at_us))
        return spans

    def _hear(self) -> None:
        self.edges += self.core.edges()
        for frame in self._deframer.feed(self.core.take_output()):
            message = decode_payload(frame.type_code, frame.payload)
            assert message is not None
            self.said.append(message)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make_board() -> Callable[..., Board]:
    return Board


@pytest.fixture
def board() -> Board:
    """A board that is armed."""
    armed = Board()
    armed.arm()
    return armed


@pytest.fixture(scope="session")
def parts() -> Parts:
    """The functions and types of the core under test."""
    return Parts()
