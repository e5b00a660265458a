"""`bombus season`: one JSON object, a table that says it is a model, one line for every mistake."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from robot.mission.house import DEMO_HOUSE
from tests.bombus.conftest import Ended

Bombus = Callable[..., Ended]
SMALL = ("--rows", 4, "--robots", 1, "--days", 5, "--seeds", 2)


def test_json_compares_the_methods_with_their_spread(bombus: Bombus) -> None:
    done = bombus("season", *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result["methods"]) == ["robot", "wand", "bees", "nothing"]
    assert result["model"].startswith("A model, not a trial")
    assert result["seeds"] == [1, 2]
    for figures in result["methods"].values():
        for key in ("coverage", "fruit_set"):
            assert 0.0 <= figures[key]["min"] <= figures[key]["mean"] <= figures[key]["max"] <= 1.0


def test_people_see_a_table_and_that_it_is_a_model(bombus: Bombus) -> None:
    done = bombus("season", *SMALL, "--methods", "robot,nothing")
    assert done.returncode == 0 and done.stdout == ""
    for words in ("coverage %", "fruit set %", "robot", "nothing", "A model, not a trial"):
        assert words in done.stderr
    assert "wand" not in done.stderr


def test_a_house_file_and_a_season_file_say_what_stands_where(bombus: Bombus, tmp_path: Path) -> None:
    season = tmp_path / "mine.toml"
    season.write_text('name = "mine"\n[[crops]]\nstems_per_m2 = 0.05\n[[crops]]\nrows = ["south-*"]\n')
    done = bombus(
        "season", "--house", DEMO_HOUSE, "--scenario", season, "--days", 4, "--seeds", 1,
        "--methods", "nothing", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["season"], result["house"], result["rows"]) == ("mine", "demo house", 40)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scenario", "monsoon"), "choose from heat, spring, winter"),
        (("--methods", "robot,birds"), "--methods birds: unknown"),
        (("--house", "none.toml"), "none.toml: cannot be read"),
        (("--house", DEMO_HOUSE, "--rows", 3), "leave one out"),
        (("--response", "none.json"), "bombus measure robot"),
    ],
)
def test_a_mistake_ends_in_one_line(bombus: Bombus, words: tuple[object, ...], told: str) -> None:
    done = bombus("season", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_misspelt_key_of_a_season_file_is_named_with_the_right_one(bombus: Bombus, tmp_path: Path) -> None:
    season = tmp_path / "mine.toml"
    season.write_text("[weather]\nmean_celsius = 20\n")
    done = bombus("season", "--scenario", season)
    assert done.returncode == 2
    assert "weather.mean_celsius" in done.stderr and "did you mean" in done.stderr


def test_a_crop_that_leaves_a_row_bare_is_told(bombus: Bombus, tmp_path: Path) -> None:
    season = tmp_path / "mine.toml"
    season.write_text('[[crops]]\nrows = ["east-*"]\n')
    done = bombus("season", *SMALL, "--scenario", season)
    assert done.returncode == 2
    assert "no crop stands in row 'north-001'" in done.stderr
