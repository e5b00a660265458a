import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.airjet import AirJetConfig, JetLog, by_rhythm, dose_of
from sim.shakes import ShakeConfig
from vision.types import Side

CONFIG = AirJetConfig(valve_lag_std_s=0.0)
BEST_AXIS = np.array([[math.sin(math.radians(76)), 0.0, -math.cos(math.radians(76))]])


class OneFlower:
    """A flower at s = 1.0, h = 1.6, d = 0.432: in the best place before a mouth at d = 0.25."""

    def __init__(self, leaf: bool = False) -> None:
        self.leaf = leaf

    def near(self, s: float, reach: float) -> NDArray[np.intp]:
        return np.arange(1) if abs(s - 1.0) < reach else np.arange(0)

    def positions(self, index: NDArray[np.intp], t: float) -> NDArray[np.float64]:
        return np.array([[1.0, 1.6, 0.432]])[index]

    def axes(self, index: NDArray[np.intp]) -> NDArray[np.float64]:
        return BEST_AXIS[index]

    def blocked(self, start: NDArray[np.float64], end: NDArray[np.float64], t: float) -> bool:
        return self.leaf

    def blown_on(
        self, config: ShakeConfig, mouth: NDArray[np.float64], reach_m: tuple[float, float], t: float
    ) -> None:
        self.pushed_at = t


def log_before(
    flower: OneFlower, mouth_s: float, speed: float = 0.0, config: AirJetConfig = CONFIG
) -> JetLog:
    def place_of(nozzle: int, t: float) -> tuple[Side, float, float, float]:
        return "left", mouth_s + speed * t, 1.6, 0.25

    return JetLog(config, {"left": flower}, place_of, openings_per_train=3, seed=1)


def dose_at(s: float = 0.0, h: float = 0.0, distance: float = 0.182) -> float:
    return float(dose_of(CONFIG, np.array([[s, h, distance]]), BEST_AXIS)[0])


def test_the_best_place_at_the_best_angle_gives_a_full_dose() -> None:
    assert dose_at() == pytest.approx(1.0)


def test_a_flower_beside_the_jet_gets_nothing() -> None:
    assert dose_at(s=0.020) == 0.0
    assert dose_at(h=-0.020) == 0.0


@pytest.mark.parametrize("distance", [-0.1, 0.0, 0.05, 0.33, 1.0])
def test_a_flower_out_of_reach_gets_nothing(distance: float) -> None:
    assert dose_at(distance=distance) == 0.0


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_a_dose_is_never_below_zero_nor_above_one(s: float, h: float, distance: float) -> None:
    assert 0.0 <= dose_at(s, h, distance) <= 1.0


def test_openings_close_in_time_are_one_train_and_add_up() -> None:
    log = log_before(OneFlower(), mouth_s=1.0)
    for k in range(3):
        log.opened(0, 10.0 + k / 24, 10.015 + k / 24)
    log.opened(0, 12.0, 12.015)
    assert [train.openings for train in log.trains] == [3, 1]
    assert log.trains[0].dose[0] == pytest.approx(3.0)


def train_dose(hz: float, config: AirJetConfig) -> float:
    log = log_before(OneFlower(), mouth_s=1.0, config=config)
    for k in range(3):
        log.opened(0, 10.0 + k / hz, 10.01 + k / hz)
    return log.trains[0].dose[0]


def test_a_train_off_the_best_frequency_gives_less_where_rhythm_counts() -> None:
    counts = AirJetConfig(valve_lag_std_s=0.0, hz_weight=0.5)
    assert train_dose(12.0, CONFIG) == pytest.approx(3.0)
    assert train_dose(24.0, counts) == pytest.approx(3.0)
    assert train_dose(12.0, counts) == pytest.approx(1.0 + 2 * (0.5 + 0.5 * math.exp(-1.0)))
    assert train_dose(12.0, counts) == pytest.approx(train_dose(36.0, counts))


@given(st.floats(0, 10), st.floats(0, 1))
def test_no_rhythm_gives_more_than_the_full_dose_or_less_than_none(since_s: float, weight: float) -> None:
    config = AirJetConfig(hz_weight=weight)
    assert 0.0 <= by_rhythm(config, since_s) <= by_rhythm(config, None) == 1.0


def test_the_valve_lag_moves_the_jet_along_the_row() -> None:
    log = log_before(OneFlower(), mouth_s=0.0, speed=0.15)
    log.opened(0, 1.0, 1.02)
    _, s, _ = log.trains[0].middle()
    assert s == pytest.approx(0.15 * (1.01 + CONFIG.valve_lag_s))


def test_a_leaf_swallows_the_air() -> None:
    log = log_before(OneFlower(leaf=True), mouth_s=1.0)
    log.opened(0, 0.0, 0.015)
    assert log.trains[0].dose == {}


def test_a_train_that_follows_at_once_is_counted_apart() -> None:
    log = log_before(OneFlower(), mouth_s=1.0)
    for k in range(6):
        log.opened(0, 10.0 + k / 24, 10.015 + k / 24)
    assert [train.openings for train in log.trains] == [3, 3]


def test_a_jet_at_half_the_pressure_gives_less() -> None:
    log = log_before(OneFlower(), mouth_s=1.0)
    log.strength = lambda: 0.5
    log.opened(0, 10.0, 10.015)
    assert log.trains[0].dose[0] == pytest.approx(0.5)
