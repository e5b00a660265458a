"""Past runs from the ledger: read only, and a ledger that is missing, strange or busy is told, never raised."""

import sqlite3
from pathlib import Path

import pytest

from robot.dashboard.history import read_history
from robot.ledger import FinalFlower, Ledger, PulseState, Settled
from robot.types import PlannedPulse, Train

PULSE = PlannedPulse(1, "left", 3, 1000, 1, Train(15000, 41667, 3), (1.0, 1.6, 0.4), (5,), ((1.0, 1.6, 0.4),))


def fill(path: Path) -> Ledger:
    ledger = Ledger(path)
    ledger.begin("12", 1000.0)
    ledger.intend([PULSE], "12", 5.0, 1001.0)
    ledger.settle([Settled(1, PulseState.DONE)], 1002.0)
    ledger.finish_flowers(
        [FinalFlower("left", 5, (1.0, 1.6, 0.4), "treated"), FinalFlower("left", 6, (1.1, 1.6, 0.4), "late")],
        1003.0,
    )
    ledger.note("mode", "ready -> running", "tablet", 5.0, 1001.0)
    return ledger


def test_a_session_is_told_with_its_flowers_and_pulses(tmp_path: Path) -> None:
    ledger = fill(tmp_path / "l.sqlite")
    found = read_history(tmp_path / "l.sqlite")
    ledger.close(1010.0)
    assert not found.problem
    (session,) = found.sessions
    assert (session.row, session.started, session.ended) == ("12", 1000.0, None)
    assert session.flowers == {"treated": 1, "late": 1}
    assert session.pulses == {"done": 1}
    assert found.journal[0].text == "ready -> running"


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    fill(path).close(1010.0)
    before = path.read_bytes()
    read_history(path)
    assert path.read_bytes() == before


def test_a_missing_ledger_is_told(tmp_path: Path) -> None:
    found = read_history(tmp_path / "none.sqlite")
    assert "no ledger yet" in found.problem
    assert not (tmp_path / "none.sqlite").exists()


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000])
def test_a_strange_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "l.sqlite").write_bytes(content)
    assert "cannot be read" in read_history(tmp_path / "l.sqlite").problem


def test_a_ledger_without_our_tables_is_told(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "l.sqlite")
    db.execute("CREATE TABLE other (a)")
    db.close()
    assert "cannot be read" in read_history(tmp_path / "l.sqlite").problem


def test_a_path_with_odd_signs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a ?#%20 b" / "l.sqlite"
    fill(path).close(1010.0)
    assert read_history(path).sessions
