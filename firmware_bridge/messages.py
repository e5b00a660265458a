"""The protocol: message layouts (enums.py has the codes). header.py makes C and docs of both."""

from __future__ import annotations

import hashlib
import struct
from typing import Annotated, Any, NamedTuple, get_type_hints

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import ENUMS, PROTOCOL_VERSION, MessageType


class Hello(NamedTuple):
    """Opens a session, `session = nonce ^ boot_id`; a new one closes every valve and drops the queue."""

    nonce: Annotated[int, "I", "random; a nonce equal to the boot id is refused"]
    protocol_hash: Annotated[int, "I", "of the host's build"]


class Heartbeat(NamedTuple):
    """Keeps the dead-man from acting; sent by the control loop itself."""


class Ping(NamedTuple):
    """Asks for the MCU's clock."""


class Pulse(NamedTuple):
    """A train of openings of one nozzle."""

    pulse_id: Annotated[int, "I", "rises strictly, also across sessions"]
    nozzle: Annotated[int, "B", ""]
    trigger: Annotated[int, "B", "a Trigger"]
    trigger_at: Annotated[int, "I", "encoder ticks (as signed) or MCU µs of the first opening"]
    on_us: Annotated[int, "I", "of each opening"]
    period_us: Annotated[int, "I", "opening to opening; ignored when there is one"]
    openings: Annotated[int, "B", "in the train"]


class PulseAck(NamedTuple):
    """The host has stored the outcome: the MCU stops repeating it."""

    pulse_id: Annotated[int, "I", ""]


class PulseQuery(NamedTuple):
    """Asks what became of a pulse, also one of an earlier session; answered by PULSE_DONE."""

    pulse_id: Annotated[int, "I", ""]


class Drive(NamedTuple):
    """Asks for a travel speed that ends by itself."""

    velocity_mm_s: Annotated[int, "h", "positive along rising encoder ticks"]
    valid_ms: Annotated[int, "H", "then the drive ramps to zero"]


class Estop(NamedTuple):
    """Latches the emergency stop; obeyed in any session."""


class Clear(NamedTuple):
    """Releases the latch once everything is closed and nothing is pressed; leaves the MCU disarmed."""


class Arm(NamedTuple):
    """Allows pulses and motion."""


class Disarm(NamedTuple):
    """Closes every valve, drops the queue, ramps the drive to zero."""


class SetLag(NamedTuple):
    """Sets a nozzle's calibrated valve lag; only while disarmed."""

    nozzle: Annotated[int, "B", ""]
    lag_us: Annotated[int, "I", "coil energised to air at the mouth"]


class LimitsQuery(NamedTuple):
    """Asks for the limits the board was configured with."""


class Welcome(NamedTuple):
    """Answers HELLO."""

    nonce: Annotated[int, "I", "as received"]
    boot_id: Annotated[int, "I", "differs at each start of the MCU"]
    protocol_hash: Annotated[int, "I", "of the firmware's build"]
    config_crc: Annotated[int, "I", "CRC-32 of the board's configuration"]
    last_pulse_id: Annotated[int, "I", "highest id seen since the start"]
    tick_us: Annotated[int, "I", "MCU clock"]
    tick_rate_hz: Annotated[int, "I", "of the MCU clock"]
    ticks_per_m: Annotated[int, "I", "of the encoder"]
    firmware_version: Annotated[int, "I", "major << 16 | minor << 8 | patch"]
    nozzles: Annotated[int, "B", ""]
    reset_cause: Annotated[int, "B", "a ResetCause"]


class Pong(NamedTuple):
    """Answers PING."""

    tick_us: Annotated[int, "I", "MCU clock"]


class PulseReceipt(NamedTuple):
    """Answers PULSE."""

    pulse_id: Annotated[int, "I", ""]
    result: Annotated[int, "B", "a Result"]
    first_result: Annotated[int, "B", "with DUP: the answer the id got the first time"]
    outcome: Annotated[int, "B", "with DUP: where the pulse stands"]
    cap: Annotated[int, "B", "with OVER_CAP: which"]


class PulseDone(NamedTuple):
    """What became of a pulse, as measured; repeated until PULSE_ACK, and the answer to PULSE_QUERY."""

    pulse_id: Annotated[int, "I", ""]
    nozzle: Annotated[int, "B", ""]
    outcome: Annotated[int, "B", "an Outcome"]
    cause: Annotated[int, "B", "a Result: why it was not fired in full"]
    openings: Annotated[int, "B", "made"]
    opened_us: Annotated[int, "I", "first opening, MCU clock"]
    closed_us: Annotated[int, "I", "last closing, MCU clock"]
    position_at_open: Annotated[int, "i", "encoder ticks at the first opening"]
    on_time_us: Annotated[int, "I", "sum over the openings"]


