"""The last look at planned pulses before they are sent, in words for people.

The firmware enforces the same limits again, against this program.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from robot.types import PlannedPulse, PulseRefusal, Reason
from vision.types import Pose


class SafetyConfig(BaseModel):
    """Limits of the host; keep them within those of the valve controller."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_on_us: int = Field(50_000, ge=1_000, le=100_000, description="longest single opening (assumed)")
    max_train_us: int = Field(1_000_000, ge=1_000, le=5_000_000, description="longest train (assumed)")
    max_openings: int = Field(24, ge=1, le=100, description="most openings in a train (assumed)")
    min_period_us: int = Field(20_000, ge=2_000, le=1_000_000, description="opening to opening (assumed)")
    min_pressure_kpa: float = Field(250.0, ge=0, le=2_000, description="below this no pulse works (assumed)")
    max_pressure_kpa: float = Field(
        1_000.0, gt=0, le=10_000, description="above this no sensor is right (assumed)"
    )
    max_telemetry_age_s: float = Field(
        0.3, gt=0, le=5, description="an older state is not believed, s (assumed)"
    )
    max_position_std: float = Field(
        0.01, gt=0, le=1, description="std of the cart's place for firing, m (assumed)"
    )
    max_ahead: float = Field(1.0, gt=0, le=3, description="farthest trigger ahead of the cart, m (assumed)")
    max_pulses_per_s: float = Field(
        12.0, gt=0, le=200, description="mean rate over the window (demand is 1-4.5/s)"
    )
    rate_window_s: float = Field(4.0, gt=0, le=60, description="window of that rate, s (assumed)")
    row_margin: float = Field(
        0.05, ge=0, le=2, description="aim may lie this far outside the row, m (assumed)"
    )


class SafetyState(msgspec.Struct, frozen=True):
    """What is known of the machine when a pulse is to be sent.

    `hold` says why the robot holds its fire, or is empty. `sent_times` are the sending times of pulses,
    oldest first; only those inside the rate window matter.
    """

    now: float
    running: bool
    hold: str
    link_up: bool
    armed: bool
    estop: bool
    pressure_kpa: float | None
    telemetry_age_s: float
    pose: Pose | None
    position_known: bool
    origin_s: float
    ticks_per_m: int
    row_length: float
    nozzles: frozenset[int]
    sent_times: Sequence[float]


Verdict = tuple[Reason, str]


def review(
    pulses: Sequence[PlannedPulse], state: SafetyState, config: SafetyConfig
) -> tuple[tuple[PlannedPulse, ...], tuple[PulseRefusal, ...]]:
    """Return the pulses that may be sent, and the others with the reason and a sentence."""
    allowed: list[PlannedPulse] = []
    refusals: list[PulseRefusal] = []
    if not pulses:
        return (), ()
    machine = _machine_verdict(state, config)
    recent = sum(state.now - t < config.rate_window_s for t in state.sent_times)
    for pulse in pulses:
        verdict = machine or _pulse_verdict(pulse, state, config)
        if verdict is None and recent + len(allowed) + 1 > config.max_pulses_per_s * config.rate_window_s:
            verdict = (
                Reason.OVER_AIR_BUDGET,
                f"more than {config.max_pulses_per_s:g} pulses/s over {config.rate_window_s:g} s",
            )
        if verdict is None:
            allowed.append(pulse)
        else:
            refusals.append(PulseRefusal(pulse, *verdict))
    return tuple(allowed), tuple(refusals)


def standing_verdict(state: SafetyState, config: SafetyConfig) -> Verdict | None:
    """Return why no valve may be tested on a cart that stands, or None; where it stands does not matter."""
    if state.estop:
        return _ESTOP
    return _contact_verdict(state, config) or _pressure_verdict(state, config)


def train_verdict(pulse: PlannedPulse, state: SafetyState, config: SafetyConfig) -> Verdict | None:
    """Return why a train is beyond the caps, or None."""
    over = _over_cap(pulse, state, config)
    return None if over is None else (Reason.OVER_CAP, over)


_ESTOP: Verdict = (Reason.ESTOP, "the emergency stop is pressed or latched")


