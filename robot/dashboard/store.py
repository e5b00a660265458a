"""The accounts file opened: one connection that writes, one that reads, so that reading never waits for the disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robot.dashboard.accounts_schema import APPLICATION_ID, SCHEMA, VERSION
from robot.disk import why_full

Row = tuple[Any, ...]


class StoreError(Exception):
    """The accounts file cannot be used; the text names it, the cause and the remedy."""


class Store:
    """SQLite in WAL mode. Any thread may read and write; a commit is on disk before it returns."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, readable by its owner only; raises StoreError."""
        self.path = path
        self._lock = threading.Lock()
        self._read_lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._writer = _connect(path)
            self._create()
            self._reader = _connect(path)
            self._reader.execute("PRAGMA query_only = ON")
        except (sqlite3.Error, OSError) as error:
            remedy = why_full(path) or "check the disk and the file's owner, or name another file"
            raise StoreError(f"accounts file {path}: {error}; {remedy}") from error

    def read(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Return the rows of a query; raises StoreError."""
        try:
            with self._read_lock:
                return self._reader.execute(query, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise self._broken(error) from error

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction; it is on disk when the block ends. Raises StoreError, and then nothing changed."""
        with self._lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._broken(error) from error
            finally:
                if self._writer.in_transaction:
                    self._writer.rollback()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    def _broken(self, error: sqlite3.Error) -> StoreError:
        remedy = why_full(self.path) or "check the disk and its free space"
        return StoreError(f"accounts file {self.path}: {error}; {remedy}")

    def _create(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        (ours,) = self._writer.execute("PRAGMA application_id").fetchone()
        (tables,) = self._writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if version == VERSION and ours == APPLICATION_ID:
            return
        if tables or version:
            raise sqlite3.DatabaseError("it is no accounts file of this release")
        self._writer.executescript(
            f"BEGIN IMMEDIATE;{SCHEMA}PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {VERSION};COMMIT;"
        )


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=2.0, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db
