"""What must hold in every lock-step run, whatever breaks: watched from outside, by pins, sensors and ledger."""

from __future__ import annotations

from robot.types import Mode
from sim.lockstep import LockstepRow
from sim.troubles import SimLedger
from sim.valve_audit import Opening, audit

SLACK_S = 0.03
"""Two steps of the loop: this observer looks once in a step."""
STOP_S = 0.6
"""From a stopping fault until the drive must be at zero: the ramp from the fastest speed, or the dead-man's."""
STILL_M_S = 0.005
SETTLED_S = 1.5
"""From a pressed button until the cart's own inertia is spent."""


class Invariants:
    """Looks on after each step; `problems` names each broken promise once."""

    def __init__(self, row: LockstepRow) -> None:
        self.problems: list[str] = []
        self._row = row
        self._limits = row.board_config
        self._openings: list[Opening] = []
        self._open: dict[int, int] = {}
        self._pressed_t: float | None = None
        self._stopped_t: float | None = None
        row.rig.witness = self._edge

    def look(self) -> None:
        """Judge what can be seen now."""
        row = self._row
        now, core = row.clock.now(), row.rig.core
        sensors_pressed = row.plant.pressed
        self._pressed_t = (self._pressed_t or now) if sensors_pressed else None
        stopped = not row.killed and row.loop.mode in {Mode.STOPPED, Mode.FAULT}
        self._stopped_t = (self._stopped_t or now) if stopped else None
        moving = core.motor_velocity_mm_s != 0
        if self._pressed_t is not None and now - self._pressed_t > SLACK_S:
            self._demand(not moving, "driven with the button or bumper pressed")
            self._demand(core.valves == 0, "a valve open with the button or bumper pressed")
            inert = now - self._pressed_t > SETTLED_S
            self._demand(not inert or abs(row.plant.vehicle.state.velocity) < STILL_M_S, "rolls after a stop")
        if self._stopped_t is not None and now - self._stopped_t > STOP_S:
            self._demand(not moving and core.valves == 0, "works in a mode that is stopped")
        silent_s = now - row.cable.heard_t
        deadman_s = 1e-3 * self._limits.heartbeat_ms + SLACK_S
        ramp_s = self._limits.max_velocity_mm_s / self._limits.ramp_mm_s2
        self._demand(core.valves == 0 or silent_s < deadman_s, "a valve open without a host")
        self._demand(not moving or silent_s < deadman_s + ramp_s, "driven without a host")

    def finish(self) -> None:
        """Settle the run as the next start would, then hold the ledger against the pins."""
        row = self._row
        path = row.config.ledger.path
        ledger = SimLedger(path)
        ledger.begin(row.config.row.name, row.clock.wall().timestamp())
        ledger.close(row.clock.wall().timestamp())
        for nozzle, at_us in self._open.items():
            self._openings.append(Opening(nozzle, 1e-6 * at_us, None, 0))
        cap_steps = self._limits.max_on_us // 1000
        found = audit(path, self._openings, cap_steps, row.config.dose.same_flower_m)
        for count, words in (
            (found.fired_twice, "pulses fired twice"),
            (found.unasked, "openings that no ledger line asks for"),
            (found.misreported, "outcomes that are not what the valve did"),
            (found.lost, "ledger lines without an end"),
            (found.shot_twice, "flowers shot again"),
            (found.past_cap, "openings past the cap"),
        ):
            self._demand(count == 0, f"{count} {words}: {'; '.join(found.problems[:2])}".rstrip(": "))

    def _edge(self, nozzle: int, is_open: bool, at_us: int) -> None:
        if is_open:
            self._open[nozzle] = at_us
            kpa, age_s = self._row.plant.gauge()
            self._demand(kpa >= self._limits.min_pressure_kpa, "a valve opened below the least pressure")
            self._demand(1e3 * age_s <= self._limits.pressure_age_ms, "a valve opened on an old reading")
        elif nozzle in self._open:
            since_us = self._open.pop(nozzle)
            opening = Opening(nozzle, 1e-6 * since_us, 1e-6 * at_us, (at_us - since_us) // 1000)
            self._openings.append(opening)

    def _demand(self, holds: bool, words: str) -> None:
        if not holds and words not in self.problems:
            self.problems.append(words)
