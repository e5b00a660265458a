"""A cable with a core at its end, for the tests of the bridge: it can lose, double, damage and be cut."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from firmware_bridge.bridge import BridgeConfig, McuBridge, PulseCommand
from firmware_bridge.core import Core, Edge
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.events import CommandResult, Event
from firmware_bridge.transport import TransportError

E = TypeVar("E")
BOOT_ID = 0xB0B0_0001


@dataclass
class Cable:
    """A Transport to the core of a Bench; `damage` is the share of pieces that suffer, each way."""

    bench: Bench
    damage: float = 0.0
    cut: bool = False
    deaf: bool = False
    seed: int = 1
    closed: int = 0

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._held = {"in": b"", "out": b""}
        self._written: list[bytes] = []

    def listen(self) -> list[bytes]:
        """Return a list to which every later write is added."""
        self._written = []
        return self._written

    def read(self) -> bytes:
        self._check()
        return self._through("in", self.bench.core.take_output())

    def write(self, data: bytes) -> None:
        self._check()
        self._written.append(data)
        if not self.deaf:
            self.bench.core.receive(self._through("out", data), self.bench.now_us)

    def close(self) -> None:
        self.closed += 1

    def _check(self) -> None:
        if self.cut:
            raise TransportError("serial port test was lost: check the cable and its power")

    def _through(self, way: str, data: bytes) -> bytes:
        if not self.damage:
            return data
        pieces = [self._spoil(piece + b"\0") for piece in data.split(b"\0") if piece]
        out, self._held[way] = [self._held[way], *pieces], b""
        if out and self._rng.random() < self.damage:
            self._held[way] = out.pop()
        return b"".join(out)

    def _spoil(self, piece: bytes) -> bytes:
        if self._rng.random() >= self.damage:
            return piece
        kind = self._rng.randrange(4)
        at = self._rng.randrange(len(piece))
        return [b"", piece + piece, piece[:at], piece[:at] + self._rng.randbytes(1) + piece[at + 1 :]][kind]


@dataclass
class Bench:
    """Core, cable, bridge and a cart; the loop polls every `poll_ms`."""

    config: BridgeConfig = field(default_factory=BridgeConfig)
    core_config: CoreConfig = field(default_factory=CoreConfig)
    damage: float = 0.0
    seed: int = 1
    poll_ms: int = 10
    now_us: int = 1_000_000
    ticks: float = 0.0
    ticks_ms: float = 0.0
    button: bool = False
    hang: bool = False
    events: list[Event] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.core = Core(self.core_config, BOOT_ID)
        self.cable = Cable(self, self.damage, seed=self.seed)
        self.bridge = McuBridge(self.cable, self.config, nonce=self.seed)
        self.bridge.connect(self.now)

    @property
    def now(self) -> float:
        return self.now_us * 1e-6

    def run(self, ms: int) -> list[Event]:
        """Run core and loop; returns the new events."""
        before = len(self.events)
        for _ in range(ms):
            self.now_us += 1000
            self.ticks += self.ticks_ms
            self.core.step(self.now_us, int(self.ticks // 1), 400, estop_pressed=self.button)
            self.edges += self.core.edges()
            if self.now_us // 1000 % self.poll_ms == 0 and not self.hang:
                self.events += self.bridge.poll(self.now)
        return self.events[before:]

    def arm(self) -> None:
        """Connect and arm."""
        self.run(100)
        self.bridge.arm(self.now)
        self.run(100)
        assert self.of(CommandResult)[-1] == CommandResult(self.of(CommandResult)[-1].t, "arm", True, "ok")

    def restart_core(self, boot_id: int = BOOT_ID + 1) -> None:
        """Reset the microcontroller: nothing is remembered."""
        self.core = Core(self.core_config, boot_id)

    def restart_host(self) -> None:
        """Kill the host's process and start another; the core runs on."""
        self.bridge = McuBridge(self.cable, self.config, nonce=self.seed + 1000)
        self.bridge.connect(self.now)

    def pulse(self, pulse_id: int, ahead: int = 300, **changes: int) -> PulseCommand:
        """Return a default train `ahead` ticks ahead."""
        values = {
            "pulse_id": pulse_id,
            "nozzle": 5,
            "trigger_ticks": int(self.ticks) + ahead,
            "direction": 1,
            "on_us": 15_000,
            "period_us": 41_667,
            "count": 3,
        }
        return PulseCommand(**{**values, **changes})

    def fire(self, *pulses: PulseCommand) -> None:
        """Send pulses now."""
        self.bridge.fire(pulses, self.now)

    def of(self, kind: type[E], among: Sequence[Event] | None = None) -> list[E]:
        """Return the events of one kind."""
        return [event for event in (self.events if among is None else among) if isinstance(event, kind)]


@pytest.fixture(scope="session")
def make_bench() -> Callable[..., Bench]:
    return Bench


@pytest.fixture
def bench() -> Bench:
    """A bench that is connected and armed, the cart rolling at 0.15 m/s."""
    armed = Bench(ticks_ms=1.5)
    armed.arm()
    return armed
