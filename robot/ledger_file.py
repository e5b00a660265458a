"""The ledger's file: opened, checked, written in transactions. What is in it is `ledger.py`'s."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from robot import ledger_schema as sql
from robot.disk import why_full


class LedgerError(Exception):
    """The ledger cannot be used; the text names the file, the cause and the remedy."""


class LedgerFile:
    """SQLite in WAL mode, every commit on disk before it returns. Wall times are POSIX seconds."""

    def __init__(self, path: Path | str) -> None:
        """Open or create the ledger; raises LedgerError when it is damaged, newer, or cannot be written."""
        self._path = str(path)
        try:
            if self._path != ":memory:":
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, isolation_level=None, timeout=2.0)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._check_and_create()
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"ledger {self._path}: {error}; {self._remedy(', or move the file away to begin a new one')}"
            ) from error

    def try_to_write(self) -> None:
        """Raise LedgerError when the disk takes nothing: opening an existing file does not show it."""
        with self._transaction() as db:
            db.execute(f"PRAGMA user_version = {sql.SCHEMA_VERSION}")

    def _check_and_create(self) -> None:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > sql.SCHEMA_VERSION:
            raise LedgerError(
                f"ledger {self._path}: written by a newer Bombus (schema {version}, "
                f"this one reads {sql.SCHEMA_VERSION}); update Bombus, or name another ledger file"
            )
        verdict = str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])
        if verdict != "ok":
            raise LedgerError(f"ledger {self._path}: damaged ({verdict}); move it away and begin a new one")
        if version == 0:
            self._db.executescript(f"BEGIN;{sql.SCHEMA}PRAGMA user_version = {sql.SCHEMA_VERSION};COMMIT;")
        self._db.executescript(sql.MISSION_SCHEMA + sql.CLOCK_SCHEMA + sql.TEST_SCHEMA + sql.FORECAST_SCHEMA)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except (sqlite3.Error, OverflowError) as error:
            raise LedgerError(
                f"ledger {self._path}: cannot be written ({error}); {self._remedy()}"
            ) from error
        finally:
            if self._db.in_transaction:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")

    def _remedy(self, otherwise: str = "") -> str:
        full = "" if self._path == ":memory:" else why_full(Path(self._path))
        return f"{full}; free some" if full else f"check the disk and its free space{otherwise}"

    def _query(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise LedgerError(f"ledger {self._path}: cannot be read ({error}); check the disk") from error
