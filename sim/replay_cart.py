"""The robot's own loop behind pictures: a cart that only counts its way, a clock that only steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.bridge import PulseCommand
from firmware_bridge.events import Event, LinkUp, PulseOutcome, PulseReceipt, Telemetry
from robot.ledger import Ledger
from robot.loop import ControlLoop, LoopParts
from robot.settings import RobotConfig
from robot.sight import FlowerDetector
from robot.types import Command, CommandName, Mode
from sim.clock import SIM_EPOCH
from sim.replay import sides_of
from sim.replay_parts import HeldCommands, HeldFrame, LastStep, ReplayClock, SilentLink
from vision.types import Frame

Image = NDArray[np.uint8]

STEP_S = 0.02


class CountingCart(SilentLink):
    """A ValveLink of a cart that rolls at one speed as soon as it is armed; answers every pulse as fired."""

    def __init__(self, config: RobotConfig) -> None:
        self._config = config
        self._speed = config.drive.cruise_speed
        self._ticks_per_m = config.odometry.ticks_per_m
        self._armed_at: float | None = None
        self._met = False
        self._answers: list[Event] = []
        self._waiting: list[PulseCommand] = []
        self._openings = 0

    def travelled(self, now: float) -> float:
        """Return the metres rolled."""
        return 0.0 if self._armed_at is None else (now - self._armed_at) * self._speed

    def time_at(self, metres: float) -> float:
        """Return when it has rolled that far, once it rolls."""
        return (self._armed_at or 0.0) + metres / self._speed

    def arm(self, now: float) -> None:
        """Begin to roll."""
        if self._armed_at is None:
            self._armed_at = now

    def fire(self, pulses: Sequence[PulseCommand], now: float) -> None:
        """Take the pulses; each is over when the cart has passed its place."""
        self._answers += [PulseReceipt(now, pulse.pulse_id, True, "") for pulse in pulses]
        self._waiting += pulses

    def poll(self, now: float) -> Sequence[Event]:
        """Return the greeting, the answers and this moment's report."""
        ticks = round(self.travelled(now) * self._ticks_per_m)
        due = [pulse for pulse in self._waiting if _is_due(pulse, ticks)]
        self._waiting = [pulse for pulse in self._waiting if pulse not in due]
        answers, self._answers = self._answers, []
        greeting = () if self._met else (self._greeting(now),)
        self._met = True
        return (*greeting, *answers, *(self._fired(pulse, now) for pulse in due), self._report(now, ticks))

    def _greeting(self, now: float) -> LinkUp:
        return LinkUp(now, 1, 1, 0, "power_on", "none", 64, self._ticks_per_m, 0)

    def _fired(self, pulse: PulseCommand, now: float) -> PulseOutcome:
        self._openings += pulse.count
        until = now + 1e-6 * (pulse.period_us * (pulse.count - 1) + pulse.on_us)
        on_us = pulse.count * pulse.on_us
        return PulseOutcome(
            now, pulse.pulse_id, "fired", "ok", now, until, pulse.trigger_ticks, pulse.count, on_us
        )

    def _report(self, now: float, ticks: int) -> Telemetry:
        armed = self._armed_at is not None
        health = self._config.health
        return Telemetry(
            t=now,
            encoder_ticks=ticks,
            velocity_mm_s=round(1000 * self._speed) if armed else 0,
            motor_mm_s=round(1000 * self._speed) if armed else 0,
            pressure_kpa=round(health.pressure_back_kpa) + 100,
            pressure_ok=True,
            pressure_believed=True,
            battery_mv=round(1000 * health.battery_low_v) + 1000,
            estop=False,
            button=False,
            bumper=False,
            armed=armed,
            heartbeat_lost=False,
            driving=armed,
            valves=0,
            openings=self._openings,
            bad_frames=0,
            refused=0,
            deadman_trips=0,
            queued=len(self._waiting),
            unreported=0,
        )


def _is_due(pulse: PulseCommand, ticks: int) -> bool:
    return pulse.trigger_ticks is None or (pulse.trigger_ticks - ticks) * pulse.direction <= 0


class PictureRow:
    """The loop of one row; `show` rolls on to a place and shows a picture there."""

    def __init__(
        self, config: RobotConfig, detector: FlowerDetector, done: Callable[[ControlLoop, LastStep], None]
    ) -> None:
        """`done` is called after every step."""
        camera = config.cameras[0]
        self._done = done
        self._source = HeldFrame(camera.camera_id)
        self._cart, self._clock = CountingCart(config), ReplayClock(0.0, SIM_EPOCH)
        self._commands, self._seen = HeldCommands(), LastStep()
        self._steps = self._frames = 0
        self.loop = ControlLoop(
            LoopParts(
                config=config,
                clock=self._clock,
                link=self._cart,
                sides=sides_of(config, {camera.side: self._source}, {camera.side: detector}),
                ledger=Ledger(":memory:"),
                commands=self._commands,
                recorder=self._seen,
                telemetry=self._seen,
            )
        )
        while self.loop.mode is not Mode.READY:
            self._step()
        self._commands.commands = (Command(CommandName.START, by="replay"),)
        self._step()

    def show(self, image: Image, metres: float) -> None:
        """Roll to `metres` from the row's head, take the frame there."""
        self.roll_to(metres)
        self._frames += 1
        taken = max(self._cart.time_at(metres), 0.0)
        self._source.frame = Frame(self._source.camera_id, self._frames, taken, image)
        self._step()

    def roll_to(self, metres: float) -> None:
        """Step until the cart has rolled that far."""
        while self._cart.travelled(self._clock.t) < metres:
            self._step()

    def _step(self) -> None:
        self.loop.step()
        self._done(self.loop, self._seen)
        self._steps += 1
        self._clock.t = self._steps * STEP_S
