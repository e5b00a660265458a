"""The audit log only grows: not even SQL through its own file changes or removes a line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from robot.clock import MonotonicClock
from robot.dashboard.audit import EXPORT_CHUNK, Actor, AuditLog, Outcome
from robot.dashboard.store import Store, StoreError

ANA = Actor("Ana", "operator", "here")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "a.sqlite")
    yield store
    store.close()


@pytest.fixture
def audit(store: Store) -> AuditLog:
    return AuditLog(store, MonotonicClock())


def test_a_line_tells_who_what_when_and_what_became_of_it(audit: AuditLog) -> None:
    number = audit.begin(ANA, "set_speed", "0.2", "key")
    [line] = audit.newest(None)
    assert (line.who, line.role, line.address, line.action, line.detail) == (
        "Ana", "operator", "here", "set_speed", "0.2",
    )  # fmt: skip
    assert line.outcome is None
    audit.end(number, Outcome.NO_ANSWER, "silent")
    audit.end(number, Outcome.DONE, "handed over")
    [line] = audit.newest(None)
    assert (line.outcome, line.text) == ("done", "handed over")
    assert abs(line.wall - MonotonicClock().wall().timestamp()) < 60


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET who = 'Eve'",
        "DELETE FROM audit",
        "UPDATE outcome SET outcome = 'refused'",
        "DELETE FROM outcome",
        "REPLACE INTO outcome SELECT id, audit, wall, 'refused', '' FROM outcome",
        "REPLACE INTO audit SELECT id, 0, 'Eve', role, address, action, detail, request_id FROM audit",
    ],
)
def test_no_statement_changes_or_removes_a_line(audit: AuditLog, store: Store, change: str) -> None:
    audit.note(ANA, "start")
    before = audit.newest(None)
    with (
        closing(sqlite3.connect(store.path)) as db,
        pytest.raises(sqlite3.DatabaseError, match="append-only"),
    ):
        db.execute(change)
    assert audit.newest(None) == before


def test_our_own_connection_cannot_change_it_either(audit: AuditLog, store: Store) -> None:
    audit.note(ANA, "start")
    with pytest.raises(StoreError, match="append-only"), store.change() as db:
        db.execute("DELETE FROM audit")
    assert len(audit.newest(None)) == 1


def test_pages_and_the_export_hold_every_line_once(audit: AuditLog, store: Store) -> None:
    count = EXPORT_CHUNK + 7
    with store.change() as db:
        db.executemany(
            "INSERT INTO audit (wall, who, role, address, action, detail, request_id) "
            "VALUES (?, 'A', 'r', 'h', 'x', '', '')",
            [(float(i),) for i in range(count)],
        )
    assert [line.id for line in audit.every()] == list(range(1, count + 1))
    page = audit.newest(None, 100)
    assert [line.id for line in page] == list(range(count, count - 100, -1))
    assert audit.newest(page[-1].id, 1)[0].id == page[-1].id - 1


def test_a_known_request_is_found_for_its_sender_and_a_while_only(audit: AuditLog) -> None:
    number = audit.begin(ANA, "start", "", "key")
    found = audit.known("Ana", "key", 60.0)
    assert found is not None and found.id == number
    assert audit.known("Ben", "key", 60.0) is None
    assert audit.known("Ana", "other", 60.0) is None
    assert audit.known("Ana", "key", 0.0) is None
    audit.begin(ANA, "start")
    assert audit.known("Ana", "", 60.0) is None
