"""What may be wrong around the valve controller in a lock-step run: cable, cameras, computer. Faults set it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from firmware_bridge.transport import Transport, TransportError
from robot.ledger import Ledger
from sim.faults import FaultKind
from sim.spoiling import spoilt

NEVER = float("-inf")
LATE_S = 1.5
"""How late a choking camera delivers (assumed)."""
SLOW_STEP_S = 0.3
"""A step of the loop on a computer that swaps (assumed): longer than the dead-man's 250 ms."""


@dataclass(slots=True)
class Troubles:
    """Until when each trouble lasts, in simulated seconds; nothing is wrong at the start."""

    frames_lost: float = NEVER
    frames_spoilt: float = NEVER
    cable_stalls: float = NEVER
    cable_out: float = NEVER
    camera_late: float = NEVER
    overloaded: float = NEVER
    daemon_dead: float = NEVER
    wall_offset_s: float = 0.0
    disk_full: bool = False
    board_resets: bool = False
    """The controller is to restart in the next step."""

    def come(self, kinds: Iterable[FaultKind], now: float) -> None:
        """Let those of some faults that strike around the controller begin."""
        for kind in kinds:
            if kind.trouble is not None:
                kind.trouble(self, now)

    def camera_clock(self, now: float) -> float:
        """Return the time by which the struck camera has delivered."""
        return now - LATE_S if now < self.camera_late else now


class FaultyCable:
    """A cable that loses, spoils, holds back or loses contact, as the troubles say."""

    def __init__(self, cable: Transport, troubles: Troubles, now: Callable[[], float], seed: int) -> None:
        self._cable, self._troubles, self._now = cable, troubles, now
        self._rng = Random(seed)
        self._held_in = self._held_out = b""
        self.heard_t = now()
        """When the far end last got anything."""

    def read(self) -> bytes:
        """Return what came through."""
        data = self._held_in + self._through(self._cable.read())
        if self._now() < self._troubles.cable_out:
            self._held_in = b""
            raise TransportError("the serial port is gone: plug in the cable")
        stalls = self._now() < self._troubles.cable_stalls
        self._held_in = data if stalls else b""
        if not stalls and self._held_out:
            self._release()
        return b"" if stalls else data

    def write(self, data: bytes) -> None:
        """Send what gets through."""
        if self._now() < self._troubles.cable_out:
            raise TransportError("the serial port is gone: plug in the cable")
        self._held_out += self._through(data)
        if self._now() >= self._troubles.cable_stalls:
            self._release()

    def close(self) -> None:
        """Let go of the port."""
        self._cable.close()

    def _release(self) -> None:
        if self._held_out:
            self.heard_t = self._now()
            self._cable.write(self._held_out)
        self._held_out = b""

    def _through(self, data: bytes) -> bytes:
        now = self._now()
        if data and now < self._troubles.frames_lost and self._rng.random() < 0.5:
            return b""
        if data and now < self._troubles.frames_spoilt and self._rng.random() < 0.5:
            return spoilt(data, self._rng)
        return data


class SimLedger(Ledger):
    """The robot's ledger on a disk that can fill up, held by a program that can be killed.

    Nobody cuts the power of a simulated robot, so no commit waits for the disk itself.
    """

    full = False

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._db.execute("PRAGMA synchronous = OFF")

    def drop(self) -> None:
        """Leave it as a killed program does: nothing is written any more."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with super()._transaction() as db:
            if self.full:
                raise sqlite3.OperationalError("database or disk is full")
            yield db
