"""The robot's hardware in simulated time: C core, cart, air and jets, one millisecond a step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping

from firmware_bridge.core import Core
from robot.aim import NozzleBank
from sim.air import AirConfig, AirSupply
from sim.airjet import AirJetConfig, FlowerField, JetLog
from sim.vehicle import Vehicle, VehicleConfig
from vision.types import Side

STEP_US = 1000
KEEP_PLACES = 4096
BATTERY_MV = 25_200
"""A full 24 V lead battery under light load (assumed); it does not drain in a row."""


class Rig:
    """Core and plant together; `advance(t)` runs both up to second `t`. Cost: linear in simulated time."""

    def __init__(
        self,
        core: Core,
        vehicle: VehicleConfig,
        air: AirConfig,
        jets: AirJetConfig,
        banks: Mapping[Side, NozzleBank],
        flowers: dict[Side, FlowerField],
        seed: int,
    ) -> None:
        self.core = core
        self.vehicle = Vehicle(vehicle, seed)
        self.air = AirSupply(air)
        self.jets = JetLog(jets, flowers, self.mouth, seed)
        self.estop_pressed = False
        self.after_step: Callable[[float], None] = lambda t: None
        self._mouths = _mouths(banks)
        self._opened_at: dict[int, float] = {}
        self._now_us = 0
        self._times: list[float] = [0.0]
        self._places: list[float] = [self.vehicle.state.s]

    @property
    def now(self) -> float:
        """Simulated seconds so far."""
        return self._now_us * 1e-6

    @property
    def now_us(self) -> int:
        """Simulated microseconds so far, unwrapped."""
        return self._now_us

    def advance(self, t: float) -> None:
        """Run to second `t` in whole milliseconds."""
        target_us = round(t * 1e6)
        while self._now_us + STEP_US <= target_us:
            self._step()

    def place_at(self, t: float) -> float:
        """Return the cart's true s at a recent moment `t`."""
        i = min(max(bisect_right(self._times, t), 1), len(self._times) - 1)
        t0, t1 = self._times[i - 1], self._times[i]
        share = min(1.5, (t - t0) / (t1 - t0)) if t1 > t0 else 0.0
        return self._places[i - 1] + share * (self._places[i] - self._places[i - 1])

    def mouth(self, nozzle: int, t: float) -> tuple[Side, float, float, float]:
        """Return the side and true place (s, h, d) of a nozzle's mouth at `t`."""
        side, offset, h, d = self._mouths[nozzle]
        return side, self.place_at(t) + offset, h, d

    def _step(self) -> None:
        self._now_us += STEP_US
        core, vehicle = self.core, self.vehicle
        vehicle.step(core.motor_velocity_mm_s * 1e-3, STEP_US * 1e-6)
        self.air.step(core.valves.bit_count(), STEP_US * 1e-6)
        core.step(
            self._now_us & 0xFFFFFFFF,
            vehicle.encoder_ticks(),
            round(self.air.pressure_kpa),
            BATTERY_MV,
            estop_pressed=self.estop_pressed,
        )
        now = self.now
        self._times.append(now)
        self._places.append(vehicle.state.s)
        if len(self._times) > 2 * KEEP_PLACES:
            del self._times[:KEEP_PLACES], self._places[:KEEP_PLACES]
        self._follow_valves()
        self.after_step(now)

    def _follow_valves(self) -> None:
        for edge in self.core.edges():
            # The core's clock is ours, wrapped: the edge lies within this step.
            t = (self._now_us - ((self._now_us - edge.at_us) & 0xFFFFFFFF)) * 1e-6
            if edge.open:
                self._opened_at[edge.nozzle] = t
            else:
                self.jets.opened(edge.nozzle, self._opened_at.pop(edge.nozzle), t)


def _mouths(banks: Mapping[Side, NozzleBank]) -> dict[int, tuple[Side, float, float, float]]:
    return {
        nozzle: (side, bank.s_offset, bank.height(nozzle), bank.d_mouth)
        for side, bank in banks.items()
        for nozzle in range(bank.first_nozzle, bank.first_nozzle + bank.count)
    }


class LoopbackTransport:
    """A serial cable without time of its own: bytes reach the core at the rig's present millisecond."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def read(self) -> bytes:
        """Return what the core has sent."""
        return self._rig.core.take_output()

    def write(self, data: bytes) -> None:
        """Hand bytes to the core."""
        self._rig.core.receive(data, self._rig.now_us & 0xFFFFFFFF)

    def close(self) -> None:
        """Nothing to release."""
