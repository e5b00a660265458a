from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from robot.config import ConfigError
from robot.mission.climate import ClimateConfig, ClimateGate
from robot.mission.house import BlockConfig, DockConfig, HeadlandConfig, HouseConfig, RobotConfig
from robot.mission.house_map import House, lay_out
from sim.season import fleet
from sim.season.config import SeasonConfig, load_season, season_house, season_names
from sim.season.fleet import open_spans
from sim.season.flowers import Flowers
from sim.season.pollinators import Floats, Indices, treat
from sim.season.response import load_response
from sim.season.season import METHODS, Tally, hectares, run_season, spread, summary
from sim.season.weather import Weather, WeatherConfig, make_weather

DAYS = 8


def house_of(robots: int = 1, **changes: object) -> House:
    config = HouseConfig(
        headlands=(HeadlandConfig(name="path", end=(30.0, 0.0)),),
        blocks=(BlockConfig(name="north", headland="path", count=6, length=30.0),),
        docks=(DockConfig(name="dock", headland="path", at=1.0),),
        robots=tuple(RobotConfig(name=f"bee-{i}", dock="dock") for i in range(robots)),
        climate=ClimateConfig(source="manual"),
    )
    return lay_out(config.model_copy(update=changes))


@cache
def tally(method: str, season: str = "spring", seed: int = 1) -> Tally:
    return run_season(house_of(), load_season(season), load_response(), method, DAYS, seed)


def test_every_method_meets_the_same_flowers() -> None:
    assert len({tally(method).flowers for method in METHODS}) == 1


def test_the_same_seed_gives_the_same_season_and_another_one_another() -> None:
    again = run_season(house_of(), load_season("spring"), load_response(), "robot", DAYS, 1)
    assert again == tally("robot")
    assert tally("robot", seed=2) != tally("robot")


def test_nobody_treats_nothing_and_sets_least_fruit() -> None:
    assert tally("nothing").treated == 0
    assert all(tally("nothing").fruits < tally(method).fruits for method in ("robot", "wand", "bees"))


def test_a_robot_treats_most_flowers_but_not_those_that_no_pass_reaches() -> None:
    found, hidden = tally("robot"), load_response().hidden
    assert 0.6 < found.share(found.treated) < 1.0 - 0.8 * hidden


def test_the_robot_touches_no_flower_more_often_than_the_cap_allows() -> None:
    assert tally("robot").over_cap == 0


def test_robots_drive_what_the_checker_takes_and_treat_no_flower_again_within_its_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gaps: list[float] = []

    def watched(flowers: Flowers, index: Indices, hours: Floats, *rest: Any) -> None:
        again = flowers.all["visits"][index] > 0
        gaps.extend((hours - flowers.all["last_h"][index])[again])
        treat(flowers, index, hours, *rest)

    monkeypatch.setattr(fleet, "treat", watched)
    found = run_season(house_of(3), load_season("winter"), load_response(), "robot", DAYS, 1)
    assert found.work["plan_faults"] == found.work["treated_again_early"] == 0.0
    assert gaps and min(gaps) >= fleet.REST_H


def test_heat_sets_less_fruit_whoever_treats() -> None:
    assert all(tally(method, "heat").fruits < tally(method).fruits for method in METHODS)


def test_bees_do_little_under_led_light_alone() -> None:
    dark = SeasonConfig(weather=WeatherConfig(led_only=True))
    under_led = run_season(house_of(), dark, load_response(), "bees", DAYS, 1)
    assert under_led.visits < 0.6 * tally("bees").visits


def test_workers_rest_at_weekends_and_their_hours_are_bounded() -> None:
    config = load_season("spring")
    most_h = config.wand.workers_per_ha * hectares(house_of()) * 6.0 * 6
    assert 0.0 < tally("wand").work["hours"] <= most_h


def test_rows_that_people_hold_take_no_robot() -> None:
    config = load_season("spring").model_copy(update={"blocked_share": 1.0})
    assert run_season(house_of(), config, load_response(), "robot", DAYS, 1).treated == 0


def test_no_robot_enters_a_forbidden_row() -> None:
    rows = tuple(f"north-{number:03d}" for number in range(1, 4))
    half = run_season(house_of(no_go=rows), load_season("spring"), load_response(), "robot", DAYS, 1)
    assert 0 < half.treated < 0.6 * tally("robot").treated


def test_more_rows_than_the_robots_can_drive_stay_untreated() -> None:
    slow = house_of().config.motion.model_copy(update={"treat_speed": 0.002})
    found = run_season(house_of(motion=slow), load_season("spring"), load_response(), "robot", DAYS, 1)
    assert found.treated < 0.8 * tally("robot").treated


def gate() -> ClimateGate:
    return ClimateGate(ClimateConfig(source="manual"))


def air_with(celsius: Callable[[np.ndarray], np.ndarray]) -> Weather:
    hours = np.arange(24.0)[None, :]
    return Weather(celsius(hours), np.full((1, 24), 70.0), np.ones((1, 24)))


def test_the_gate_stands_open_from_ten_to_four_in_good_air() -> None:
    assert open_spans(gate(), 0, air_with(lambda h: np.full_like(h, 22.0)), 10.0, 16.0) == [(10.0, 16.0)]


def test_a_hot_noon_splits_the_day() -> None:
    hot = air_with(lambda h: np.where((h >= 12) & (h <= 13), 33.0, 22.0))
    (_, first_end), (second_begin, _) = open_spans(gate(), 0, hot, 10.0, 16.0)
    assert 11.0 < first_end < 12.0
    assert 13.0 < second_begin < 14.5


def test_weather_is_bounded_and_alike_from_day_to_day() -> None:
    air = make_weather(WeatherConfig(), 200, seed=3)
    means = air.celsius.mean(axis=1)
    assert np.corrcoef(means[1:], means[:-1])[0, 1] > 0.4
    assert 0.0 <= air.light.min() <= air.light.max() <= 1.0
    assert 5.0 <= air.humidity.min() <= air.humidity.max() <= 100.0


def test_every_shipped_season_can_be_read() -> None:
    assert season_names() == ["heat", "spring", "winter"]
    assert all(load_season(name).name == name for name in season_names())


def test_an_unknown_season_is_told_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="heat, spring, winter"):
        load_season("sprang")


def test_the_made_up_house_has_sixty_rows_and_a_climate_sensor() -> None:
    house = season_house(None, None, None)
    assert len(house.rows) == 60
    assert house.config.climate.source == "manual"


def test_the_spread_over_seeds_is_told() -> None:
    assert spread([0.5, 0.7]) == {"mean": 0.6, "sd": 0.1414, "min": 0.5, "max": 0.7}
    assert spread([0.5])["sd"] == 0.0


def test_the_summary_names_labour_by_area_and_week() -> None:
    found = summary({"wand": [Tally(flowers=10, treated=5, work={"hours": 20.0})]}, days=14, area_ha=2.0)
    assert found["wand"]["labour_h_per_ha_week"] == 5.0
