"""Wall time that nobody can push: whatever happens to the computer's clock, no treatment seems older than it is."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.ledger import Ledger
from robot.scribe import Scribe, treated_in
from robot.types import PlannedPulse, Train
from robot.wall_guard import GuardedClock, clock_is_synchronised, this_boot

PULSE = PlannedPulse(1, "left", 3, 1000, 1, Train(15000, 41667, 3), (1.0, 1.6, 0.4), (5,), ((1.0, 1.6, 0.4),))
HOUR = 3600.0


@dataclass
class Machine:
    """A computer whose clock can be set, with or without something that synchronises it."""

    mono: float = 50.0
    wall_s: float = 1.8e9
    synced: bool = False
    boot: str = "first"

    def now(self) -> float:
        return self.mono

    def wall(self) -> datetime:
        return datetime.fromtimestamp(self.wall_s, UTC)

    def sleep_until(self, t: float) -> None:
        raise AssertionError("nobody sleeps here")

    def passes(self, seconds: float) -> None:
        self.mono += seconds
        self.wall_s += seconds

    def guarded(self, ledger: Ledger) -> GuardedClock:
        return GuardedClock(self, ledger, self.boot, lambda: self.synced)


def age_of(ledger: Ledger, clock: GuardedClock) -> float:
    (place,) = treated_in(ledger, "7", clock.wall().timestamp())
    return place.age_s


def treat(ledger: Ledger, clock: GuardedClock) -> None:
    Scribe(ledger, clock, "7").intend([PULSE], (), clock.now())


def test_a_step_forward_by_hand_does_not_make_a_treatment_old() -> None:
    ledger, machine = Ledger(":memory:"), Machine()
    clock = machine.guarded(ledger)
    treat(ledger, clock)
    machine.passes(60.0)
    machine.wall_s += 20 * HOUR
    assert clock.look() == "by +72000 s, not taken over: the time is not synchronised"
    assert age_of(ledger, clock) == pytest.approx(60.0)
    machine.passes(5.0)
    assert clock.look() == "", "told once"


def test_neither_does_a_restart_of_the_program_after_the_step() -> None:
    ledger, machine = Ledger(":memory:"), Machine()
    treat(ledger, machine.guarded(ledger))
    machine.wall_s += 20 * HOUR
    machine.passes(60.0)
    assert age_of(ledger, machine.guarded(ledger)) == pytest.approx(60.0)


def test_a_synchronised_clock_is_taken_over_and_what_this_boot_wrote_is_corrected() -> None:
    ledger, machine = Ledger(":memory:"), Machine()
    clock = machine.guarded(ledger)
    treat(ledger, clock)
    machine.passes(60.0)
    machine.wall_s += 12 * HOUR
    machine.synced = True
    assert clock.look() == "by +43200 s, taken over: the time is synchronised"
    assert clock.wall().timestamp() == pytest.approx(machine.wall_s)
    assert age_of(ledger, clock) == pytest.approx(60.0)
    machine.boot, machine.mono = "second", 3.0
    machine.wall_s += HOUR
    assert age_of(ledger, machine.guarded(ledger)) == pytest.approx(HOUR + 60.0)


def test_stamps_of_earlier_boots_are_left_alone_by_a_correction() -> None:
    ledger, machine = Ledger(":memory:"), Machine(synced=True)
    treat(ledger, machine.guarded(ledger))
    machine.boot, machine.mono, machine.synced = "second", 3.0, False
    machine.wall_s += HOUR
    clock = machine.guarded(ledger)
    Scribe(ledger, clock, "7")
    machine.wall_s += 2 * HOUR
    machine.synced = True
    clock.look()
    assert age_of(ledger, clock) == pytest.approx(3 * HOUR)


def test_a_computer_without_a_clock_chip_goes_on_from_where_it_was_seen_last() -> None:
    ledger, machine = Ledger(":memory:"), Machine()
    treat(ledger, machine.guarded(ledger))
    machine.boot, machine.mono, machine.wall_s = "second", 2.0, 0.0
    clock = machine.guarded(ledger)
    machine.passes(30.0)
    assert age_of(ledger, clock) == pytest.approx(30.0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pass", "set", "restart", "sync", "unsync"]), st.floats(-1e6, 1e6, allow_nan=False)
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_no_step_of_the_clock_within_a_boot_makes_a_treatment_older_than_it_is(
    steps: list[tuple[str, float]],
) -> None:
    ledger, machine = Ledger(":memory:"), Machine()
    clock = machine.guarded(ledger)
    treat(ledger, clock)
    treated_at = machine.mono
    for kind, amount in steps:
        if kind == "pass":
            machine.passes(abs(amount))
        elif kind == "set":
            machine.wall_s = min(max(machine.wall_s + amount, 0.0), 4e9)
        elif kind == "restart":
            clock = machine.guarded(ledger)
        else:
            machine.synced = kind == "sync"
        clock.look()
        found = treated_in(ledger, "7", clock.wall().timestamp())
        true_age = machine.mono - treated_at
        assert all(place.age_s <= true_age + 1e-3 for place in found)
        assert found or true_age > 9 * 86_400.0, "forgotten only when it is really long ago"


def test_the_kernel_is_asked() -> None:
    assert len(this_boot()) == 36
    assert clock_is_synchronised() in (True, False)


def test_a_ledger_of_before_gets_the_table(tmp_path: Path) -> None:
    import sqlite3

    ledger = Ledger(tmp_path / "l.sqlite")
    ledger.close(1.0)
    with sqlite3.connect(tmp_path / "l.sqlite") as db:
        db.execute("DROP TABLE clock")
    db.close()
    assert Ledger(tmp_path / "l.sqlite").clock_offset("x") is None
