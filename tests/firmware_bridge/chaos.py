"""A house for the at-most-once test: the real core, bridge and ledger around a cable that does its worst.

Everything runs in virtual time. A host here is what `robot/loop.py` has between plan and wire: Scribe, PulseBook,
Hearing and McuBridge, in the loop's order. Each pulse gets a nozzle of its own, so every valve edge has one owner.
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cobs.cobs

from firmware_bridge.bridge import McuBridge
from firmware_bridge.core import Core
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import MessageType
from firmware_bridge.transport import TransportError
from robot.cart import Cart
from robot.config import DEMO_MACHINE, load_config
from robot.dose import why_not_again
from robot.hearing import Hearing
from robot.ledger import Ledger
from robot.pulses import PulseBook
from robot.scribe import Scribe
from robot.shots import Job
from robot.types import Place, PlannedPulse, Train
from robot.valve_link import as_commands

CONFIG = load_config(DEMO_MACHINE)
CORE_CONFIG = CoreConfig()
TRAIN = Train(on_us=15_000, period_us=41_667, count=3)
POLL_MS = 10
TICKS_PER_MS = 1.5
PRESSURE_KPA = 500
WALL_START_S = 1_750_000_000.0
TO_MCU, TO_HOST = "to the MCU", "to the host"


@dataclass(frozen=True)
class Opening:
    """A valve that opened: when, in which life of the MCU, and at which encoder reading (int32)."""

    at_us: int
    boot_id: int
    ticks: int


@dataclass
class VirtualClock:
    """The house's time as the ledger's pen wants it."""

    house: House

    def now(self) -> float:
        return self.house.now

    def wall(self) -> datetime:
        return datetime.fromtimestamp(WALL_START_S + self.house.now, UTC)

    def sleep_until(self, t: float) -> None:
        raise AssertionError(f"nobody sleeps in virtual time, asked for {t}")


class Cable:
    """The Transport of the host. Frames may vanish, come twice, late, swapped or damaged; the cable may be out."""

    def __init__(self, house: House, seed: int) -> None:
        self.out = False
        self.held: list[bytes] | None = None
        """Frames to the MCU that an adapter keeps in its buffer for now, while it does."""
        self.said: list[bytes] = []
        self.faults: dict[str, deque[str]] = {TO_MCU: deque(), TO_HOST: deque()}
        self._house = house
        self._rng = random.Random(seed)
        self._way: dict[str, list[tuple[int, bytes]]] = {TO_MCU: [], TO_HOST: []}

    def read(self) -> bytes:
        self._check()
        return b"".join(self.arrived(TO_HOST))

    def write(self, data: bytes) -> None:
        self._check()
        self.put(TO_MCU, data)

    def close(self) -> None:
        """A host that dies lets go; what is on its way still arrives."""

    def let_go(self) -> None:
        """Let what was held arrive now, before anything said later."""
        held, self.held = self.held or [], None
        self._way[TO_MCU][:0] = [(self._house.now_us, frame) for frame in held]

    def pull(self) -> None:
        """Take the plug out: what is on its way is lost."""
        self.out = True
        self._way = {TO_MCU: [], TO_HOST: []}

    def put(self, way: str, data: bytes) -> None:
        """Take frames from one end; what an unplugged end says is lost."""
        for piece in data.split(b"\0"):
            if not piece:
                continue
            frame = piece + b"\0"
            if way == TO_MCU:
                self.said.append(frame)
            if self.held is not None and way == TO_MCU:
                self.held.append(frame)
            elif not self.out:
                self._travel(way, frame)

    def arrived(self, way: str) -> list[bytes]:
        """Take the frames that are through, in the order they come out."""
        now = self._house.now_us
        frames = [frame for due, frame in self._way[way] if due <= now]
        self._way[way] = [(due, frame) for due, frame in self._way[way] if due > now]
        return frames

    def _check(self) -> None:
        if self.out:
            raise TransportError("serial port test was lost: check the cable and its power")

    def _travel(self, way: str, frame: bytes) -> None:
        now, line = self._house.now_us, self._way[way]
        fault = self.faults[way].popleft() if self.faults[way] else ""
        if fault == "lose":
            return
        if fault == "swap" and line:
            line.insert(len(line) - 1, (now, frame))
            return
        if fault == "damage":
            at = self._rng.randrange(len(frame))
            frame = frame[:at] + self._rng.randbytes(1) + frame[at + 1 :]
        line.append((now + (self._rng.randrange(20_000, 400_000) if fault == "late" else 0), frame))
        if fault == "double":
            line.append((now, frame))


class Host:
    """One life of the control process, from the ledger up; what it held in memory dies with it."""

    def __init__(self, house: House, ledger_path: Path, nonce: int) -> None:
        self.house = house
        self.ledger = Ledger(ledger_path)
        self.bridge = McuBridge(house.cable, nonce=nonce)
        self.cart = Cart(CONFIG, self.ledger.last_session())
        self.pulses = PulseBook()
        self.scribe = Scribe(self.ledger, VirtualClock(house), CONFIG.row.name)
        self.hearing = Hearing(self.cart, self.pulses, self.scribe, self.bridge)
        self.pulses.skip_ids_to(self.ledger.last_pulse_id())
        self.pulses.begin_row(self.scribe.treated_places(), house.now)
        self._asked_at = 0.0
        self.bridge.connect(house.now)

    def step(self) -> None:
        """Hear, and keep the MCU armed, as the pilot does."""
        now, cart = self.house.now, self.cart
        self.hearing.take(self.bridge.poll(now), now)
        if cart.link_up and not cart.armed and now - self._asked_at >= 0.1:
            self._asked_at = now
            if cart.latched and not cart.pressed:
                self.bridge.clear(now)
            elif not cart.latched:
                self.bridge.arm(now)

    def fire(self, flower: int, ahead_ticks: int, die: str = "") -> PlannedPulse | None:
        """Shoot at a flower unless the rules of repetition forbid it; dies at the named moment, if any."""
        pulse = self._pulse(flower, ahead_ticks)
        if pulse is None:
            return None
        allowed, _ = self.scribe.intend([pulse], [], self.house.now)
        assert allowed == (pulse,)
        self.house.intended[pulse.pulse_id] = pulse
        if die == "before it is sent":
            return pulse
        self.pulses.sending([pulse], [Job(pulse.pulse_id, pulse.nozzle, 0.0, 1.0)], self.house.now)
        self.bridge.fire(as_commands([pulse]), self.house.now)
        return pulse

    def may_fire(self, flower: int) -> bool:
        """Ask the planner's own rule of repetition."""
        again = why_not_again(
            self.pulses.treatments,
            ("left", flower),
            place_of(flower),
            in_view=frozenset(),
            now=self.house.now,
            config=CONFIG.dose,
        )
        return again is None

    def _pulse(self, flower: int, ahead_ticks: int) -> PlannedPulse | None:
        pulse_id = self.pulses.next_id
        if not self.may_fire(flower) or pulse_id > CORE_CONFIG.nozzles:
            return None
        where = place_of(flower)
        ticks = signed(int(self.house.ticks) + ahead_ticks)
        return PlannedPulse(pulse_id, "left", pulse_id - 1, ticks, 1, TRAIN, where, (flower,), (where,))


