from pathlib import Path

import pytest

from sim.scenario import ScenarioError, load_scenario, scenario_names


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_loads(name: str) -> None:
    assert load_scenario(name).name == name


def test_arguments_override_the_file() -> None:
    scenario = load_scenario("row", length_m=3.0, speed_m_s=0.2)
    assert (scenario.world.row_length_m, scenario.speed_m_s) == (3.0, 0.2)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match=r"scenario 'rwo': unknown; choose from .*row"):
        load_scenario("rwo")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("spede_m_s = 1", "spede_m_s = 1: Extra inputs"),
        ("speed_m_s = 9.0", "speed_m_s = 9.0: Input should be less than or equal to 0.5"),
        ("[world]\nstems_per_m = 'many'", "world.stems_per_m = 'many'"),
        ("[world", "not TOML"),
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
