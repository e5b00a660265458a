import numpy as np
import pytest

from robot.config import ConfigError
from robot.mission.house import BlockConfig, DockConfig, HeadlandConfig, HouseConfig
from robot.mission.house_map import House, lay_out
from sim.season.crop_config import CropConfig
from sim.season.flowers import DAY_H, Flowers, crop_of_rows, plant_stems

CROP = CropConfig()


def small_house(rows: int = 4, length: float = 20.0) -> House:
    return lay_out(
        HouseConfig(
            headlands=(HeadlandConfig(name="path", end=(30.0, 0.0)),),
            blocks=(BlockConfig(name="north", headland="path", count=rows, length=length),),
            docks=(DockConfig(name="dock", headland="path", at=1.0),),
        )
    )


def grown(days: int, crop: CropConfig = CROP) -> Flowers:
    rng = np.random.default_rng(5)
    house = small_house()
    flowers = Flowers(plant_stems(house, [crop], crop_of_rows(house, [crop], "season"), rng), [crop], rng)
    for day in range(days):
        flowers.grow_until(DAY_H * (day + 1))
        flowers.take_closed(DAY_H * day)
    return flowers


def test_stems_stand_as_dense_as_the_crop_says() -> None:
    assert len(grown(1).stems) == round(3.0 * 20.0 * 0.8) * 2 * 4


def test_a_truss_opens_from_its_oldest_flower_on() -> None:
    flowers = grown(3)
    truss = flowers.truss_numbers()
    later = np.diff(np.floor(flowers.all["opens_h"] / DAY_H)) >= 0
    assert later[np.diff(truss) == 0].all()


def test_flowers_stay_open_two_to_three_days_and_open_in_the_morning() -> None:
    flowers = grown(3).all
    open_days = (flowers["closes_h"] - flowers["opens_h"]) / DAY_H
    assert open_days.min() >= 2.0
    assert open_days.max() <= 3.0
    hour = np.mod(flowers["opens_h"], DAY_H)
    assert hour.min() >= 6.0
    assert hour.max() <= 9.0


def test_every_stem_brings_a_truss_about_every_nine_days() -> None:
    flowers = grown(1)
    before = flowers.stems.truss_count.sum()
    for day in range(1, 91):
        flowers.grow_until(DAY_H * day)
    a_stem = (flowers.stems.truss_count.sum() - before) / len(flowers.stems)
    assert a_stem == pytest.approx(10.0, rel=0.05)


def test_memory_holds_the_living_alone() -> None:
    assert len(grown(60)) == pytest.approx(len(grown(5)), rel=0.1)


def test_the_youngest_open_flower_hangs_beside_the_bud() -> None:
    flowers = grown(2)
    now = 1.5 * DAY_H
    steps, truss = flowers.steps_to_bud(now), flowers.truss_numbers()
    opened = flowers.all["opens_h"] <= now
    last = np.append((truss[1:] == truss[:-1]) & opened[:-1] & ~opened[1:], False)
    assert last.any()
    assert (steps[last] == 1).all()


def test_a_row_without_a_crop_is_named() -> None:
    crop = CropConfig(rows=("south-*",))
    with pytest.raises(ConfigError, match="north-001"):
        crop_of_rows(small_house(), [crop], "season")


def test_the_last_crop_that_names_a_row_stands_in_it() -> None:
    crops = [CropConfig(), CropConfig(rows=("north-002",), flowers_per_truss=(12, 14))]
    assert crop_of_rows(small_house(), crops, "season") == [0, 1, 0, 0]
