"""What counts as a flower treated again."""

from pathlib import Path

from robot.ledger import Ledger, PulseState, Settled
from robot.types import PlannedPulse, Train
from sim.twice import Aim, AimLog


def log_of(*aims: Aim) -> AimLog:
    log = AimLog(lambda: "a")
    log.aims += aims
    return log


def test_flower_aimed_at_in_a_later_pass_counts_and_a_neighbour_does_not(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    Ledger(ledger)
    first = Aim(1, "a", "left", 10.0, (1.0, 1.5, 0.4))
    again = Aim(2, "a", "left", 60.0, (1.004, 1.5, 0.4))
    assert log_of(first, again).twice(ledger, 0.006) == 1
    for other in (
        Aim(2, "a", "left", 60.0, (1.02, 1.5, 0.4)),
        Aim(2, "a", "right", 60.0, first.place),
        Aim(2, "b", "left", 60.0, first.place),
        Aim(2, "a", "left", 11.0, first.place),
    ):
        assert log_of(first, other).twice(ledger, 0.006) == 0


def test_pulse_that_gave_no_air_may_be_repeated(tmp_path: Path) -> None:
    path, place = tmp_path / "ledger.sqlite", (1.0, 1.5, 0.4)
    ledger = Ledger(path)
    ledger.begin("a", 1.0)
    ledger.intend([PlannedPulse(1, "left", 0, 1, 1, Train(1, 2, 3), place, (1,), (place,))], "a", 0.0, 1.0)
    ledger.settle([Settled(1, PulseState.NOT_FIRED)], 1.0)
    aims = Aim(1, "a", "left", 10.0, place), Aim(2, "a", "left", 60.0, place)
    assert log_of(*aims).twice(path, 0.006) == 0
