"""What the ledger tells people about past runs; reads only, and never fails for want of a ledger."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from robot.dashboard.ledger_reader import LedgerUnreadError, reading

SESSIONS = 20
JOURNAL_LINES = 50

_SESSIONS = "SELECT id, row, started, seen, ended FROM session ORDER BY id DESC LIMIT ?"
_FLOWERS = "SELECT session, reason, count(*) FROM flower WHERE session >= ? GROUP BY session, reason"
_PULSES = """
SELECT session, coalesce(outcome, 'waiting'), count(*)
FROM intent LEFT JOIN outcome USING (pulse_id) WHERE session >= ? GROUP BY 1, 2
"""
_JOURNAL = "SELECT wall, kind, text, who FROM journal ORDER BY id DESC LIMIT ?"


class Answer(BaseModel):
    """Base of the API's answers."""

    model_config = ConfigDict(frozen=True)


class SessionHistory(Answer):
    """One run of the control program; times are POSIX seconds, `ended` is null while it runs or after a crash."""

    id: int
    row: str
    started: float
    seen: float
    ended: float | None
    flowers: dict[str, int]
    pulses: dict[str, int]


class JournalLine(Answer):
    """Something that happened: a mode change, a command, a fault."""

    wall: float
    kind: str
    text: str
    who: str


class History(Answer):
    """The last sessions and journal lines, newest first; `problem` says why there are none."""

    problem: str
    sessions: tuple[SessionHistory, ...] = ()
    journal: tuple[JournalLine, ...] = ()


def read_history(ledger: Path) -> History:
    """Return what the ledger knows; a missing, locked or foreign file is told in `problem`."""
    try:
        with reading(ledger) as db:
            return _read(db)
    except LedgerUnreadError as error:
        return History(problem=str(error))


def _read(db: sqlite3.Connection) -> History:
    found = db.execute(_SESSIONS, (SESSIONS,)).fetchall()
    oldest = found[-1][0] if found else 0
    flowers = _grouped(db.execute(_FLOWERS, (oldest,)).fetchall())
    pulses = _grouped(db.execute(_PULSES, (oldest,)).fetchall())
    sessions = tuple(
        SessionHistory(
            id=number,
            row=row,
            started=started,
            seen=seen,
            ended=ended,
            flowers=flowers.get(number, {}),
            pulses=pulses.get(number, {}),
        )
        for number, row, started, seen, ended in found
    )
    lines = db.execute(_JOURNAL, (JOURNAL_LINES,)).fetchall()
    journal = tuple(JournalLine(wall=wall, kind=kind, text=text, who=who) for wall, kind, text, who in lines)
    return History(problem="", sessions=sessions, journal=journal)


def _grouped(rows: list[tuple[int, str, int]]) -> dict[int, dict[str, int]]:
    grouped: dict[int, dict[str, int]] = {}
    for session, key, count in rows:
        grouped.setdefault(session, {})[key] = count
    return grouped
