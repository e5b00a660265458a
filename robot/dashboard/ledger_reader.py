"""Opens the ledger for the pages: read only, and whatever is wrong with it becomes one line for people."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robot.read_only import read_only

BUSY_S = 1.0


class LedgerUnreadError(Exception):
    """The ledger cannot be read; the text says why, and what to do."""


@contextmanager
def reading(ledger: Path) -> Iterator[sqlite3.Connection]:
    """Give a read-only connection; raises LedgerUnreadError, also for what goes wrong inside."""
    if not ledger.is_file():
        raise LedgerUnreadError("There is no ledger yet: it is made when the robot first runs.")
    try:
        with read_only(ledger, BUSY_S) as db:
            yield db
    except sqlite3.Error as error:
        raise LedgerUnreadError(f"The ledger cannot be read ({error}). Check the file.") from error