class Ack(NamedTuple):
    """Answers the other requests, and refuses frames that have no answer of their own."""

    command: Annotated[int, "B", "message type answered"]
    result: Annotated[int, "B", "a Result"]
    cap: Annotated[int, "B", "with OVER_CAP: which"]


class Telemetry(NamedTuple):
    """State at 50 Hz; may be lost."""

    tick_us: Annotated[int, "I", "MCU clock of the sample"]
    encoder_ticks: Annotated[int, "i", ""]
    velocity_mm_s: Annotated[int, "h", "from the encoder"]
    motor_mm_s: Annotated[int, "h", "as commanded to the motor"]
    pressure_kpa: Annotated[int, "H", ""]
    battery_mv: Annotated[int, "H", ""]
    flags: Annotated[int, "H", "Flag bits"]
    valves: Annotated[int, "Q", "bit n: nozzle n is open"]
    openings: Annotated[int, "I", "since the start"]
    bad_frames: Annotated[int, "I", "received and dropped since the start"]
    refused: Annotated[int, "H", "pulses, since the start"]
    deadman_trips: Annotated[int, "H", "since the start"]
    queued: Annotated[int, "H", "pulses waiting or running"]
    unreported: Annotated[int, "H", "outcomes not yet acknowledged"]


class Limits(NamedTuple):
    """Answers LIMITS_QUERY."""

    max_on_us: Annotated[int, "I", ""]
    max_train_us: Annotated[int, "I", ""]
    min_period_us: Annotated[int, "I", ""]
    min_gap_us: Annotated[int, "I", ""]
    max_wait_ms: Annotated[int, "I", ""]
    max_ahead_ticks: Annotated[int, "I", ""]
    duty_budget_us: Annotated[int, "I", ""]
    duty_permille: Annotated[int, "H", ""]
    min_pressure_kpa: Annotated[int, "H", ""]
    max_velocity_mm_s: Annotated[int, "H", ""]
    max_drive_ms: Annotated[int, "H", ""]
    heartbeat_ms: Annotated[int, "H", ""]
    max_count: Annotated[int, "B", ""]
    max_open: Annotated[int, "B", ""]
    queue_per_nozzle: Annotated[int, "B", ""]


HostMessage = (
    Hello
    | Heartbeat
    | Ping
    | Pulse
    | PulseAck
    | PulseQuery
    | Drive
    | Estop
    | Clear
    | Arm
    | Disarm
    | SetLag
    | LimitsQuery
)
McuMessage = Welcome | Pong | PulseReceipt | PulseDone | Ack | Telemetry | Limits
Message = HostMessage | McuMessage


class Field(NamedTuple):
    """One number of a payload: its name, struct code and meaning."""

    name: str
    code: str
    meaning: str


def fields_of(message: type[tuple[Any, ...]]) -> tuple[Field, ...]:
    """Return a message's fields in wire order."""
    hints = get_type_hints(message, include_extras=True)
    return tuple(Field(name, *hint.__metadata__) for name, hint in hints.items())


def _type_of(message: type[tuple[Any, ...]]) -> MessageType:
    words = "".join("_" + c if c.isupper() else c for c in message.__name__).lstrip("_")
    return MessageType[words.upper()]


HOST_MESSAGES: tuple[type[HostMessage], ...] = HostMessage.__args__
MCU_MESSAGES: tuple[type[McuMessage], ...] = McuMessage.__args__
TYPES: dict[type[Message], MessageType] = {m: _type_of(m) for m in (*HOST_MESSAGES, *MCU_MESSAGES)}
_PACKERS = {m: struct.Struct("<" + "".join(f.code for f in fields_of(m))) for m in TYPES}
_READERS = {int(TYPES[m]): (m, _PACKERS[m].size, _PACKERS[m].unpack) for m in TYPES}


def payload_size(message: type[Message]) -> int:
    """Return the payload's length in bytes."""
    return _PACKERS[message].size


def encode_payload(message: Message) -> bytes:
    """Return the payload's bytes; raises struct.error when a field does not fit its code."""
    return _PACKERS[type(message)].pack(*message)


def decode_payload(type_code: int, payload: bytes) -> Message | None:
    """Return the message, or None for an unknown type or a wrong length."""
    reader = _READERS.get(type_code)
    if reader is None or len(payload) != reader[1]:
        return None
    message: Message = tuple.__new__(reader[0], reader[2](payload))
    return message


def _description() -> str:
    lines = [f"version {PROTOCOL_VERSION}"]
    for message, code in TYPES.items():
        lines.append(f"{code:#04x} " + " ".join(f"{f.name}:{f.code}" for f in fields_of(message)))
    for enum in ENUMS:
        lines.append(enum.__name__ + " " + " ".join(f"{m.name}={int(m)}" for m in enum))
    lines.append("config " + " ".join(CoreConfig.model_fields))
    return "\n".join(lines)


PROTOCOL_HASH = int.from_bytes(hashlib.sha256(_description().encode()).digest()[:4], "little")
