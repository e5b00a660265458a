"""The robot's hardware in simulated time: the C core and the plant, one millisecond a step.

As long as no valve and no fault changes anything, the milliseconds run in C, one after another all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firmware_bridge.core import Core
from sim.native._native import ffi
from sim.plant import Plant

STEP_US = 1000
WRAP = 1 << 32


class Rig:
    """Core and plant together; `advance(t)` runs both up to second `t`. Cost: linear in simulated time."""

    def __init__(self, core: Core, plant: Plant) -> None:
        self._core = core
        self._board = _board(core)
        self.plant = plant
        self.witness: Callable[[int, bool, int], None] | None = None
        """Is told of each edge of the pins: nozzle, open, simulated microsecond."""
        self._now_us = round(plant.now * 1e6)

    @property
    def core(self) -> Core:
        """The controller; `replace` puts another one there."""
        return self._core

    @property
    def now_us(self) -> int:
        """Simulated microseconds so far, unwrapped."""
        return self._now_us

    def replace(self, core: Core) -> None:
        """Restart the board as `core`: its pins are closed, its counter begins at zero."""
        for nozzle in range(self.core.valves.bit_length()):
            if self.core.valves >> nozzle & 1:
                self._edge(nozzle, False, self._now_us)
        self._core = core
        self._board = _board(core)
        self.plant.zero_counter()

    def advance(self, t: float) -> None:
        """Run to second `t` in whole milliseconds."""
        target_us = round(t * 1e6)
        while self._now_us + STEP_US <= target_us:
            still = self.plant.still_until(t, self.core.valves)
            if still is None:
                self._step()
            else:
                steps = (target_us - self._now_us) // STEP_US
                self._now_us += STEP_US * self.plant.glide(self._board, still, self._now_us, steps)
            self._tell_edges()

    def _step(self) -> None:
        self._now_us += STEP_US
        core, plant = self.core, self.plant
        plant.step(self._now_us * 1e-6, core.motor_velocity_mm_s, core.valves, core.compressor_on)
        ticks, pressure_kpa, age_s, battery_mv, button, bumper, row_end = plant.sensors()
        core.step(
            self._now_us % WRAP,
            ticks,
            pressure_kpa,
            battery_mv,
            estop_pressed=button,
            bumper=bumper,
            end_switch=row_end,
            pressure_age_us=round(age_s * 1e6) if age_s else 0,
        )

    def _tell_edges(self) -> None:
        for edge in self.core.edges():
            # The core's clock is ours, wrapped: the edge lies in the recent past.
            ago_us = (self._now_us - edge.at_us) % WRAP
            self._edge(edge.nozzle, edge.open, self._now_us - ago_us)

    def _edge(self, nozzle: int, is_open: bool, at_us: int) -> None:
        self.plant.edge(nozzle, is_open, at_us * 1e-6)
        if self.witness is not None:
            self.witness(nozzle, is_open, at_us)


def _board(core: Core) -> Any:
    """Return a core as C sees it."""
    board, *functions = core.addresses()
    return ffi.new("native_board *", [ffi.cast("void *", board), *functions])


class LoopbackTransport:
    """A serial cable without time of its own: bytes reach the core at the rig's present millisecond."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def read(self) -> bytes:
        """Return what the core has sent."""
        return self._rig.core.take_output()

    def write(self, data: bytes) -> None:
        """Hand bytes to the core."""
        self._rig.core.receive(data, self._rig.now_us % WRAP)

    def close(self) -> None:
        """Nothing to release."""
