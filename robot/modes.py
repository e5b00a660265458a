"""What the robot may do now: one pure table from mode, facts and command to the next mode."""

from __future__ import annotations

import msgspec

from robot.types import CommandName, Mode


class Facts(msgspec.Struct, frozen=True):
    """What the table looks at besides the command.

    `ready`: link up, telemetry fresh. `estop`: a button or the MCU's latch. `stopping_fault`: a fault of
    severity STOP is present. `row_done`: the cart is at the end of its run.
    """

    ready: bool
    estop: bool
    stopping_fault: bool
    row_done: bool


MOVES = frozenset({Mode.RUNNING})
"""The modes in which the cart may roll and nozzles may open."""

_COMMANDS: dict[tuple[Mode, CommandName], Mode] = {
    (Mode.READY, CommandName.START): Mode.RUNNING,
    (Mode.RUNNING, CommandName.PAUSE): Mode.READY,
    (Mode.STOPPED, CommandName.RELEASE): Mode.STARTING,
    (Mode.FAULT, CommandName.RELEASE): Mode.STARTING,
    (Mode.DONE, CommandName.RELEASE): Mode.STARTING,
    (Mode.DONE, CommandName.SET_ROW): Mode.STARTING,
    (Mode.DONE, CommandName.SET_POSITION): Mode.STARTING,
    (Mode.DONE, CommandName.SET_RUN): Mode.STARTING,
}


def update(mode: Mode, facts: Facts, command: CommandName | None = None) -> Mode:
    """Return the next mode. Stopping goes before everything; nothing starts by itself."""
    if command is CommandName.STOP or facts.estop:
        return Mode.STOPPED
    if facts.stopping_fault:
        return Mode.STOPPED if mode is Mode.STOPPED else Mode.FAULT
    if mode is Mode.RUNNING and facts.row_done:
        return Mode.DONE
    if mode is Mode.STARTING and facts.ready:
        return Mode.READY
    if command is not None:
        return _COMMANDS.get((mode, command), mode)
    return mode
