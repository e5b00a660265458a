"""Doubles of this package's tests: a clock that is set, and a cart with valves that does as it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.bridge import PulseCommand
from firmware_bridge.events import Event, LinkDown, LinkUp, PulseOutcome, PulseReceipt, Telemetry
from firmware_bridge.status import LinkQuality
from robot.config import DEMO_MACHINE, load_config
from robot.ledger import Ledger
from robot.loop import ControlLoop, LoopParts
from robot.mission.build_mission import build_mission, house_of
from robot.mission.desk import InlineDesk
from robot.mission.mission import Mission
from robot.settings import RobotConfig
from robot.sight import SideParts
from robot.types import Command, CommandName, LoopView, StepRecord
from tests.robot.reports import REPORT
from vision.calibration import CameraModel
from vision.flower_map import FlowerMap
from vision.types import Detections, Frame, Side

MCU_TELEMETRY_S = 0.02
START_S = -0.2


@dataclass
class SetClock:
    """Time that only the test moves."""

    t: float = 100.0
    wall_start: datetime = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)

    def now(self) -> float:
        return self.t

    def wall(self) -> datetime:
        return self.wall_start + timedelta(seconds=self.t)

    def sleep_until(self, t: float) -> None:
        self.t = max(self.t, t)


@dataclass
class FakeCart:
    """A ValveLink with a cart behind it: rolls as told, opens at the trigger, answers everything."""

    clock: SetClock
    boot_id: int = 7
    ticks: float = 0.0
    speed: float = 0.0
    armed: bool = False
    latched: bool = False
    button: bool = False
    bumper: bool = False
    end_switch: bool = False
    pressure_kpa: int = 600
    connected: bool = True
    refuse_with: str = ""
    mute_pulses: bool = False
    calls: list[str] = field(default_factory=list)
    fired: list[PulseCommand] = field(default_factory=list)
    opened: list[tuple[PulseCommand, float]] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    queried: list[int] = field(default_factory=list)
    closed: bool = False
    _queue: list[PulseCommand] = field(default_factory=list)
    _events: list[Event] = field(default_factory=list)
    _moved_t: float = 0.0
    _told_t: float = 0.0

    def connect(self, now: float) -> None:
        self._moved_t = self._told_t = now
        self.link_comes(now)

    def link_comes(self, now: float) -> None:
        self.connected = True
        self._events.append(LinkUp(now, 99, self.boot_id, 0, "power_on", "0.1.0", 64, 10_000, 0))

    def link_goes(self, now: float) -> None:
        self.connected, self.armed, self.speed = False, False, 0.0
        self._queue.clear()
        self._events.append(LinkDown(now, "cable pulled"))

    def restart(self, now: float) -> None:
        self.boot_id += 1
        self.ticks, self.speed, self.armed, self.latched = 0.0, 0.0, False, False
        self._queue.clear()
        self.link_comes(now)

    def poll(self, now: float) -> Sequence[Event]:
        self._roll(now)
        if self.connected and now - self._told_t >= MCU_TELEMETRY_S - 1e-9:
            self._told_t = now
            self._events.append(self._telemetry(now))
        events, self._events = self._events, []
        return events

    def fire(self, pulses: Sequence[PulseCommand], now: float) -> None:
        for pulse in pulses:
            self.fired.append(pulse)
            if self.mute_pulses:
                continue
            accepted = self.armed and not self.refuse_with
            reason = "" if accepted else self.refuse_with or "not_armed"
            self._events.append(PulseReceipt(now, pulse.pulse_id, accepted, reason))
            if accepted:
                self._queue.append(pulse)

    def quality(self) -> LinkQuality | None:
        return LinkQuality(0.4, 2.1, 10, 20, 1, 2, 0, 1)

    def drive(self, velocity_mm_s: int, now: float) -> None:
        self.speed = velocity_mm_s / 1000.0 if self.armed and not self.latched else 0.0

    def stop(self, now: float) -> None:
        self.calls.append("stop")
        self.latched = True
        self._drop(now)

    def clear(self, now: float) -> None:
        self.calls.append("clear")
        self.latched = self.button

    def arm(self, now: float) -> None:
        self.calls.append("arm")
        self.armed = not self.latched

    def disarm(self, now: float) -> None:
        self.calls.append("disarm")
        self._drop(now)

    def acknowledge(self, pulse_id: int, now: float) -> None:
        self.acknowledged.append(pulse_id)

    def query(self, pulse_id: int, now: float) -> None:
        self.queried.append(pulse_id)

    def close(self) -> None:
        self.closed = True

    def _drop(self, now: float) -> None:
        self.armed, self.speed = False, 0.0
        self._events += [PulseOutcome(now, p.pulse_id, "not_fired", "not_armed") for p in self._queue]
        self._queue.clear()

    def _roll(self, now: float) -> None:
        self.ticks += self.speed * (now - self._moved_t) * 10_000
        self._moved_t = now
        for pulse in [p for p in self._queue if self._is_due(p, now)]:
            self._queue.remove(pulse)
            self.opened.append((pulse, self.ticks))
            end = now + pulse.period_us * pulse.count * 1e-6
            at = round(self.ticks)
            self._events.append(PulseOutcome(now, pulse.pulse_id, "fired", "ok", now, end, at, pulse.count))

    def _is_due(self, pulse: PulseCommand, now: float) -> bool:
        if pulse.at is not None:
            return now >= pulse.at
        return (self.ticks - (pulse.trigger_ticks or 0)) * pulse.direction >= 0

    def _telemetry(self, now: float) -> Telemetry:
        return msgspec.structs.replace(
            REPORT,
            t=now,
            encoder_ticks=round(self.ticks),
            velocity_mm_s=round(self.speed * 1000),
            motor_mm_s=round(self.speed * 1000),
            pressure_kpa=self.pressure_kpa,
            pressure_ok=self.pressure_kpa >= 150,
            pressure_believed=self.pressure_kpa <= 1000,
            battery_mv=25_000,
            estop=self.latched,
            button=self.button,
            bumper=self.bumper,
            end_switch=self.end_switch,
            armed=self.armed,
            driving=self.speed != 0,
            queued=len(self._queue),
        )


@dataclass
class TruthEyes:
    """One side's camera and detector: sees its flowers exactly, one box each."""

    side: Side
    clock: SetClock
    cart: FakeCart
    camera: CameraModel
    start_s: float
    places: NDArray[np.float64]
    stages: NDArray[np.float64]
    working: bool = True
    problem_text: str | None = None
    _seq: int = 0
    _taken_t: float = float("-inf")

    @property
    def camera_id(self) -> str:
        return self.side

    def take(self) -> Frame | None:
        now = self.clock.now()
        if not self.working or now - self._taken_t < 1 / 15 - 1e-9:
            return None
        self._taken_t = now
        self._seq += 1
        return Frame(self.side, self._seq, now, np.zeros((4, 4, 3), np.uint8))

    def problem(self, frame: Frame) -> str | None:
        return self.problem_text

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        s = self.cart.ticks / 10_000 + self.start_s
        pixels = self.camera.project(self.places, s)
        inside = (pixels > 25).all(axis=1) & (pixels < [self.camera.width - 25, self.camera.height - 25]).all(
            axis=1
        )
        half = 0.0125 * self.camera.fx / (self.places[:, 2:3] - self.camera.d)
        boxes = np.hstack([pixels - half, pixels + half])[inside].astype(np.float32)
        stages = self.stages[inside].astype(np.float32)
        return Detections(boxes, stages, stages.max(axis=1, initial=0.0))


