"""Ages and readings to faults: what is missing, stale or out of range at this moment."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from robot.faults import Fault
from vision.types import Side

CAMERA_LOST: Mapping[Side, Fault] = {"left": Fault.CAMERA_LEFT_LOST, "right": Fault.CAMERA_RIGHT_LOST}
FRAMES_BAD: Mapping[Side, Fault] = {"left": Fault.FRAMES_LEFT_BAD, "right": Fault.FRAMES_RIGHT_BAD}


class HealthConfig(BaseModel):
    """How long a thing may be silent, and which readings are out of range."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start_grace_s: float = Field(
        5.0, ge=0, le=120, description="s after start in which silence is no fault (assumed)"
    )
    link_timeout_s: float = Field(
        0.5, gt=0, le=10, description="s without telemetry (assumed; it comes at 50 Hz)"
    )
    camera_timeout_s: float = Field(1.0, gt=0, le=60, description="s without a frame (assumed)")
    bad_frames_s: float = Field(2.0, gt=0, le=60, description="s without a usable frame (assumed)")
    pressure_low_kpa: float = Field(300.0, ge=0, le=2_000, description="hold below this (assumed)")
    pressure_back_kpa: float = Field(350.0, ge=0, le=2_000, description="go on above this (assumed)")
    battery_low_v: float = Field(
        22.0, ge=0, le=100, description="warn below this, V; 0 for never (assumed, 24 V)"
    )
    stall_s: float = Field(
        2.0, gt=0, le=60, description="s of drive without movement, holds between left out (assumed)"
    )
    stall_speed: float = Field(0.01, gt=0, le=1, description="m/s that counts as standing still (assumed)")
    arm_timeout_s: float = Field(2.0, gt=0, le=60, description="s of asking to arm in vain (assumed)")
    glitches: int = Field(
        5, ge=1, le=1000, description="impossible encoder readings in 10 s that warn (assumed)"
    )
    step_s: float = Field(
        0.2, gt=0, le=10, description="s a step may take; the controller's dead-man acts after 0.25 (derived)"
    )
    late_steps: int = Field(3, ge=1, le=1000, description="longer steps in 10 s that warn (assumed)")
    unanswered: int = Field(
        3, ge=1, le=1000, description="pulses without an answer in 10 s that warn (assumed)"
    )


class SideHealth(msgspec.Struct, frozen=True):
    """The last frame, the last usable frame and what is wrong with the frames since, if anything."""

    last_frame_t: float | None
    last_good_t: float | None
    problem: str | None
    spinning: bool = False
    """The encoder counts, the picture stands still."""
    dirty: str = ""
    """Where the lens is dirty, or nothing."""
    shifted: str = ""
    """How the pictures differ from those of training, or nothing."""


class HealthInputs(msgspec.Struct, frozen=True):
    """What is looked at; ages in s, None where there has been nothing yet."""

    now: float
    started: float
    link_up: bool
    link_text: str
    protocol_mismatch: bool
    machine_mismatch: str
    telemetry_age_s: float | None
    encoder_age_s: float | None
    position_known: bool
    pressure_kpa: float | None
    pressure_believed: bool
    leak: bool
    compressor_weak: str
    battery_v: float | None
    bumper: bool
    wants_speed: float
    velocity: float
    arm_asked_since: float | None
    glitches: int
    unanswered: int
    over_duty: int
    deadman_trips: int
    late_steps: int
    ledger_problem: str
    sides: Mapping[Side, SideHealth]
    recording_problem: str = ""


