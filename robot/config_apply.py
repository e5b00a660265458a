"""Puts another machine file in force: kept in the history, taken by the running robot, or all as before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robot.clock import Clock
from robot.config_history import Difference, differences, keep, write
from robot.reload import MachineFile, read_machine
from robot.reload_client import ask_to_reload


class NotTakenError(Exception):
    """The robot did not take the file; the old one is back in its place. The text says why."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of it: its number in the history, whether a running robot has it, and that in words."""

    number: int
    taken: bool
    text: str
    changes: list[Difference]


def put_in_force(machine: Path, new: MachineFile, by: str, clock: Clock) -> Applied:
    """Write `new` in the place of `machine` and have the robot take it; raises ConfigError or NotTakenError."""
    old, wall = read_machine(machine), clock.wall()
    changes = differences(old.config, new.config)
    keep(machine, old.text, "before", wall)
    write(machine, new.text, like=machine)
    told = ask_to_reload(old.config.dashboard.socket, new.text, by, clock)
    if told.refused:
        write(machine, old.text, like=machine)
        raise NotTakenError(f"{machine}: as before, because the robot did not take it: {told.text}")
    number = keep(machine, new.text, by, wall).number
    return Applied(number, told.taken, told.text, changes)
