"""A short row through the real loop, bridge and C core, on the truth with errors."""

from pathlib import Path

import pytest

from sim.lockstep import LockstepRow, machine_for
from sim.result import SimResult
from sim.scenario import load_scenario
from sim.troubles import SimLedger


def drive(folder: Path, seed: int, length_m: float = 2.0, speed_m_s: float = 0.15) -> SimResult:
    folder.mkdir(parents=True, exist_ok=True)
    scenario = load_scenario("row", length_m=length_m, speed_m_s=speed_m_s)
    config = machine_for(scenario, None, folder / "ledger.sqlite")
    row = LockstepRow(scenario, seed, config, "truth", SimLedger(config.ledger.path))
    finished, why = row.run()
    return row.result(finished, why, 1.0)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> SimResult:
    return drive(tmp_path_factory.mktemp("row"), seed=1)


def test_the_row_is_driven_to_its_end_without_a_fault(result: SimResult) -> None:
    assert result.finished, result.ended_because
    assert result.faults == []


def test_most_ready_flowers_are_treated_and_buds_are_left_alone(result: SimResult) -> None:
    assert result.coverage is not None
    assert result.coverage >= 0.6
    assert result.precision is not None
    assert result.precision >= 0.8
    assert result.bud_hits <= max(1, 0.05 * result.pulses)


def test_the_same_seed_decides_the_same_to_the_bit_and_another_otherwise(tmp_path: Path) -> None:
    one, same, other = (drive(tmp_path / f"{k}", seed, 0.5, 0.3) for k, seed in enumerate((1, 1, 2)))
    assert one.pulses > 0
    assert one.decisions_sha256 == same.decisions_sha256
    assert one.decisions_sha256 != other.decisions_sha256


def test_every_pulse_in_the_ledger_has_an_outcome(tmp_path: Path) -> None:
    drive(tmp_path, 3, 1.0, 0.3)
    ledger = SimLedger(tmp_path / "ledger.sqlite")
    assert ledger.last_pulse_id() > 0
    assert ledger.maybe_fired(0.0) == []
