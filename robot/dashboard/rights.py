"""Who may what: four roles, the rights each has, and what each command needs. The only table of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar
from weakref import WeakKeyDictionary

from robot.types import CommandName


class Role(StrEnum):
    """What a person is on this robot; each role has all rights of the one before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    ADMIN = "admin"


class Right(StrEnum):
    """What a route or a command needs."""

    OPEN = "open"
    """Nothing: the pages' empty shells, sign-in, health. They tell nothing of the robot or of people."""
    STOP = "stop"
    """Press STOP. Everyone who reaches the page has it: stopping is the safe direction."""
    LOOK = "look"
    """See the robot: state, pictures, past runs."""
    ACCOUNT = "account"
    """One's own account; only with a session, never with a token."""
    OPERATE = "operate"
    """Start, pause, release, tell row and place, mark messages as seen."""
    TUNE = "tune"
    """Change how the robot works: its speed, its machine file taken anew; test a valve."""
    AUDIT = "audit"
    """Read who did what."""
    MANAGE = "manage"
    """Users and tokens; only with a session, never with a token."""


_VIEWER = frozenset({Right.OPEN, Right.STOP, Right.LOOK, Right.ACCOUNT})
_OPERATOR = _VIEWER | {Right.OPERATE}
_TECHNICIAN = _OPERATOR | {Right.TUNE}
RIGHTS_OF: dict[Role, frozenset[Right]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.TECHNICIAN: _TECHNICIAN,
    Role.ADMIN: _TECHNICIAN | {Right.AUDIT, Right.MANAGE},
}

ANYONE = frozenset({Right.OPEN, Right.STOP})
"""Rights without an account, from wherever the page can be reached."""

ANYONE_HERE = ANYONE | {Right.LOOK}
"""Rights without an account on the robot's own screen: who stands there sees the robot anyway."""

SCOPES = (Right.LOOK, Right.STOP, Right.OPERATE, Right.TUNE, Right.AUDIT)
"""What a token may be given."""

NEEDED_FOR: dict[CommandName, Right] = {
    CommandName.STOP: Right.STOP,
    CommandName.RELEASE: Right.OPERATE,
    CommandName.START: Right.OPERATE,
    CommandName.PAUSE: Right.OPERATE,
    CommandName.SET_POSITION: Right.OPERATE,
    CommandName.SET_ROW: Right.OPERATE,
    CommandName.SET_RUN: Right.OPERATE,
    CommandName.CORRECT: Right.OPERATE,
    CommandName.OUTVOTED: Right.OPERATE,
    CommandName.CONFIRM: Right.OPERATE,
    CommandName.BLOCK_ROW: Right.OPERATE,
    CommandName.PIN_ROW: Right.OPERATE,
    CommandName.UNPIN_ROW: Right.OPERATE,
    CommandName.END_DAY: Right.OPERATE,
    CommandName.SET_CLIMATE: Right.OPERATE,
    CommandName.SET_SPEED: Right.TUNE,
    CommandName.TEST_VALVE: Right.TUNE,
    CommandName.RELOAD: Right.TUNE,
    CommandName.ACKNOWLEDGE: Right.OPERATE,
}

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])
_declared: WeakKeyDictionary[object, Right] = WeakKeyDictionary()


def needs(right: Right) -> Callable[[Endpoint], Endpoint]:
    """Declare what an endpoint needs; an endpoint without it is refused to everyone (see gate.py)."""

    def declare(endpoint: Endpoint) -> Endpoint:
        _declared[endpoint] = right
        return endpoint

    return declare


def declared(endpoint: object) -> Right | None:
    """Return what an endpoint has declared, None when it has not."""
    try:
        return _declared.get(endpoint)
    except TypeError:  # not a thing that can be declared, such as a mounted folder
        return None
