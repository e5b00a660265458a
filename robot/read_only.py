"""Opens SQLite files that another program writes, unable to change them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def read_only(path: Path, timeout_s: float = 2.0) -> Iterator[sqlite3.Connection]:
    """Give a connection that reads; raises sqlite3.Error, also when there is no such file.

    While the writer holds the file, it waits for `timeout_s`.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=timeout_s)) as db:
        yield db


def has_table(db: sqlite3.Connection, name: str) -> bool:
    """Tell whether a table is there: one that came later is missing in the file of an older Bombus."""
    found = db.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
    return bool(found.fetchone()[0])
