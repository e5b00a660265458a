import sqlite3
from pathlib import Path

import pytest

from robot.ledger import FinalFlower, LastSession, Ledger, LedgerError, PulseState, Settled
from robot.types import PlannedPulse, Train

WALL = 1_780_000_000.0


def pulse(pulse_id: int, s: float = 1.0) -> PlannedPulse:
    places = ((s, 1.6, 0.43), (s + 0.006, 1.6, 0.43))
    return PlannedPulse(pulse_id, "left", 3, 20_000, 1, Train(15_000, 41_667, 3), places[0], (4, 5), places)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "ledger.sqlite"


def opened(path: Path, row: str = "r1", wall: float = WALL) -> Ledger:
    ledger = Ledger(path)
    ledger.begin(row, wall)
    return ledger


def test_intent_is_on_disk_before_the_pulse_is_sent(path: Path) -> None:
    ledger = opened(path)
    ledger.intend([pulse(1), pulse(2)], "r1", 5.0, WALL)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM intent").fetchone() == (2,)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    ledger.close(WALL)


def test_pulse_without_an_outcome_becomes_maybe_fired_at_the_next_start(path: Path) -> None:
    first = opened(path)
    first.intend([pulse(1), pulse(2)], "r1", 5.0, WALL)
    first.settle([Settled(1, PulseState.DONE, "", 3, 5.1, 5.2, 20_000)], WALL)
    first._db.close()
    second = Ledger(path)
    assert second.begin("r1", WALL + 60) == 1
    assert second.maybe_fired(WALL) == [2]
    second.close(WALL)


def test_measured_outcome_replaces_a_maybe_but_never_another_measured_one(path: Path) -> None:
    ledger = opened(path)
    ledger.intend([pulse(1)], "r1", 5.0, WALL)
    ledger.settle([Settled(1, PulseState.MAYBE_FIRED, "lost")], WALL)
    ledger.settle([Settled(1, PulseState.NOT_FIRED, "estop")], WALL)
    ledger.settle([Settled(1, PulseState.DONE, "", 3)], WALL)
    found = ledger._query("SELECT outcome, reason FROM outcome")
    assert found == [("not_fired", "estop")]
    ledger.close(WALL)


def test_outcome_of_an_unknown_pulse_is_ignored(path: Path) -> None:
    ledger = opened(path)
    ledger.settle([Settled(77, PulseState.DONE)], WALL)
    assert ledger._query("SELECT * FROM outcome") == []
    ledger.close(WALL)


def test_treated_places_hold_fired_maybe_and_open_pulses_but_no_refused_ones(path: Path) -> None:
    ledger = opened(path)
    ledger.intend([pulse(i, s=float(i)) for i in range(1, 6)], "r1", 5.0, WALL)
    states = {1: PulseState.DONE, 2: PulseState.REFUSED, 3: PulseState.NOT_FIRED, 4: PulseState.MAYBE_FIRED}
    ledger.settle([Settled(i, state) for i, state in states.items()], WALL)
    found = ledger.treated_places("r1", WALL - 10, WALL + 30)
    assert sorted({treated.pulse_id for treated in found}) == [1, 4, 5]
    assert {treated.age_s for treated in found} == {30.0}
    assert found[0].place == (1.0, 1.6, 0.43)
    assert ledger.treated_places("r2", WALL - 10, WALL) == []
    ledger.close(WALL)


def test_wall_clock_that_went_back_makes_treatments_recent_never_forgotten(path: Path) -> None:
    ledger = opened(path)
    ledger.intend([pulse(1)], "r1", 5.0, WALL)
    found = ledger.treated_places("r1", WALL - 90_000, WALL - 80_000)
    assert {treated.age_s for treated in found} == {0.0}
    ledger.close(WALL)


def test_pulse_ids_go_on_where_the_last_run_ended(path: Path) -> None:
    first = opened(path)
    assert first.last_pulse_id() == 0
    first.intend([pulse(41)], "r1", 5.0, WALL)
    first.close(WALL)
    second = opened(path)
    assert second.last_pulse_id() == 41
    second.close(WALL)


def test_same_pulse_id_is_never_meant_twice(path: Path) -> None:
    ledger = opened(path)
    ledger.intend([pulse(1)], "r1", 5.0, WALL)
    with pytest.raises(LedgerError, match="cannot be written"):
        ledger.intend([pulse(2), pulse(1)], "r1", 5.0, WALL)
    assert ledger.last_pulse_id() == 1
    ledger.intend([pulse(2)], "r1", 5.0, WALL)
    ledger.close(WALL)


def test_place_of_the_last_session_is_given_back(path: Path) -> None:
    first = opened(path)
    assert first.last_session() is None
    first.note_place(7, -1.25, 4.0, WALL)
    first._db.close()
    second = opened(path)
    assert second.last_session() == LastSession("r1", 7, -1.25, ended=False)
    second.close(WALL)


def test_progress_of_a_row_only_grows(path: Path) -> None:
    ledger = opened(path)
    assert ledger.progress("r1") is None
    for s in (3.0, 7.5, 2.0):
        ledger.note_place(7, -1.0, s, WALL)
    assert ledger.progress("r1") == 7.5
    ledger.set_row("r2", WALL)
    ledger.note_place(7, -1.0, 1.0, WALL)
    assert (ledger.progress("r1"), ledger.progress("r2")) == (7.5, 1.0)
    ledger.close(WALL)


def test_last_word_on_a_flower_and_the_journal_are_kept(path: Path) -> None:
    ledger = opened(path)
    ledger.finish_flowers([FinalFlower("left", 4, (1.0, 1.6, 0.4), "bud_in_jet")], WALL)
    ledger.note("command", "stop", "tablet", 5.0, WALL)
    assert ledger._query("SELECT side, flower, reason FROM flower") == [("left", 4, "bud_in_jet")]
    assert ledger._query("SELECT kind, text, who FROM journal") == [("command", "stop", "tablet")]
    ledger.close(WALL)


def test_ledger_of_a_newer_bombus_is_refused_with_the_remedy(path: Path) -> None:
    opened(path).close(WALL)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerError, match=r"schema 99.*update Bombus"):
        Ledger(path)


def test_file_that_is_no_ledger_is_refused_with_the_remedy(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database, it is a sentence" * 100)
    with pytest.raises(LedgerError, match="move the file away"):
        Ledger(path)


def test_damaged_ledger_is_refused(path: Path) -> None:
    ledger = opened(path)
    ledger.intend([pulse(i) for i in range(1, 400)], "r1", 5.0, WALL)
    ledger.close(WALL)
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 8] = b"\xff" * (4096 * 5)
    path.write_bytes(bytes(content))
    with pytest.raises(LedgerError, match="ledger"):
        Ledger(path)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerError, match="file"):
        Ledger(tmp_path / "file" / "ledger.sqlite")


def test_closing_a_broken_ledger_does_not_raise(path: Path) -> None:
    ledger = opened(path)
    ledger._db.execute("DROP TABLE session")
    ledger.close(WALL)
