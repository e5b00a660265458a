"""Real ledgers, written by the robot's own writer."""

import sqlite3
from pathlib import Path

import pytest

from robot.ledger import FinalFlower, Ledger, LedgerError, PulseState, Settled
from robot.mission.due import LastVisit
from robot.mission.house import DEMO_HOUSE, load_house
from robot.mission.house_map import lay_out
from robot.mission.visits import read_visits
from robot.types import PlannedPulse, Reason, Train
from vision.types import SIDES, Side

HOUSE = lay_out(load_house(DEMO_HOUSE))
LENGTH = HOUSE.rows["north-001"].length


def pulse(number: int, s: float, side: Side = "left") -> PlannedPulse:
    place = (s, 1.6, 0.4)
    return PlannedPulse(number, side, 0, 1000, 1, Train(15_000, 41_667, 3), place, (number,), (place,))


def flower(number: int, s: float, reason: str, side: Side = "left") -> FinalFlower:
    return FinalFlower(side, number, (s, 1.6, 0.4), reason)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def write(path: Path, row: str, wall: float, reached: float, state: PulseState = PulseState.DONE) -> None:
    ledger = Ledger(path)
    ledger.begin(row, wall)
    first = ledger.last_pulse_id() + 1
    pulses = [pulse(first, 0.3 * reached), pulse(first + 1, reached)]
    ledger.intend(pulses, row, 0.0, wall)
    ledger.settle([Settled(p.pulse_id, state) for p in pulses], wall)
    reasons = ("treated", "treated", Reason.NOT_READY, Reason.OUT_OF_REACH)
    ledger.finish_flowers([flower(i, reached, reason) for i, reason in enumerate(reasons)], wall + 1.0)
    ledger.close(wall + 2.0)


def test_last_visit_and_its_ready_flowers_are_read(path: Path) -> None:
    write(path, "north-001", 1000.0, LENGTH)
    write(path, "north-001", 90_000.0, 0.95 * LENGTH)
    found = read_visits([path], HOUSE)
    assert list(found) == [("north-001", "left")]
    last = found["north-001", "left"]
    assert last.wall == 90_001.0
    assert last.ready == 3, "two treated, one ready but out of reach; the one not ready does not count"


def test_broken_off_visit_does_not_count(path: Path) -> None:
    write(path, "north-001", 1000.0, LENGTH)
    write(path, "north-001", 90_000.0, 0.5 * LENGTH)
    assert read_visits([path], HOUSE)["north-001", "left"].wall == 1001.0


def test_latest_of_several_robots_counts(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    write(path, "north-001", 50_000.0, LENGTH)
    write(other, "north-001", 20_000.0, LENGTH)
    assert read_visits([path, other], HOUSE)["north-001", "left"].wall == 50_001.0


def test_pulses_that_gave_no_air_are_no_visit(path: Path) -> None:
    ledger = Ledger(path)
    ledger.begin("north-001", 1.0)
    ledger.intend([pulse(1, LENGTH)], "north-001", 0.0, 1.0)
    ledger.settle([Settled(1, PulseState.REFUSED)], 1.0)
    ledger.close(2.0)
    assert read_visits([path], HOUSE) == {}


def test_row_set_in_the_middle_of_a_session_counts_for_itself(path: Path) -> None:
    ledger = Ledger(path)
    ledger.begin("north-001", 1.0)
    ledger.intend([pulse(1, LENGTH)], "north-001", 0.0, 10.0)
    ledger.finish_flowers([flower(1, LENGTH, "treated")], 11.0)
    ledger.set_row("north-002", 12.0)
    ledger.intend([pulse(2, LENGTH)], "north-002", 0.0, 5000.0)
    ledger.close(6000.0)
    found = read_visits([path], HOUSE)
    assert {row: last.wall for (row, _), last in found.items()} == {"north-001": 11.0, "north-002": 5000.0}


def test_visit_that_a_mission_has_done_counts_without_a_flower(path: Path) -> None:
    ledger = Ledger(path)
    for row, outcome, wall in (
        ("north-001", "done", 50.0),
        ("north-002", "broken_off", 60.0),
        ("", "swap", 70.0),
    ):
        visit = ledger.begin_visit(row, ("left",), wall)
        ledger.turn_visit(visit, wall + 1.0)
        ledger.end_visit(visit, outcome, wall + 2.0)
    ledger.begin_visit("north-003", SIDES, 80.0)
    ledger.close(90.0)
    assert read_visits([path], HOUSE) == {("north-001", "left"): LastVisit(52.0, None)}


def test_ledger_of_another_house_is_told(path: Path) -> None:
    write(path, "somewhere", 1000.0, LENGTH)
    with pytest.raises(LedgerError, match="none of its rows \\(somewhere\\) is in the house"):
        read_visits([path], HOUSE)


def test_what_is_no_ledger_ends_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no such file"):
        read_visits([tmp_path / "none"], HOUSE)
    text = tmp_path / "text"
    text.write_text("no database at all, but long enough to be looked at " * 20)
    with pytest.raises(LedgerError, match="cannot be read"):
        read_visits([text], HOUSE)
    empty = tmp_path / "empty"
    sqlite3.connect(empty).close()
    with pytest.raises(LedgerError, match="schema 0"):
        read_visits([empty], HOUSE)


def test_reading_leaves_the_ledger_as_it_is(path: Path) -> None:
    write(path, "north-001", 1000.0, LENGTH)
    before = path.read_bytes()
    read_visits([path], HOUSE)
    assert path.read_bytes() == before