def _machine_verdict(state: SafetyState, config: SafetyConfig) -> Verdict | None:
    """Return why no pulse at all may be sent, or None."""
    if state.estop:
        return _ESTOP
    if not state.running:
        return Reason.STOPPED, "the robot is not running"
    contact = _contact_verdict(state, config)
    if contact is not None:
        return contact
    if not state.armed:
        return Reason.NOT_ARMED, "the valve controller is not armed"
    if state.hold:
        return Reason.STOPPED, f"holding fire: {state.hold}"
    return _pressure_verdict(state, config) or _position_verdict(state, config)


def _contact_verdict(state: SafetyState, config: SafetyConfig) -> Verdict | None:
    if not state.link_up:
        return Reason.LINK_DOWN, "no contact with the valve controller"
    if not state.telemetry_age_s <= config.max_telemetry_age_s:
        return Reason.LINK_DOWN, f"the controller's last report is {state.telemetry_age_s:.2f} s old"
    return None


def _pressure_verdict(state: SafetyState, config: SafetyConfig) -> Verdict | None:
    pressure = state.pressure_kpa
    if pressure is None or not 0 <= pressure <= config.max_pressure_kpa:
        return Reason.LOW_PRESSURE, f"the pressure reading {pressure} kPa cannot be believed"
    if pressure < config.min_pressure_kpa:
        return Reason.LOW_PRESSURE, f"{pressure:.0f} kPa, needs {config.min_pressure_kpa:.0f}"
    return None


def _position_verdict(state: SafetyState, config: SafetyConfig) -> Verdict | None:
    pose = state.pose
    if not state.position_known or pose is None or not (isfinite(pose.s) and isfinite(state.origin_s)):
        return Reason.POSITION_UNSURE, "the cart does not know where it stands"
    if not pose.s_std <= config.max_position_std:
        return Reason.POSITION_UNSURE, f"the cart's place is unsure by {pose.s_std * 1000:.0f} mm"
    return None


def _pulse_verdict(pulse: PlannedPulse, state: SafetyState, config: SafetyConfig) -> Verdict | None:
    """Return why this pulse may not be sent by what it asks for, or None."""
    over = train_verdict(pulse, state, config)
    if over is not None:
        return over
    if not all(map(isfinite, pulse.aim)):
        return Reason.OUT_OF_REACH, "the aim is not a place"
    if not -config.row_margin <= pulse.aim[0] <= state.row_length + config.row_margin:
        return (
            Reason.OUTSIDE_ROW,
            f"the aim at {pulse.aim[0]:.2f} m lies outside the {state.row_length:g} m row",
        )
    if state.pose is None:
        return Reason.POSITION_UNSURE, "the cart does not know where it stands"
    to_go = (pulse.trigger_ticks / state.ticks_per_m + state.origin_s - state.pose.s) * pulse.direction
    if to_go < 0:
        return Reason.PASSED, f"the trigger lies {-to_go * 1000:.0f} mm behind the cart"
    return None


def _over_cap(pulse: PlannedPulse, state: SafetyState, config: SafetyConfig) -> str | None:
    train = pulse.train
    if pulse.nozzle not in state.nozzles:
        return f"nozzle {pulse.nozzle} does not exist"
    if pulse.direction not in {-1, 1}:
        return f"direction {pulse.direction} is neither 1 nor -1"
    if not 0 < train.on_us <= config.max_on_us:
        return f"an opening of {train.on_us} µs, the cap is {config.max_on_us}"
    if not 0 < train.count <= config.max_openings:
        return f"{train.count} openings, the cap is {config.max_openings}"
    if train.count > 1 and train.period_us < max(config.min_period_us, train.on_us + 1):
        return f"a period of {train.period_us} µs, the least is {max(config.min_period_us, train.on_us + 1)}"
    if train.duration_us > config.max_train_us:
        return f"a train of {train.duration_us} µs, the cap is {config.max_train_us}"
    if state.pose is None:
        return None
    to_go = abs(pulse.trigger_ticks / state.ticks_per_m + state.origin_s - state.pose.s)
    return (
        None
        if to_go <= config.max_ahead
        else f"a trigger {to_go:.2f} m away, the cap is {config.max_ahead:g} m"
    )
