"""The alerts file: what was raised, who acknowledged it when, and where it has been sent. SQLite in WAL mode."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from robot.disk import why_full
from robot.read_only import read_only

APPLICATION_ID = 0x426F6D62
"""Marks the file as ours ("Bomb", of Bombus)."""

VERSION = 1
KEPT = 5_000
"""Acknowledged alerts kept in the file; older ones go when the control process starts."""

SCHEMA = """
CREATE TABLE alert (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    text TEXT NOT NULL,
    remedy TEXT NOT NULL,
    raised REAL NOT NULL,           -- wall time, POSIX seconds, as all times here: for people only
    last REAL NOT NULL,
    count INTEGER NOT NULL,
    present INTEGER NOT NULL,
    acknowledged REAL,
    acknowledged_by TEXT NOT NULL
) STRICT;
CREATE INDEX alert_open ON alert (id) WHERE acknowledged IS NULL;
CREATE TABLE delivery (
    alert INTEGER NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    sent REAL NOT NULL,
    PRIMARY KEY (alert, channel)
) STRICT, WITHOUT ROWID;
CREATE TABLE channel (
    name TEXT PRIMARY KEY,
    tries INTEGER NOT NULL,         -- in vain since it last worked
    problem TEXT NOT NULL,
    wall REAL NOT NULL
) STRICT;
"""

_COLUMNS = (
    "id, code, kind, severity, text, remedy, raised, last, count, present, acknowledged, acknowledged_by"
)
_KEEP = f"INSERT OR REPLACE INTO alert ({_COLUMNS}) VALUES ({', '.join('?' * 12)})"
_UPDATE = """
UPDATE alert SET text = ?5, last = ?8, count = ?9, present = ?10, acknowledged = ?11, acknowledged_by = ?12
WHERE id = ?1
"""
_OPEN = f"SELECT {_COLUMNS} FROM alert WHERE acknowledged IS NULL ORDER BY id"
_PAST = f"SELECT {_COLUMNS} FROM alert WHERE acknowledged IS NOT NULL AND id < ? ORDER BY id DESC LIMIT ?"
_UNSENT = (
    f"SELECT {_COLUMNS} FROM alert WHERE acknowledged IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM delivery WHERE alert = alert.id AND channel = ?) ORDER BY id"
)


class AlertError(Exception):
    """The alerts file cannot be used; the text names it, the cause and the remedy."""


class Alert(msgspec.Struct, frozen=True):
    """One alert. `raised`, `last` and `acknowledged` are POSIX seconds by the wall clock, for people.

    `count` is how often it came before it was acknowledged; `present` whether the cause is there now.
    """

    id: int
    code: str
    kind: str
    severity: str
    text: str
    remedy: str
    raised: float
    last: float
    count: int = 1
    present: bool = True
    acknowledged: float | None = None
    acknowledged_by: str = ""


class ChannelState(msgspec.Struct, frozen=True):
    """How sending by one channel goes: tries in vain since it last worked, and why."""

    name: str
    tries: int
    problem: str
    wall: float


class AlertStore:
    """One connection for one thread; raises AlertError."""

    def __init__(self, path: Path, *, same_thread: bool = True) -> None:
        """Open or create the file."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=2.0, check_same_thread=same_thread)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._db.execute(f"PRAGMA {pragma}")
            self._create()
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error

    def begin(self) -> int:
        """Begin a life of the control process: nothing is present yet. Returns the highest number given."""
        with self._change() as db:
            db.execute("UPDATE alert SET present = 0 WHERE present")
            db.execute(
                "DELETE FROM alert WHERE acknowledged IS NOT NULL AND id <= "
                "(SELECT id FROM alert WHERE acknowledged IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (KEPT,),
            )
        return int(self._read("SELECT coalesce(max(id), 0) FROM alert")[0][0])

    def keep(self, alerts: Iterable[Alert]) -> None:
        """Write alerts as they are now, in one commit; they are on disk when it returns."""
        with self._change() as db:
            for alert in alerts:
                values = msgspec.structs.astuple(alert)
                if db.execute(_UPDATE, values).rowcount == 0:
                    db.execute(_KEEP, values)

    def open_alerts(self) -> list[Alert]:
        """Return what nobody has acknowledged, oldest first."""
        return [_alert(row) for row in self._read(_OPEN)]

    def past_alerts(self, before: int | None, limit: int) -> list[Alert]:
        """Return acknowledged alerts below number `before`, newest first."""
        return [_alert(row) for row in self._read(_PAST, (before or 2**62, limit))]

    def unsent(self, channel: str) -> list[Alert]:
        """Return what nobody has acknowledged and `channel` has not sent, oldest first."""
        return [_alert(row) for row in self._read(_UNSENT, (channel,))]

    def sent(self, channel: str, numbers: Iterable[int], wall: float) -> None:
        """Write that these have gone out."""
        with self._change() as db:
            rows = [(number, channel, wall) for number in numbers]
            db.executemany("INSERT OR IGNORE INTO delivery VALUES (?, ?, ?)", rows)

    def note_channel(self, state: ChannelState) -> None:
        """Write how sending by a channel goes."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO channel VALUES (?, ?, ?, ?)", msgspec.structs.astuple(state))

    def channels(self) -> list[ChannelState]:
        """Return how sending goes, by channel."""
        return [ChannelState(*row) for row in self._read("SELECT * FROM channel ORDER BY name")]

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _create(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (ours,) = self._db.execute("PRAGMA application_id").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if version == VERSION and ours == APPLICATION_ID:
            return
        if tables or version:
            raise sqlite3.DatabaseError("it is no alerts file of this release")
        self._db.executescript(
            f"BEGIN IMMEDIATE;{SCHEMA}PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {VERSION};COMMIT;"
        )

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._broken(error) from error
        finally:
            if self._db.in_transaction:
                self._db.rollback()

    def _read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> AlertError:
        full = why_full(self.path)
        remedy = (
            f"{full}; free some" if full else "check the disk and the file's owner, or move the file away"
        )
        return AlertError(f"alerts file {self.path}: {error}; {remedy}")


def read_alerts(
    path: Path, before: int | None, limit: int
) -> tuple[list[Alert], list[Alert], list[ChannelState]]:
    """Return open and past alerts and the channels of a file that another process writes; raises AlertError."""
    try:
        with read_only(path, 1.0) as db:
            open_rows = db.execute(_OPEN).fetchall()
            past_rows = db.execute(_PAST, (before or 2**62, limit)).fetchall()
            channels = db.execute("SELECT * FROM channel ORDER BY name").fetchall()
    except sqlite3.Error as error:
        raise AlertError(f"alerts file {path}: cannot be read ({error}); check the file") from error
    return (
        [_alert(row) for row in open_rows],
        [_alert(row) for row in past_rows],
        [ChannelState(*row) for row in channels],
    )


def _alert(row: Sequence[Any]) -> Alert:
    number, code, kind, severity, text, remedy, raised, last, count, present, acknowledged, by = row
    return Alert(
        number, code, kind, severity, text, remedy, raised, last, count, bool(present), acknowledged, by
    )
