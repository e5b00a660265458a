"""What the bridge tells the control loop. Times are host seconds; MCU times went through the clock sync."""

from __future__ import annotations

import msgspec


class LinkUp(msgspec.Struct, frozen=True):
    """A session began: every valve was closed, the queue dropped, the MCU disarmed.

    `problem` says why the MCU must not be armed, for people; empty when it may.
    """

    t: float
    session: int
    boot_id: int
    last_pulse_id: int
    reset_cause: str
    firmware_version: str
    nozzles: int
    ticks_per_m: int
    config_crc: int
    protocol_mismatch: bool = False
    config_mismatch: bool = False
    problem: str = ""


class LinkDown(msgspec.Struct, frozen=True):
    """The session ended; the bridge reconnects by itself."""

    t: float
    reason: str


class Telemetry(msgspec.Struct, frozen=True):
    """The MCU's state at `t`, the host time of its own time stamp. Bit n of `valves`: nozzle n is open."""

    t: float
    encoder_ticks: int
    velocity_mm_s: int
    motor_mm_s: int
    pressure_kpa: int
    pressure_ok: bool
    pressure_believed: bool
    battery_mv: int
    estop: bool
    button: bool
    bumper: bool
    armed: bool
    heartbeat_lost: bool
    driving: bool
    valves: int
    openings: int
    bad_frames: int
    refused: int
    deadman_trips: int
    queued: int
    unreported: int
    leak: bool = False
    compressor_on: bool = True
    end_switch: bool = False
    """The row-end switch's input is high; robot/end_switch.py knows what that means on this machine."""


class PulseReceipt(msgspec.Struct, frozen=True):
    """The MCU's answer to a pulse; a refused pulse has no other event. `detail` names the cap, if any."""

    t: float
    pulse_id: int
    accepted: bool
    reason: str
    detail: str = ""


class PulseOutcome(msgspec.Struct, frozen=True):
    """What became of a pulse: fired, cut_short, not_fired, refused or maybe_fired.

    Times are of the first opening and the last closing, None when it never opened or nobody knows.
    """

    t: float
    pulse_id: int
    outcome: str
    cause: str = "ok"
    opened_at: float | None = None
    closed_at: float | None = None
    position_at_open: int | None = None
    openings: int = 0
    on_time_us: int = 0


class CommandResult(msgspec.Struct, frozen=True):
    """The answer to arm, disarm, stop, clear and set_lag, and to a drive command that was refused."""

    t: float
    command: str
    ok: bool
    reason: str
    detail: str = ""


Event = LinkUp | LinkDown | Telemetry | PulseReceipt | PulseOutcome | CommandResult
