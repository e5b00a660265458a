"""The machine around the microcontroller: cart, air and jets, moved by what its outputs say."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from robot.aim import NozzleBank
from sim.air import AirSupply
from sim.airjet import FlowerField, JetLog
from sim.scenario import ScenarioConfig
from sim.vehicle import Vehicle
from vision.types import Side

KEEP_PLACES = 4096
BATTERY_MV = 25_200
"""A full 24 V lead battery under light load (assumed); it does not drain in a row."""


class Plant:
    """True state of the machine in time `t` (s). One thread calls `step` and the edges; any may ask places."""

    def __init__(
        self,
        scenario: ScenarioConfig,
        banks: Mapping[Side, NozzleBank],
        flowers: dict[Side, FlowerField],
        openings_per_train: int,
        seed: int,
        start_t: float = 0.0,
    ) -> None:
        self.vehicle = Vehicle(scenario.vehicle, seed)
        self.air = AirSupply(scenario.air)
        self.jets = JetLog(scenario.jets, flowers, self.mouth, openings_per_train, seed)
        self.estop_pressed = False
        self.now = start_t
        self._mouths = _mouths(banks)
        self._opened_at: dict[int, float] = {}
        self._places: tuple[list[float], list[float]] = ([start_t], [self.vehicle.state.s])

    def step(self, t: float, motor_mm_s: int, open_nozzles: int) -> None:
        """Move on to `t` under the motor's command and with `open_nozzles` blowing."""
        dt = t - self.now
        self.vehicle.step(motor_mm_s * 1e-3, dt)
        self.air.step(open_nozzles, dt)
        self.now = t
        times, places = self._places
        times.append(t)
        places.append(self.vehicle.state.s)
        if len(times) > 2 * KEEP_PLACES:
            # Replaced as one, so that a reader in another thread never sees two lists of different length.
            self._places = (times[KEEP_PLACES:], places[KEEP_PLACES:])

    def edge(self, nozzle: int, is_open: bool, t: float) -> None:
        """Take one commanded valve edge."""
        if is_open:
            self._opened_at[nozzle] = t
        elif nozzle in self._opened_at:
            self.jets.opened(nozzle, self._opened_at.pop(nozzle), t)

    def place_at(self, t: float) -> float:
        """Return the cart's true s at a recent moment `t`; a little beyond the last step it is extrapolated."""
        times, places = self._places
        last = len(places) - 1
        i = min(max(bisect_right(times, t), 1), last)
        if i < 1:
            return places[0]
        t0, t1 = times[i - 1], times[i]
        share = min(1.5, (t - t0) / (t1 - t0)) if t1 > t0 else 0.0
        return places[i - 1] + share * (places[i] - places[i - 1])

    def mouth(self, nozzle: int, t: float) -> tuple[Side, float, float, float]:
        """Return the side and true place (s, h, d) of a nozzle's mouth at `t`."""
        side, offset, h, d = self._mouths[nozzle]
        return side, self.place_at(t) + offset, h, d


def _mouths(banks: Mapping[Side, NozzleBank]) -> dict[int, tuple[Side, float, float, float]]:
    return {
        nozzle: (side, bank.s_offset, bank.height(nozzle), bank.d_mouth)
        for side, bank in banks.items()
        for nozzle in range(bank.first_nozzle, bank.first_nozzle + bank.count)
    }
