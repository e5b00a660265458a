from collections.abc import Callable
from pathlib import Path

import pytest

from robot import blind_ledger
from robot.blind_ledger import BlindLedger, open_ledger
from robot.ledger import Ledger, LedgerError, PulseState, Settled


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(ledger: Ledger) -> None:
        raise LedgerError("database or disk is full")

    monkeypatch.setattr(Ledger, "try_to_write", refuse)
    monkeypatch.setattr(blind_ledger, "why_full", lambda path: "the disk at /var is full: 0.0 of 9 MiB free")


def test_ledger_that_can_be_written_is_opened(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    assert not isinstance(ledger, BlindLedger)
    ledger.begin("7", 1.0)
    ledger.close(2.0)


@pytest.mark.usefixtures("full_disk")
def test_full_disk_gives_a_ledger_that_names_disk_file_and_remedy(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    assert isinstance(ledger, BlindLedger)
    assert ledger.why == (
        f"ledger {tmp_path}/ledger.sqlite: the disk at /var is full: 0.0 of 9 MiB free; "
        "free some, for example with: bombus recordings prune"
    )


def test_any_other_trouble_is_an_error_as_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all, but long enough to look like one" * 10)
    with pytest.raises(LedgerError, match="or move the file away to begin a new one"):
        open_ledger(path)


def test_blind_ledger_lets_the_robot_begin_and_takes_nothing() -> None:
    ledger = BlindLedger("no room")
    assert ledger.begin("7", 1.0) == 0
    ledger.keep_clock("boot", 1.0, 0.0)
    assert ledger.last_session() is None
    assert ledger.last_pulse_id() == 0
    assert ledger.treated_places("7", 0.0, 1.0) == []
    writes: list[Callable[[], None]] = [
        lambda: ledger.note("fault", "x", "", 1.0, 1.0),
        lambda: ledger.settle([Settled(1, PulseState.DONE)], 1.0),
        lambda: ledger.intend([], "7", 1.0, 1.0),
        lambda: ledger.note_place(1, 0.0, 1.0, 1.0),
    ]
    for write in writes:
        with pytest.raises(LedgerError, match="no room"):
            write()
    ledger.close(2.0)