class Health:
    """Turns inputs into faults; remembers only what hysteresis and the stall timer need."""

    def __init__(self, config: HealthConfig) -> None:
        self._config = config
        self._pressure_low = False
        self._pushed_s = 0.0
        self._pushing_t: float | None = None

    def check(self, inputs: HealthInputs) -> dict[Fault, str]:
        """Return the faults present now, with a detail for people ('' when the fault says it all)."""
        found: dict[Fault, str] = {}
        self._check_link(inputs, found)
        self._check_controller(inputs, found)
        self._check_cart(inputs, found)
        self._check_cameras(inputs, found)
        if inputs.unanswered >= self._config.unanswered:
            found[Fault.PULSES_UNANSWERED] = f"{inputs.unanswered} in 10 s"
        if inputs.over_duty:
            found[Fault.NOZZLE_DUTY] = f"{inputs.over_duty} in 10 s"
        if inputs.late_steps >= self._config.late_steps:
            found[Fault.LOOP_LATE] = f"{inputs.late_steps} steps in 10 s took over {self._config.step_s:g} s"
        if inputs.deadman_trips:
            found[Fault.DEAD_MAN] = f"{inputs.deadman_trips} in 10 s"
        if inputs.ledger_problem:
            found[Fault.LEDGER_FAILED] = inputs.ledger_problem
        if inputs.recording_problem:
            found[Fault.RECORDING_FAILED] = inputs.recording_problem
        return found

    def _check_link(self, inputs: HealthInputs, found: dict[Fault, str]) -> None:
        if inputs.protocol_mismatch:
            found[Fault.PROTOCOL_MISMATCH] = inputs.link_text
        if inputs.machine_mismatch:
            found[Fault.MACHINE_MISMATCH] = inputs.machine_mismatch
        silent = inputs.telemetry_age_s is None or inputs.telemetry_age_s > self._config.link_timeout_s
        if not self._in_grace(inputs) and (not inputs.link_up or silent):
            found[Fault.LINK_DOWN] = inputs.link_text if not inputs.link_up else "no telemetry"

    def _check_controller(self, inputs: HealthInputs, found: dict[Fault, str]) -> None:
        config = self._config
        if inputs.bumper:
            found[Fault.BUMPER] = ""
        if inputs.telemetry_age_s is None or Fault.LINK_DOWN in found:
            return
        if inputs.arm_asked_since is not None and inputs.now - inputs.arm_asked_since > config.arm_timeout_s:
            found[Fault.NOT_ARMED] = ""
        if inputs.leak:
            found[Fault.AIR_LEAK] = ""
        if inputs.compressor_weak:
            found[Fault.COMPRESSOR_WEAK] = inputs.compressor_weak
        self._check_pressure(inputs, found)
        if inputs.battery_v is not None and 0 < inputs.battery_v < config.battery_low_v:
            found[Fault.BATTERY_LOW] = f"{inputs.battery_v:.1f} V"

    def _check_pressure(self, inputs: HealthInputs, found: dict[Fault, str]) -> None:
        config, pressure = self._config, inputs.pressure_kpa
        if pressure is None or not inputs.pressure_believed:
            found[Fault.PRESSURE_SENSOR] = "" if pressure is None else f"{pressure:.0f} kPa"
        else:
            limit = config.pressure_back_kpa if self._pressure_low else config.pressure_low_kpa
            self._pressure_low = pressure < limit
            if self._pressure_low:
                found[Fault.PRESSURE_LOW] = f"{pressure:.0f} kPa, needs {limit:.0f}"

    def _check_cart(self, inputs: HealthInputs, found: dict[Fault, str]) -> None:
        config = self._config
        if Fault.LINK_DOWN not in found and inputs.telemetry_age_s is not None:
            if inputs.encoder_age_s is None or inputs.encoder_age_s > config.link_timeout_s:
                found[Fault.ENCODER_SILENT] = ""
            if not inputs.position_known:
                found[Fault.POSITION_UNSURE] = ""
        if inputs.glitches >= config.glitches:
            found[Fault.ENCODER_GLITCH] = f"{inputs.glitches} times in 10 s"
        if self._stalls(inputs, Fault.LINK_DOWN in found):
            found[Fault.NOT_MOVING] = ""

    def _stalls(self, inputs: HealthInputs, blind: bool) -> bool:
        """Tell whether the drive has pushed in vain for long enough, in one piece or between short holds."""
        config, pushing_t = self._config, self._pushing_t
        pushes = abs(inputs.wants_speed) > config.stall_speed
        self._pushing_t = inputs.now if pushes else None
        if blind or abs(inputs.velocity) > config.stall_speed:
            self._pushed_s = 0.0
        elif pushes and pushing_t is not None:
            self._pushed_s += inputs.now - pushing_t
        elif not pushes and self._pushed_s > config.stall_s:
            self._pushed_s = 0.0
        return pushes and self._pushed_s > config.stall_s

    def _check_cameras(self, inputs: HealthInputs, found: dict[Fault, str]) -> None:
        for side, health in inputs.sides.items():
            last = health.last_frame_t if health.last_frame_t is not None else inputs.started
            patience = self._config.camera_timeout_s if health.last_frame_t is not None else 0.0
            if not self._in_grace(inputs) and inputs.now - last > patience:
                found[CAMERA_LOST[side]] = f"for {inputs.now - last:.0f} s"
                continue
            if health.spinning:
                found[Fault.WHEELS_SPIN] = f"seen by the {side} camera"
            good = health.last_good_t if health.last_good_t is not None else inputs.started
            if health.problem is not None and inputs.now - good > self._config.bad_frames_s:
                found[FRAMES_BAD[side]] = health.problem
        for fault, texts in (
            (Fault.LENS_DIRTY, {side: health.dirty for side, health in inputs.sides.items()}),
            (Fault.DOMAIN_SHIFT, {side: health.shifted for side, health in inputs.sides.items()}),
        ):
            told = [f"{side}: {text}" for side, text in texts.items() if text]
            if told:
                found[fault] = "; ".join(told)

    def _in_grace(self, inputs: HealthInputs) -> bool:
        return inputs.now - inputs.started < self._config.start_grace_s
