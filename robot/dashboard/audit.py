"""The audit log: who asked what when, on disk before it is done, and what became of it. Lines only ever come on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from robot.clock import Clock
from robot.dashboard.store import Row, Store

PAGE_LINES = 100
EXPORT_CHUNK = 500

_BEGIN = (
    "INSERT INTO audit (wall, who, role, address, action, detail, request_id) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_END = "INSERT INTO outcome (audit, wall, outcome, text) VALUES (?, ?, ?, ?)"
_LINES = """
SELECT a.id, a.wall, a.who, a.role, a.address, a.action, a.detail, o.outcome, o.text
FROM audit a LEFT JOIN outcome o ON o.id = (SELECT max(id) FROM outcome WHERE audit = a.id)
"""
_NEWEST = _LINES + "WHERE a.id < ? ORDER BY a.id DESC LIMIT ?"
_OLDEST = _LINES + "WHERE a.id > ? ORDER BY a.id LIMIT ?"
_KNOWN = _LINES + "WHERE a.request_id = ? AND a.who = ? AND a.wall > ? ORDER BY a.id DESC LIMIT 1"


class Outcome(StrEnum):
    """What became of an action."""

    DONE = "done"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: name, role ('token' and 'anyone' for what is no person with an account), and from where."""

    who: str
    role: str
    address: str


class AuditLine(msgspec.Struct, frozen=True):
    """One action. `wall` is POSIX seconds; `outcome` is None when the dashboard ended before it knew."""

    id: int
    wall: float
    who: str
    role: str
    address: str
    action: str
    detail: str
    outcome: str | None
    text: str


class AuditLog:
    """Writes and reads the log. Nothing here, and no trigger in the file, changes a line that stands."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def begin(self, actor: Actor, action: str, detail: str = "", request_id: str = "") -> int:
        """Write down that it is asked, before it is done; returns the line's number. Raises StoreError."""
        values = (self._wall(), actor.who, actor.role, actor.address, action, detail, request_id)
        with self._store.change() as db:
            return int(db.execute(_BEGIN, values).lastrowid or 0)

    def end(self, line: int, outcome: Outcome, text: str = "") -> None:
        """Write down what became of it; raises StoreError."""
        with self._store.change() as db:
            db.execute(_END, (line, self._wall(), outcome.value, text))

    def note(
        self,
        actor: Actor,
        action: str,
        detail: str = "",
        outcome: Outcome = Outcome.DONE,
        text: str = "",
        request_id: str = "",
    ) -> None:
        """Write down what has been done, with its outcome; raises StoreError."""
        wall = self._wall()
        with self._store.change() as db:
            values = (wall, actor.who, actor.role, actor.address, action, detail, request_id)
            line = db.execute(_BEGIN, values).lastrowid
            db.execute(_END, (line, wall, outcome.value, text))

    def known(self, who: str, request_id: str, within_s: float) -> AuditLine | None:
        """Return the line of a request that is asked for again; raises StoreError."""
        if not request_id:
            return None
        found = self._store.read(_KNOWN, (request_id, who, self._wall() - within_s))
        return _line(found[0]) if found else None

    def newest(self, before: int | None, limit: int = PAGE_LINES) -> list[AuditLine]:
        """Return lines below number `before`, newest first; raises StoreError."""
        return [_line(row) for row in self._store.read(_NEWEST, (before or 2**62, limit))]

    def every(self) -> Iterator[AuditLine]:
        """Yield all lines, oldest first, a chunk of them in memory; raises StoreError."""
        last = 0
        while chunk := self._store.read(_OLDEST, (last, EXPORT_CHUNK)):
            yield from (_line(row) for row in chunk)
            last = int(chunk[-1][0])

    def _wall(self) -> float:
        return self._clock.wall().timestamp()


def _line(row: Row) -> AuditLine:
    number, wall, who, role, address, action, detail, outcome, text = row
    return AuditLine(number, wall, who, role, address, action, detail, outcome, text or "")
