"""What the control loop asks of the MCU, and its form on the wire."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from firmware_bridge.enums import MessageType, Trigger, word
from firmware_bridge.messages import Pulse, encode_payload


@dataclass(frozen=True, slots=True)
class PulseCommand:
    """A train of `count` openings of `on_us`, one every `period_us`.

    The air leaves the nozzle when the encoder passes `trigger_ticks` in `direction` (+1 or -1); or the valve
    is energised at MCU time `trigger_us`, or at host time `at`. Exactly one of the three triggers is given; the
    bridge turns `at` into MCU time by its clock sync.
    """

    pulse_id: int
    nozzle: int
    trigger_ticks: int | None
    direction: int
    on_us: int
    period_us: int
    count: int
    trigger_us: int | None = None
    at: float | None = None


def pulse_message(command: PulseCommand) -> Pulse | None:
    """Return the wire message, or None when it cannot be said on the wire: host time never is."""
    if command.at is not None or (command.trigger_ticks is None) == (command.trigger_us is None):
        return None
    if command.trigger_us is not None:
        trigger, at = Trigger.AT_TIME, command.trigger_us
    elif command.direction in {1, -1}:
        trigger = Trigger.FORWARD if command.direction == 1 else Trigger.BACKWARD
        at = command.trigger_ticks or 0
    else:
        return None
    message = Pulse(
        command.pulse_id,
        command.nozzle,
        trigger,
        at & 0xFFFF_FFFF,
        command.on_us,
        command.period_us,
        command.count,
    )
    try:
        encode_payload(message)
    except struct.error:
        return None
    return message


def command_name(code: int) -> str:
    """Return the word of a command in CommandResult: the message type's, `stop` for ESTOP."""
    return "stop" if code == MessageType.ESTOP else word(MessageType, code)
