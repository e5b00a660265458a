"""The protocol's numbers: message types, results, outcomes, triggers and state bits, with their codes."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from functools import lru_cache

PROTOCOL_VERSION = 1
MAX_PAYLOAD = 48
TICK_RATE_HZ = 1_000_000


class MessageType(IntEnum):
    """Type byte of a frame; the high bit marks messages from the MCU."""

    HELLO = 0x01
    HEARTBEAT = 0x02
    PING = 0x03
    PULSE = 0x04
    PULSE_ACK = 0x05
    PULSE_QUERY = 0x06
    DRIVE = 0x07
    ESTOP = 0x08
    CLEAR = 0x09
    ARM = 0x0A
    DISARM = 0x0B
    SET_LAG = 0x0C
    LIMITS_QUERY = 0x0D
    WELCOME = 0x81
    PONG = 0x83
    PULSE_RECEIPT = 0x84
    PULSE_DONE = 0x85
    ACK = 0x87
    TELEMETRY = 0x88
    LIMITS = 0x8D


class Result(IntEnum):
    """Answer to a request, and the cause of a pulse that did not run to its end."""

    OK = 0
    DUP = 1
    STALE = 2
    LATE = 3
    PASSED = 4
    OVER_CAP = 5
    QUEUE_FULL = 6
    BAD_SESSION = 7
    LOW_PRESSURE = 8
    ESTOP = 9
    NOT_ARMED = 10
    NO_NOZZLE = 11
    BAD_REQUEST = 12
    DEADMAN = 13
    NEW_SESSION = 14
    EXPIRED = 15
    STILL_PRESSED = 16
    STILL_OPEN = 17
    PROTOCOL_MISMATCH = 18
    BAD_CONFIG = 19
    ARMED = 20
    LEAK = 21


class Cap(IntEnum):
    """Which limit an OVER_CAP refusal speaks of."""

    NONE = 0
    ON_TIME = 1
    TRAIN_TIME = 2
    COUNT = 3
    PERIOD = 4
    GAP = 5
    DUTY = 6
    AHEAD = 7
    VELOCITY = 8
    VALID_TIME = 9
    LAG = 10


class Outcome(IntEnum):
    """Where a pulse stands; FIRED, CUT_SHORT and NOT_FIRED are final."""

    UNKNOWN = 0
    PENDING = 1
    RUNNING = 2
    FIRED = 3
    CUT_SHORT = 4
    NOT_FIRED = 5
    REFUSED = 6


class Trigger(IntEnum):
    """What starts a train: the MCU's clock, or the encoder while travelling in one direction."""

    AT_TIME = 0
    FORWARD = 1
    BACKWARD = 2


class ResetCause(IntEnum):
    """Why the MCU last started."""

    UNKNOWN = 0
    POWER_ON = 1
    WATCHDOG = 2
    PIN = 3
    SOFTWARE = 4


class Flag(IntFlag):
    """Bits of the telemetry's state word."""

    ARMED = 1
    ESTOP = 2
    BUTTON = 4
    BUMPER = 8
    HEARTBEAT_LOST = 16
    PRESSURE_OK = 32
    PRESSURE_IMPLAUSIBLE = 64
    DRIVING = 128
    CONFIG_BAD = 256
    PROTOCOL_MISMATCH = 512
    LEAK = 1024
    COMPRESSOR = 2048
    END_SWITCH = 4096


@lru_cache(maxsize=1024)
def word(kind: type[IntEnum], code: int) -> str:
    """Return a code's name in lower case; `code_N` for one that this version does not know."""
    try:
        return kind(code).name.lower()
    except ValueError:
        return f"code_{code}"


def cap_word(code: int) -> str:
    """Return the word of the limit that was exceeded, '' for none."""
    return word(Cap, code) if code else ""


ENUMS: tuple[type[IntEnum] | type[IntFlag], ...] = (
    MessageType,
    Result,
    Cap,
    Outcome,
    Trigger,
    ResetCause,
    Flag,
)
