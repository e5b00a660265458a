"""The accounts file opened: one connection that writes, one that reads, so that reading never waits for the disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from robot.dashboard.accounts_schema import APPLICATION_ID, CROP_SCHEMA, SCHEMA, VERSION
from robot.disk import why_full

Row = tuple[Any, ...]


class StoreError(Exception):
    """The accounts file cannot be used; the text names it, the cause and the remedy."""


class Store:
    """SQLite in WAL mode. Any thread may read and write; a commit is on disk before it returns."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, readable by its owner only; raises StoreError.

        While the disk is full the page is served from a copy in memory, so that it can show why nothing works.
        """
        self.path = path
        self._lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._is_copy = False
        try:
            self._writer, self._reader = self._opened()
        except (sqlite3.Error, OSError) as error:
            full = why_full(path)
            if not full:
                remedy = "check the disk and the file's owner, or name another file"
                raise StoreError(f"accounts file {path}: {error}; {remedy}") from error
            self._is_copy = True
            self._writer = self._reader = _copy_in_memory(path)

    def _opened(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch(mode=0o600)
        with ExitStack() as undo:
            writer = _connect(self.path)
            undo.callback(writer.close)
            _create(writer)
            reader = _connect(self.path)
            reader.execute("PRAGMA query_only = ON")
            undo.pop_all()
        return writer, reader

    def _leave_the_copy(self) -> None:
        """Go over to the file once there is room; raises StoreError while there is none."""
        copy = self._reader
        try:
            self._writer, self._reader = self._opened()
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error
        self._is_copy = False
        copy.close()

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
            if self._is_copy:
                with self._read_lock:
                    self._leave_the_copy()
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

    def _broken(self, error: Exception) -> StoreError:
        full = why_full(self.path)
        remedy = f"{full}; free some" if full else "check the disk and its free space"
        return StoreError(f"accounts file {self.path}: {error}; {remedy}")


def _create(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (ours,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if version == VERSION and ours == APPLICATION_ID:
        # Only where it is missing: opening a file that is whole must not want room on the disk.
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'crop_count_by_day'").fetchone():
            db.executescript(CROP_SCHEMA)
        return
    if tables or version:
        raise sqlite3.DatabaseError("it is no accounts file of this release")
    db.executescript(
        f"BEGIN IMMEDIATE;{SCHEMA}{CROP_SCHEMA}PRAGMA application_id = {APPLICATION_ID};"
        f"PRAGMA user_version = {VERSION};COMMIT;"
    )


def _copy_in_memory(path: Path) -> sqlite3.Connection:
    """Return what the file holds, or an empty accounts file; nothing is written to the disk."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    # Immutable: without it SQLite would make a file beside it, for which there is no room.
    with suppress(sqlite3.Error), closing(_immutable(path)) as db:
        db.backup(copy)
    _create(copy)
    copy.execute("PRAGMA query_only = ON")
    return copy


def _immutable(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=2.0, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db
