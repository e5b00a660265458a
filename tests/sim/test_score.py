import numpy as np
import pytest
from numpy.typing import NDArray

from sim.airjet import TrainEffect
from sim.score import score
from vision.types import Side, Stage


class Flowers:
    """Flowers one metre apart at h = 1.6 with the given stages."""

    def __init__(self, *stages: Stage) -> None:
        self.stage = np.array(stages, dtype=np.int32)

    def near(self, s: float, reach: float) -> NDArray[np.intp]:
        return np.flatnonzero(np.abs(np.arange(len(self.stage)) - s) <= reach)

    def positions(self, index: NDArray[np.intp], t: float) -> NDArray[np.float64]:
        return np.stack([index.astype(float), np.full(index.size, 1.6), np.full(index.size, 0.43)], axis=1)


def train(s: float, dose: dict[int, float], side: Side = "left") -> TrainEffect:
    return TrainEffect(side, 0, 0.0, 1, dose, [(0.0, s, 1.6)])


def test_nothing_fired_at_nothing_has_no_shares() -> None:
    result = score([], {"left": Flowers(), "right": Flowers()}, 1.0)
    assert (result.ready, result.coverage, result.precision) == (0, None, None)


def test_a_dose_too_small_treats_nobody() -> None:
    result = score([train(0.0, {0: 0.5})], {"left": Flowers(Stage.OPEN)}, 1.0)
    assert (result.treated, result.coverage, result.precision) == (0, 0.0, 0.0)


def test_a_pulse_that_hits_a_ready_flower_and_a_bud_counts_for_both() -> None:
    result = score([train(0.0, {0: 2.0, 1: 2.0})], {"left": Flowers(Stage.OPEN, Stage.BUD)}, 1.0)
    assert (result.treated, result.precision, result.bud_hits) == (1, 1.0, 1)


def test_a_flower_hit_by_two_trains_is_a_double_and_covered_once() -> None:
    result = score([train(0.0, {0: 2.0}), train(0.0, {0: 2.0})], {"left": Flowers(Stage.OPEN)}, 1.0)
    assert (result.treated, result.doubles, result.coverage) == (1, 1, 1.0)


def test_the_aim_error_is_measured_to_the_nearest_ready_flower() -> None:
    result = score([train(1.02, {})], {"left": Flowers(Stage.BUD, Stage.OPEN)}, 1.0)
    assert result.aim_error_mm.p50 == pytest.approx(20.0)


def test_a_train_far_from_every_ready_flower_has_no_aim_error_but_costs_precision() -> None:
    result = score([train(0.0, {})], {"left": Flowers(Stage.SPENT, Stage.OPEN)}, 1.0)
    assert (result.aim_error_mm.p50, result.precision) == (None, 0.0)
