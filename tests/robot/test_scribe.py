from datetime import UTC, datetime, timedelta

import pytest

from robot.cart import Cart
from robot.config import DEMO_MACHINE, load_config
from robot.ledger import FinalFlower, Ledger, PulseState, Settled
from robot.pilot import Change
from robot.scribe import Scribe
from robot.types import PlannedPulse, Reason, Train
from vision.types import Pose

PULSE = PlannedPulse(
    1, "left", 3, 20_000, 1, Train(15_000, 41_667, 3), (1.0, 1.6, 0.4), (4,), ((1.0, 1.6, 0.4),)
)


class WallClock:
    def now(self) -> float:
        return 5.0

    def wall(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=UTC) + timedelta(seconds=5)

    def sleep_until(self, t: float) -> None:
        raise NotImplementedError


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(":memory:")


@pytest.fixture
def scribe(ledger: Ledger) -> Scribe:
    return Scribe(ledger, WallClock(), "r1")


def test_pulses_are_handed_on_once_they_are_written(scribe: Scribe, ledger: Ledger) -> None:
    assert scribe.intend([PULSE], [], 5.0) == ((PULSE,), ())
    assert ledger.last_pulse_id() == 1
    assert [place.pulse_id for place in scribe.treated_places()] == [1]


def test_pulses_that_cannot_be_written_are_refused_with_the_cause(scribe: Scribe, ledger: Ledger) -> None:
    ledger._db.execute("ALTER TABLE intent RENAME TO gone")
    allowed, refused = scribe.intend([PULSE], [], 5.0)
    assert allowed == ()
    assert [(r.pulse, r.reason) for r in refused] == [(PULSE, Reason.STOPPED)]
    assert "cannot be written" in scribe.problem and "free space" in refused[0].detail


def test_problem_ends_with_the_next_writing_that_works(scribe: Scribe, ledger: Ledger) -> None:
    ledger._db.execute("ALTER TABLE intent RENAME TO gone")
    scribe.intend([PULSE], [], 5.0)
    ledger._db.execute("ALTER TABLE gone RENAME TO intent")
    scribe.note([Change("mode", "a -> b")], 5.0)
    assert scribe.problem == ""


def test_settling_tells_whether_it_is_on_disk(scribe: Scribe, ledger: Ledger) -> None:
    scribe.intend([PULSE], [], 5.0)
    assert scribe.settle([])
    assert scribe.settle([Settled(1, PulseState.DONE)])
    ledger._db.execute("DROP TABLE outcome")
    assert not scribe.settle([Settled(1, PulseState.DONE)])


def test_place_and_finished_flowers_are_kept_once_a_second(scribe: Scribe, ledger: Ledger) -> None:
    cart = Cart(load_config(DEMO_MACHINE), None)
    scribe.finish([FinalFlower("left", 4, (1.0, 1.6, 0.4), "treated")])
    scribe.keep_place(cart, Pose(5.0, 2.5, 0.15, 0.0), 5.0)
    scribe.keep_place(cart, Pose(5.5, 3.5, 0.15, 0.0), 5.5)
    assert ledger.progress("r1") == 2.5
    assert ledger._query("SELECT count(*) FROM flower") == [(1,)]
    scribe.keep_place(cart, Pose(6.0, 4.5, 0.15, 0.0), 6.0)
    assert ledger.progress("r1") == 4.5


def test_new_row_has_its_own_treatments(scribe: Scribe) -> None:
    scribe.intend([PULSE], [], 5.0)
    scribe.set_row("r2", 6.0)
    assert scribe.take_begun() == ()
    assert scribe.take_begun() is None
    assert scribe.treated_places() == []
    scribe.set_row("r1", 7.0)
    assert len(scribe.treated_places()) == 1


def test_pulses_left_open_by_the_last_run_are_counted_and_asked_about(ledger: Ledger) -> None:
    first = Scribe(ledger, WallClock(), "r1")
    first.intend([PULSE], [], 5.0)
    second = Scribe(ledger, WallClock(), "r1")
    assert second.unresolved == 1
    assert second.unknown_outcomes() == [1]