@dataclass
class House:
    """The MCU, the cart that rolls, the observer on the valves, and the host of the moment."""

    folder: Path
    seed: int = 1
    now_us: int = 1_000_000
    ticks: float = 0.0
    button: bool = False
    host_stalls_ms: int = 0
    mcu_stalls_ms: int = 0
    intended: dict[int, PlannedPulse] = field(default_factory=dict)
    openings: defaultdict[int, list[Opening]] = field(default_factory=lambda: defaultdict(list))
    resets: list[int] = field(default_factory=list)
    crashes: list[int] = field(default_factory=list)
    make_host: Callable[[House, Path, int], Host] = Host

    def __post_init__(self) -> None:
        self.boot_id = 0xB0B0_0001
        self.core = Core(CORE_CONFIG, self.boot_id)
        self.cable = Cable(self, self.seed)
        self.lives = 0
        self.host = self._born()

    @property
    def now(self) -> float:
        return self.now_us * 1e-6

    @property
    def ledger_path(self) -> Path:
        return self.folder / "ledger.sqlite"

    def run(self, ms: int) -> None:
        """Let time pass for both sides."""
        for _ in range(ms):
            self.now_us += 1000
            self.ticks += TICKS_PER_MS
            if self.mcu_stalls_ms > 0:
                self.mcu_stalls_ms -= 1
            else:
                self._mcu_turn()
            if self.host_stalls_ms > 0:
                self.host_stalls_ms -= 1
            elif self.now_us // 1000 % POLL_MS == 0:
                self.host.step()

    def wait_armed(self) -> None:
        """Let time pass until pulses are accepted, for a second at most."""
        for _ in range(100):
            age = self.host.cart.telemetry_age(self.now)
            # What was told before a new session is still shown for a moment.
            if self.host.cart.armed and age is not None and age < 0.02:
                return
            self.run(10)

    def crash_host(self) -> None:
        """Kill the control process, as by signal 9, and start another on the same ledger."""
        self.crashes.append(self.now_us)
        # Only the file's handle is let go: the line it adds, when the session ended, decides nothing.
        self.host.ledger.close(VirtualClock(self).wall().timestamp())
        self.host_stalls_ms = 0
        self.host = self._born()

    def reset_mcu(self) -> None:
        """Restart the MCU: its pins go low, its memory is gone, the next boot id differs."""
        self._observe()
        self.resets.append(self.now_us)
        self.boot_id += 1
        self.core = Core(CORE_CONFIG, self.boot_id)
        self.mcu_stalls_ms = 0

    def say_again(self, index: int) -> None:
        """Let the MCU hear a frame of any earlier session once more; a HELLO only of the present one."""
        frame = self.cable.said[index % len(self.cable.said)] if self.cable.said else b""
        if frame and type_of(frame) != MessageType.HELLO:
            self.core.receive(frame, self.now_us)
            self._observe()

    def heal(self) -> None:
        """Mend everything, so that whatever can still be known comes to be known."""
        self.cable.out = False
        for faults in self.cable.faults.values():
            faults.clear()
        self.button, self.host_stalls_ms, self.mcu_stalls_ms = False, 0, 0

    def _born(self) -> Host:
        self.lives += 1
        return self.make_host(self, self.ledger_path, self.seed * 1000 + self.lives)

    def _mcu_turn(self) -> None:
        for frame in self.cable.arrived(TO_MCU):
            self.core.receive(frame, self.now_us)
        self.core.step(self.now_us, int(self.ticks), PRESSURE_KPA, estop_pressed=self.button)
        self.cable.put(TO_HOST, self.core.take_output())
        self._observe()

    def _observe(self) -> None:
        for edge in self.core.edges():
            if edge.open:
                self.openings[edge.nozzle + 1].append(
                    Opening(self.now_us, self.boot_id, signed(int(self.ticks)))
                )


def place_of(flower: int) -> Place:
    """Return the place of a flower; they stand too far apart to be taken for one another."""
    return 0.1 * flower, 1.6, 0.43


def signed(ticks: int) -> int:
    """Return encoder ticks as the int32 of the wire."""
    return (ticks + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000


def type_of(frame: bytes) -> int:
    """Return the type byte of a whole frame."""
    return int(cobs.cobs.decode(frame[:-1])[1])
