"""Asks a running control process to take its machine file anew, and waits until it has; for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from robot.clock import Clock
from robot.commands import CommandAnswer, CommandRequest
from robot.config import config_id
from robot.telemetry_client import LOOK_S, TelemetryLine
from robot.telemetry_wire import WireError
from robot.types import CommandName

PATIENCE_S = 120.0
"""A robot that takes a new file builds itself anew, model and all."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it: taken now, refused, or (neither) for the robot's next start."""

    taken: bool
    refused: bool
    text: str


def ask_to_reload(path: Path, text: str, by: str, clock: Clock) -> Told:
    """Have the robot at socket `path` take a machine file whose content is `text`; returns what became of it."""
    line, wanted = TelemetryLine(path), config_id(text)
    try:
        line.connect()
        line.send(CommandRequest(uuid4().hex, CommandName.RELOAD, by=by[:80]))
    except (FileNotFoundError, ConnectionRefusedError):
        line.close()
        return Told(False, False, "the robot does not run and takes it at its next start")
    except OSError as error:
        line.close()
        return Told(False, True, f"its socket {path} cannot be used ({error.strerror or error})")
    try:
        return _wait(line, wanted, clock)
    finally:
        line.close()


def _wait(line: TelemetryLine, wanted: str, clock: Clock) -> Told:
    until, accepted, hung_up = clock.now() + PATIENCE_S, False, False
    while clock.now() < until:
        try:
            news = line.news()
        except (OSError, WireError):
            # A robot that starts over lets go of its socket; what it says afterwards is news.
            hung_up = True
            line.close()
            clock.sleep_until(clock.now() + LOOK_S)
            continue
        for message in news:
            if isinstance(message, CommandAnswer):
                if not message.accepted:
                    return Told(False, True, message.text)
                accepted = True
            elif accepted and message.config == wanted:
                return Told(True, False, "the robot has taken it")
            elif accepted and hung_up and message.config_problem:
                return Told(False, True, message.config_problem)
    return Told(False, True, f"it did not say so within {PATIENCE_S:.0f} s; look at its log")
