"""`bombus calibrate readiness` on a short row of the simulator's own labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bombus.calibrate_readiness import numbers
from bombus.output import WrongUseError
from tests.bombus.conftest import Ended


def test_a_short_row_gives_settings_and_a_diagram(bombus: Callable[..., Ended], tmp_path: Path) -> None:
    plot = tmp_path / "diagram.png"
    line = f"calibrate readiness --detector truth --length 2 --seeds 21 --plot {plot} --json"
    done = bombus(*line.split())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rows"] == 1 and found["flowers"] > 30
    assert 0.0 <= found["calibration_error"]["tempered"] <= 0.5
    assert sum(one["count"] for one in found["reliability"]) == found["flowers"] + found["nothing_there"]
    assert plot.stat().st_size > 1000


def test_rows_are_named_by_numbers_and_ranges() -> None:
    assert numbers("21-23,30") == [21, 22, 23, 30]


@pytest.mark.parametrize("text", ["", "a", "3-", "9-1", "1-500"])
def test_other_names_of_rows_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(WrongUseError, match="--seeds"):
        numbers(text)
