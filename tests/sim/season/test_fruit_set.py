import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.season.fruit_set import FruitSetConfig, day_of_air, grains_of, pollen_share, set_chance, within
from sim.season.weather import Weather

CONFIG = FruitSetConfig()
ZERO = np.zeros(1)


def air_of(celsius: float, humidity: float) -> Weather:
    return Weather(np.full((1, 24), celsius), np.full((1, 24), humidity), np.ones((1, 24)))


def shed(hour: float, celsius: float = 22.0, humidity: float = 70.0) -> float:
    return float(pollen_share(CONFIG, np.array([hour]), air_of(celsius, humidity))[0])


def test_the_preferred_hours_in_good_air_shed_all_pollen() -> None:
    assert shed(11.0) == shed(13.0) == shed(15.0) == 1.0


def test_the_ends_of_the_day_shed_less_and_the_night_least() -> None:
    assert shed(3.0) == CONFIG.off_share < shed(10.0) == CONFIG.edge_share < shed(10.5) < 1.0


@pytest.mark.parametrize(("celsius", "humidity"), [(33.0, 70.0), (12.0, 70.0), (22.0, 92.0), (22.0, 45.0)])
def test_air_outside_the_cited_limits_sheds_less(celsius: float, humidity: float) -> None:
    assert 0.0 <= shed(13.0, celsius, humidity) < 1.0


def test_a_dose_beyond_the_full_one_brings_no_more_pollen() -> None:
    full, more = grains_of(CONFIG, np.array([CONFIG.full_dose, 10.0]), np.ones(2))
    assert full == more == CONFIG.grains_full_dose


def test_hot_days_and_cold_nights_set_less_fruit() -> None:
    good, hot, cold = (day_of_air(CONFIG, np.full((1, 24), c))[0] for c in (20.0, 28.0, 12.0))
    assert good == 1.0
    assert hot < 1.0
    assert cold < 1.0


def test_visits_over_the_cap_lose_flowers() -> None:
    grains = np.full(1, 400.0)
    assert set_chance(CONFIG, grains, np.ones(1), np.full(1, 3.0)) < set_chance(
        CONFIG, grains, np.ones(1), ZERO
    )


@settings(max_examples=30)
@given(st.floats(0, 1e6), st.floats(0, 1), st.integers(0, 100))
def test_a_chance_is_a_chance_and_grows_with_pollen(grains: float, air: float, over: int) -> None:
    few, many = set_chance(
        CONFIG, np.array([grains, grains + 50.0]), np.full(2, air), np.full(2, float(over))
    )
    assert 0.0 <= few <= many <= CONFIG.most


@settings(max_examples=30)
@given(st.floats(-100, 100), st.floats(0.1, 50))
def test_within_falls_from_one_to_nothing(value: float, margin: float) -> None:
    share = float(within(np.array([value]), (10.0, 20.0), margin)[0])
    assert 0.0 <= share <= 1.0
    assert (share == 1.0) == (10.0 <= value <= 20.0) or share > 1.0 - 1e-9