@dataclass
class Rig:
    """A whole robot of doubles around a real loop, map and ledger."""

    clock: SetClock
    cart: FakeCart
    eyes: dict[Side, TruthEyes]
    config: RobotConfig
    ledger: Ledger
    commands: list[Command] = field(default_factory=list)
    records: list[StepRecord] = field(default_factory=list)
    views: list[LoopView] = field(default_factory=list)
    problem: str = ""
    mission: Mission | None = None
    parts: LoopParts = field(init=False)
    loop: ControlLoop = field(init=False)

    def __post_init__(self) -> None:
        sides = {side: self._parts(eyes) for side, eyes in self.eyes.items()}
        self.parts = LoopParts(
            self.config, self.clock, self.cart, sides, self.ledger, self, self, self, mission=self.mission
        )
        self.loop = ControlLoop(self.parts)

    def _parts(self, eyes: TruthEyes) -> SideParts:
        return SideParts(eyes, eyes, eyes, eyes.camera, lambda: FlowerMap(eyes.camera, self.config.map))

    def take(self) -> list[Command]:
        commands, self.commands = self.commands, []
        return commands

    def record_step(self, record: StepRecord) -> None:
        self.records.append(record)

    def publish(self, view: LoopView) -> None:
        self.views.append(view)

    def close(self) -> None:
        pass

    def press(self, name: CommandName, value: float | None = None, text: str = "") -> None:
        self.commands.append(Command(name, value, text, "test"))

    def steps(self, seconds: float) -> None:
        end = self.clock.t + seconds
        while self.clock.t < end - 1e-9:
            self.loop.step()
            self.clock.t += 0.01

    def start(self) -> None:
        self.steps(0.2)
        self.press(CommandName.START)
        self.steps(0.2)


def mission_for(config: RobotConfig, ledger: Ledger, clock: SetClock) -> Mission | None:
    """Return the mission of a machine with a house; its planner answers at once."""
    house = house_of(config)
    if house is None:
        return None
    return build_mission(config, house, ledger, clock, InlineDesk(house, [config.ledger.path], clock))


OPEN, BUD, SPENT = (0.02, 0.95, 0.03), (0.95, 0.03, 0.02), (0.02, 0.03, 0.95)
Plant = tuple[tuple[float, float, float], tuple[float, float, float]]
"""A flower for the eyes: place (s, h, d) and stage probabilities."""

MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig() -> MakeRig:
    """Return a builder of robots whose left side holds the given flowers, in a row of 1.7 m."""

    def make(
        left: Sequence[Plant] = (),
        ledger: Ledger | None = None,
        cart: FakeCart | None = None,
        clock: SetClock | None = None,
        **overrides: object,
    ) -> Rig:
        changes = {key.replace("__", "."): value for key, value in overrides.items()}
        row = {"row.length": 1.7, "row.overrun": 0.2, "row.start_s": START_S}
        # With no grazing allowed, one bud beside a flower is enough to have it left alone.
        config = load_config(DEMO_MACHINE, {**row, "shot.bud_share": 0.0, **changes})
        clock = clock or SetClock()
        cart = cart or FakeCart(clock)
        eyes: dict[Side, TruthEyes] = {}
        for settings in config.cameras:
            plants = left if settings.side == "left" else ()
            places = np.array([place for place, _ in plants], dtype=np.float64).reshape(-1, 3)
            stages = np.array([stage for _, stage in plants], dtype=np.float64).reshape(-1, 3)
            eyes[settings.side] = TruthEyes(
                settings.side, clock, cart, settings.model(), START_S, places, stages
            )
        ledger = ledger or Ledger(":memory:")
        return Rig(clock, cart, eyes, config, ledger, mission=mission_for(config, ledger, clock))

    return make
