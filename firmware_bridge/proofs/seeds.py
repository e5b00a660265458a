"""Writes the fuzzer's first inputs: short scripts in which each message of the protocol does its work.

The script's bytes are read by fuzz.c: an action, then its arguments, with times and places relative to now.
"""

from __future__ import annotations

import sys
from pathlib import Path

from firmware_bridge.enums import MessageType, Trigger
from firmware_bridge.messages import HOST_MESSAGES, TYPES, Arm, Clear, Drive, Estop, Heartbeat, Hello, Pulse

_SEND, _RUN, _STALL, _SENSE, _FAULT, _RAW = 0, 110, 200, 220, 235, 240


def send(message: MessageType, arguments: bytes = b"") -> bytes:
    """Return the action that sends a message of the present session."""
    return bytes([_SEND, message, 0]) + arguments


def run(steps: int, ticks: int = 0) -> bytes:
    """Return 1 to 64 steps of a millisecond, each over `ticks` encoder ticks."""
    return bytes([_RUN, steps - 1, (ticks * 8) & 0xFF])


def pulse(trigger: Trigger, ahead: int, openings: int) -> bytes:
    """Return a train on nozzle 1: 15 ms every 42 ms, `ahead` in 64 µs or ticks."""
    body = bytes([1, trigger]) + (ahead & 0xFFFF).to_bytes(2, "little") + bytes([1])
    body += (7_500).to_bytes(2, "little") + (5_250).to_bytes(2, "little") + bytes([openings])
    return send(TYPES[Pulse], body)


def seeds() -> dict[str, bytes]:
    """Return the scripts by name."""
    beat = send(TYPES[Heartbeat])
    armed = b"\0" + send(TYPES[Hello], b"\7\0") + run(1) + send(TYPES[Arm])
    named = {
        f"message_{TYPES[message].name.lower()}": armed + send(TYPES[message], bytes(19)) + run(3)
        for message in HOST_MESSAGES
    }
    train = armed + pulse(Trigger.AT_TIME, 0, 3)
    named |= {
        "train_at_time": train + (run(40) + beat) * 4,
        "train_at_place": armed + pulse(Trigger.FORWARD, 60, 1) + (run(40, 2) + beat) * 2,
        "train_backward": armed + pulse(Trigger.BACKWARD, -60, 1) + (run(40, -2) + beat) * 2,
        "host_falls_silent": train + run(64) * 5,
        "stall_in_a_train": train + run(5) + bytes([_STALL, 0x40, 0x1F, 0]) + run(3),
        "button_and_clear": train
        + run(5)
        + bytes([_SENSE, 3])
        + run(3)
        + bytes([_SENSE, 0])
        + send(TYPES[Clear]),
        "stop_in_a_train": train + run(5) + send(TYPES[Estop]) + run(3),
        "drive": armed + send(TYPES[Drive], bytes([200, 0, 250, 0])) + run(64),
        "duration_corrupted": train + run(5) + bytes([_FAULT, 1, 1, 0]) + run(20),
        "raw_bytes": armed + bytes([_RAW, 8, 1, 2, 3, 4, 5, 6, 7, 8]) + run(3),
        "clock_wraps": bytes([32]) + train[1:] + (run(40) + beat) * 4,
    }
    return named


def main(arguments: list[str]) -> int:
    """Write one file for each script into the folder given."""
    if len(arguments) != 1:
        print("usage: python -m firmware_bridge.proofs.seeds FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in seeds().items():
        (folder / name).write_bytes(script)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
