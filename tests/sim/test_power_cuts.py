"""Power cut again and again: the ledger stays whole, the day is resumed, nothing is treated twice."""

import pytest

from sim.power_cuts import main, run_cuts


@pytest.mark.slow
def test_mission_survives_power_cuts_at_random_moments() -> None:
    result = run_cuts(60, seed=2)
    assert result.problems == ()
    assert result.cuts == 60 and result.rows_done == 3 * result.days and result.pulses > 50


def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--cuts", "0"])
    assert ended.value.code == 2
    assert "--cuts 0: give 1 to 100000" in capsys.readouterr().err
