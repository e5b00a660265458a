from pathlib import Path

import pytest

from robot.config import DEMO_MACHINE, load_config
from sim.house_rows import HouseRows
from sim.plant import Plant
from sim.scenario import ScenarioError, load_scenario, scenario_names

DAY = "[day]\nhouse = 'six_rows'\n[[day.crops]]\n"


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_loads(name: str) -> None:
    assert load_scenario(name).name == name


def test_arguments_override_the_file() -> None:
    scenario = load_scenario("row", length_m=3.0, speed_m_s=0.2)
    assert (scenario.world.row_length_m, scenario.speed_m_s) == (3.0, 0.2)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match=r"scenario 'rwo': unknown; choose from .*row"):
        load_scenario("rwo")


def test_a_fault_that_was_asked_for_is_not_blamed_on_the_file() -> None:
    with pytest.raises(ScenarioError, match=r"^fault 'ghost': unknown; choose from valve_stuck"):
        load_scenario("row", faults=["ghost@3"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("spede_m_s = 1", "spede_m_s = 1: Extra inputs"),
        ("speed_m_s = 9.0", "speed_m_s = 9.0: Input should be less than or equal to 0.5"),
        ("[world]\nstems_per_m = 'many'", "world.stems_per_m = 'many'"),
        ("[world", "not TOML"),
        (
            "[world]\nsway_hz = [2.0, 1.0]",
            "sway_hz = [2.0, 1.0]: the first number must not be above the second",
        ),
        (
            DAY + "rows = ['n-*']\nworld.stems_per_m = 99.0",
            "day.crops.0.world.stems_per_m: Input should be less",
        ),
        (DAY + "rows = ['n-*']\nworld.stem = 1", "day.crops.0.world.stem: Extra inputs are not permitted"),
        (DAY + "rows = ['n-*']\nworld.row_length_m = 9.0", "world.row_length_m: the house file says"),
        (DAY + "rows = []\nworld.light = 'led'", "day.crops.0.rows = []: Tuple should have at least 1 item"),
    ],
)
def test_a_bad_file_ends_in_one_line_that_names_the_key(tmp_path: Path, text: str, wanted: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(str(path))
    assert wanted in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none\.toml: cannot be read \(No such file"):
        load_scenario(str(tmp_path / "none.toml"))


def test_a_row_of_a_house_grows_the_last_crop_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "day.toml"
    path.write_text(
        "[world]\nlight = 'sun'\n"
        + DAY
        + "rows = ['north-*']\nworld = { light = 'led', flowers_per_truss = [8, 12] }\n"
        + "[[day.crops]]\nrows = ['north-002']\nworld = { stems_per_m = 1.5 }\n"
    )
    scenario = load_scenario(str(path))
    south, first, second = (scenario.crop_of(row, 4.0) for row in ("south-001", "north-001", "north-002"))
    assert south == scenario.world.model_copy(update={"row_length_m": 4.0})
    assert (first.light, first.flowers_per_truss) == ("led", (8, 12))
    assert (second.light, second.stems_per_m) == ("sun", 1.5)


def test_a_crop_that_names_no_row_of_the_house_is_told(tmp_path: Path) -> None:
    path = tmp_path / "day.toml"
    path.write_text(DAY + "rows = ['west-*']\nworld = { light = 'led' }\n")
    scenario, config = load_scenario(str(path)), load_config(DEMO_MACHINE)
    with pytest.raises(ScenarioError, match=r"rows = \['west-\*'\] names no row of the house: north-001"):
        HouseRows(scenario, {"north-001": 4.0}, config, seed=1)


def test_each_row_of_a_house_has_plants_of_its_own_crop(tmp_path: Path) -> None:
    path = tmp_path / "day.toml"
    path.write_text(DAY + "rows = ['south-*']\nworld = { stems_per_m = 1.0 }\n")
    scenario, config = load_scenario(str(path)), load_config(DEMO_MACHINE)
    rows = HouseRows(scenario, {"north-001": 2.0, "south-001": 2.0}, config, seed=1)
    plant = Plant(scenario, config.banks, {}, config.dose.openings, seed=1)
    stems = [len(rows.of(row, plant).world.left.spans) for row in ("north-001", "south-001")]
    assert stems == [5, 2]
