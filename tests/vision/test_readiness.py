"""Temperature, reliability and threshold of the stage beliefs."""

from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.readiness import calibration_error, fit_temperature, reliability, tempered, threshold_for
from vision.reliability_diagram import draw_reliability
from vision.types import Stage


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Beliefs that are just right: each stage is drawn by its own belief."""
    random = np.random.default_rng(seed)
    beliefs = random.dirichlet((0.6, 0.6, 0.6), count)
    stages = (random.random((count, 1)) > beliefs.cumsum(axis=1)).sum(axis=1)
    return beliefs, np.minimum(stages, 2)


def test_right_beliefs_ask_for_no_temperature() -> None:
    assert fit_temperature(*drawn(4000, 1)) == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("temperature", [0.5, 2.0, 3.0])
def test_the_temperature_that_spoiled_them_is_found(temperature: float) -> None:
    beliefs, stages = drawn(4000, 2)
    spoiled = tempered(beliefs, 1.0 / temperature)
    assert fit_temperature(spoiled, stages) == pytest.approx(temperature, rel=0.08)
    before = calibration_error(reliability(spoiled[:, 1], stages == 1))
    after = calibration_error(reliability(tempered(spoiled, temperature)[:, 1], stages == 1))
    assert after < before


def test_without_a_flower_there_is_nothing_to_fit() -> None:
    with pytest.raises(ValueError, match="no flower"):
        fit_temperature(np.full((3, 3), 1 / 3), np.array([-1, -1, -1]))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.integers(0, 2**32 - 1), st.floats(0.0, 0.3))
def test_no_lower_threshold_keeps_buds_as_rare(count: int, seed: int, most_buds: float) -> None:
    random = np.random.default_rng(seed)
    said = random.choice(np.linspace(0, 1, 30), count)
    stages = random.integers(-1, 3, count)
    found = threshold_for(said, stages, most_buds)
    good = [
        level for level in np.unique(said) if (stages[said >= level] == Stage.BUD).mean() <= most_buds + 1e-12
    ]
    if found is None:
        assert not good
        return
    taken = said >= found.belief - 1e-4
    assert found.belief == pytest.approx(min(good), abs=1e-4)
    assert found.bud_share == pytest.approx((stages[taken] == Stage.BUD).mean(), abs=1e-4)
    assert found.precision == pytest.approx((stages[taken] == Stage.OPEN).mean(), abs=1e-4)


def test_bins_hold_every_flower_once() -> None:
    said = np.array([0.0, 0.05, 0.55, 1.0])
    bins = reliability(said, np.array([False, True, True, True]))
    assert [one.count for one in bins] == [2, 1, 1]
    assert [one.was for one in bins] == [0.5, 1.0, 1.0]
    assert calibration_error(bins) == pytest.approx((2 * 0.475 + 0.45) / 4)


def test_the_diagram_shows_both_curves(tmp_path: Path) -> None:
    beliefs, stages = drawn(500, 3)
    bins = msgspec.to_builtins(reliability(beliefs[:, 1], stages == 1))
    draw_reliability(bins, bins[:3], tmp_path / "diagram.png")
    picture = cv2.imread(str(tmp_path / "diagram.png"))
    assert picture is not None and len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
