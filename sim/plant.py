"""The machine around the microcontroller: cart, air and jets, moved by what its outputs say."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from robot.aim import NozzleBank
from sim.air import AirSupply
from sim.airjet import FlowerField, JetLog
from sim.coil import Coils
from sim.faults import FaultScript
from sim.native._native import ffi, lib
from sim.scenario import ScenarioConfig
from sim.valve_flow import ValveFlow
from sim.vehicle import Vehicle
from vision.types import Side

KEEP_PLACES = 4096
MOST_GLIDE = 100
"""Milliseconds that `glide` does at most."""
STUCK_SLICE_S = 0.04
"""A valve that hangs open counts as one opening after another, each this long."""
BATTERY_MV = 25_200
"""A full 24 V lead battery under light load (assumed); it does not drain in a row."""


class Sensors(NamedTuple):
    """What the controller's pins show; the age counts since the gauge was sampled."""

    encoder_ticks: int
    pressure_kpa: int
    pressure_age_s: float
    battery_mv: int
    button: bool
    bumper: bool
    end_switch: bool
    """Its contact to ground is open."""


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
        self._flow = ValveFlow(scenario.jets, seed, start_t)
        self.jets = JetLog(scenario.jets, flowers, self.mouth, openings_per_train, seed)
        self.jets.strength = lambda: self.air.strength(scenario.jets.pressure_exponent)
        self.coils = Coils(scenario.coils)
        self.battery_mv = BATTERY_MV
        self.estop_pressed = False
        self.bumper_pressed = False
        self.person_until = -math.inf
        self.next_closing_sticks = False
        self.next_opening_shorts = False
        self.camera_faults: dict[str, tuple[float, float]] = {}
        self.row_length_m = scenario.world.row_length_m
        self.end_switch_stays: bool | None = None
        """What the row-end switch says wherever the cart is, once it is broken."""
        self._end_cam_m = scenario.vehicle.end_cam_m
        self.frozen_kpa: int | None = None
        self.frozen_ticks: int | None = None
        self.gauge_lost_t: float | None = None
        self.now = start_t
        self._script = FaultScript(scenario.faults, start_t)
        self._stuck: dict[int, float] = {}
        self._shorted: int | None = None
        self._ticks_at_reset = 0
        self._mouths = _mouths(scenario.misfit.banks(banks))
        self._opened_at: dict[int, float] = {}
        self._still: Any = ffi.new("native_still *")
        self._glided: tuple[Any, Any] = (ffi.new("double[]", MOST_GLIDE), ffi.new("double[]", MOST_GLIDE))
        self._places: tuple[list[float], list[float]] = ([start_t], [self.vehicle.mast_s])

    def step(self, t: float, motor_mm_s: int, valves: int, compressor_on: bool) -> None:
        """Move on to `t` under the controller's outputs; bit n of `valves`: nozzle n is to blow.

        The compressor's relay feeds the valves too.
        """
        dt = t - self.now
        self.vehicle.step(motor_mm_s * 1e-3, dt)
        blowing = valves
        for nozzle in self._stuck:
            blowing |= 1 << nozzle
        self._flow.follow(blowing, self.now)
        self.air.step(self._flow.take(t), dt, compressor_on)
        self.now = t
        if self._stuck:
            self._blow_on(t)
        if self._shorted is not None and not compressor_on:
            self._release(self._shorted, t)
        if t >= self._script.next_t:
            self._strike(t)
        self._keep_places((t,), (self.vehicle.mast_s,))

    def still_until(self, t: float, valves: int) -> Any | None:
        """Return what does not change up to `t` as long as the valves do not; None when `step` is needed."""
        blowing = self._flow.still(valves)
        broken = self._stuck or self._shorted is not None or self.frozen_kpa is not None
        broken = broken or self.frozen_ticks is not None or self.gauge_lost_t is not None
        broken = broken or self.end_switch_stays is not None
        changes = self._script.next_t <= t or self.now <= self.person_until
        if blowing is None or broken or changes or not self.vehicle.plain:
            return None
        still = self._still
        still.blowing, still.ticks_at_reset, still.battery_mv = blowing, self._ticks_at_reset, self.battery_mv
        still.button, still.bumper = self.estop_pressed, self.bumper_pressed
        still.ends_below, still.ends_from = self._row_ends
        return still

    def glide(self, board: Any, still: Any, now_us: int, steps: int) -> int:
        """Move on with the controller `board` by up to `steps` ms, until a valve is switched; returns by how many.

        `still` is what `still_until` returned for that time.
        """
        steps = min(steps, MOST_GLIDE)
        vehicle, (times, places) = self.vehicle, self._glided
        vehicle.draw(2 * steps)
        done: int = lib.native_glide(
            vehicle.state, self.air.state, board, still, self.now, now_us, steps, times, places
        )
        self.now = times[done - 1]
        self._flow.skip(self.now)
        self._keep_places(ffi.unpack(times, done), ffi.unpack(places, done))
        return done

    def edge(self, nozzle: int, is_open: bool, t: float) -> None:
        """Take one commanded valve edge."""
        if nozzle == self._shorted:
            return
        self.coils.switch(nozzle, is_open, t)
        if nozzle in self._stuck:
            return
        if is_open:
            self._opened_at[nozzle] = t
            if self.next_opening_shorts:
                self.next_opening_shorts = False
                self._shorted = nozzle
                self._stuck[nozzle] = self._opened_at.pop(nozzle)
        elif nozzle in self._opened_at:
            self.jets.opened(nozzle, self._opened_at.pop(nozzle), t)
            if self.next_closing_sticks:
                self.next_closing_sticks = False
                self._stuck[nozzle] = t

    def sensors(self) -> Sensors:
        """Read the pins now."""
        ticks = self.vehicle.encoder_ticks() if self.frozen_ticks is None else self.frozen_ticks
        ticks -= self._ticks_at_reset
        kpa, age_s = self.gauge()
        pins = self.estop_pressed, self._bumped, self._at_row_end
        return Sensors(ticks, kpa, age_s, self.battery_mv, *pins)

    def gauge(self) -> tuple[int, float]:
        """Return what the pressure sensor says (kPa), and how long ago it was read (s)."""
        kpa = round(self.air.pressure_kpa) if self.frozen_kpa is None else self.frozen_kpa
        return kpa, 0.0 if self.gauge_lost_t is None else self.now - self.gauge_lost_t

    @property
    def pressed(self) -> bool:
        """True while the e-stop button is pressed, or the bumper or scanner sees someone."""
        return self.estop_pressed or self._bumped

    @property
    def _bumped(self) -> bool:
        return self.bumper_pressed or self.now < self.person_until

    @property
    def _row_ends(self) -> tuple[float, float]:
        return -self._end_cam_m, self.row_length_m + self._end_cam_m

    @property
    def _at_row_end(self) -> bool:
        """Whether a cam works the switch: there is one at either end of the row."""
        s, (below, beyond) = self.vehicle.state.s, self._row_ends
        worked = s >= beyond or s <= below
        return worked if self.end_switch_stays is None else self.end_switch_stays

    def zero_counter(self) -> None:
        """Let the controller's encoder counter begin at zero, as after its restart."""
        self._ticks_at_reset = self.vehicle.encoder_ticks()

    def _strike(self, t: float) -> None:
        for kind in self._script.due(t):
            if kind.strike is not None:
                kind.strike(self)

    def _release(self, nozzle: int, t: float) -> None:
        """Without its supply a shorted coil lets go."""
        self._shorted = None
        del self._stuck[nozzle]
        self.coils.switch(nozzle, False, t)

    def _blow_on(self, t: float) -> None:
        """A stuck valve blows on whatever passes, as long as there is air."""
        for nozzle, since in self._stuck.items():
            if t - since >= STUCK_SLICE_S and self.air.pressure_kpa > 0.0:
                self.jets.opened(nozzle, since, t)
                self._stuck[nozzle] = t

    def _keep_places(self, at: Sequence[float], mast_s: Sequence[float]) -> None:
        times, places = self._places
        times.extend(at)
        places.extend(mast_s)
        if len(times) > 2 * KEEP_PLACES:
            # Replaced as one, so that a reader in another thread never sees two lists of different length.
            self._places = (times[KEEP_PLACES:], places[KEEP_PLACES:])

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
        for nozzle in bank.numbers
    }
