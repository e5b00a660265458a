"""`bombus plan`: one JSON object, a table, a picture, and one line for every mistake."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from robot.clock import MonotonicClock
from robot.ledger import FinalFlower, Ledger
from robot.mission.house import DEMO_HOUSE
from tests.bombus.conftest import Ended

Bombus = Callable[..., Ended]


def test_json_holds_the_promised_keys_and_nothing_else_is_printed(bombus: Bombus) -> None:
    done = bombus("plan", "--rows", 30, "--robots", 2, "--seed", 3, "--seconds", 0.3, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    wanted = {"value", "upper_bound", "ratio", "must_missed", "conflicts", "seconds", "routes"}
    assert wanted <= result.keys()
    assert 0.5 < result["ratio"] <= 1.0 and result["value"] <= result["upper_bound"]
    assert result["conflicts"] == result["faults"] == 0
    rows = [stop["row"] for route in result["routes"] for stop in route["stops"] if stop["kind"] == "visit"]
    assert len(rows) == len(set(rows)) == result["visits"] > 20
    assert [route["robot"] for route in result["routes"]] == ["bee-01", "bee-02"]


@pytest.mark.parametrize("method", ["own", "fast", "nearest-due", "boustrophedon"])
def test_every_method_plans_a_house_file(bombus: Bombus, method: str) -> None:
    done = bombus("plan", "--house", DEMO_HOUSE, "--method", method, "--seconds", 0.2, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["faults"] == 0


def test_people_see_the_quality_and_every_robots_way(bombus: Bombus) -> None:
    done = bombus("plan", "--house", DEMO_HOUSE, "--robots", 3, "--method", "fast", "--seconds", 0.1)
    assert done.returncode == 0 and done.stdout == ""
    for words in ("plan quality (ratio)", "musts missed / proved least", "bee-03", "north-00"):
        assert words in done.stderr


def test_picture_shows_rows_docks_and_ways(bombus: Bombus, tmp_path: Path) -> None:
    path = tmp_path / "house.svg"
    done = bombus(
        "plan", "--house", DEMO_HOUSE, "--method", "fast", "--seconds", 0.1, "--draw", path, "--json"
    )
    assert done.returncode == 0, done.stderr
    picture = ElementTree.parse(path).getroot()
    names = {element.text for element in picture.iter("{http://www.w3.org/2000/svg}title")}
    assert {"dock", "bee-1", "bee-2"} <= names
    assert any(name is not None and name.startswith("north-019: ") and "infected" in name for name in names)
    assert any(name is not None and name == "south-020: no entry" for name in names)
    visits = json.loads(done.stdout)["visits"]
    circles = list(picture.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == visits + 2, "one a visit, one a robot in the legend"


def test_names_in_a_picture_cannot_break_it(bombus: Bombus, tmp_path: Path) -> None:
    house = tmp_path / "house.toml"
    house.write_text(DEMO_HOUSE.read_text().replace("demo house", "<b>&'house"))
    path = tmp_path / "house.svg"
    assert (
        bombus(
            "plan", "--house", house, "--method", "fast", "--seconds", 0.1, "--draw", path, "--json"
        ).returncode
        == 0
    )
    assert "<b>&'house" in {element.text for element in ElementTree.parse(path).getroot().iter()}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "best"], "--method best: unknown; choose from full"),
        (["--house", "none.toml"], "none.toml: cannot be read"),
        (
            ["--house", str(DEMO_HOUSE), "--method", "fast", "--seconds", "0", "--draw", "/nowhere/x.svg"],
            "--draw /nowhere/x.svg",
        ),
    ],
)
def test_wrong_use_ends_in_one_line(bombus: Bombus, words: list[str], said: str) -> None:
    done = bombus("plan", *words)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_missing_ledger_is_named(bombus: Bombus, tmp_path: Path) -> None:
    done = bombus("plan", "--house", DEMO_HOUSE, "--ledger", tmp_path / "none.sqlite")
    assert done.returncode == 1 and "none.sqlite: there is no such file" in done.stderr


def test_ledger_says_what_is_resting(bombus: Bombus, tmp_path: Path) -> None:
    now = MonotonicClock().wall().timestamp()
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.begin("north-001", now)
    ledger.finish_flowers([FinalFlower("left", 1, (159.0, 1.6, 0.4), "treated")], now)
    ledger.finish_flowers([FinalFlower("right", 2, (159.0, 1.6, 0.4), "treated")], now)
    ledger.close(now)
    # The hours are open all day, so that it does not matter when this test runs.
    house = tmp_path / "house.toml"
    text = DEMO_HOUSE.read_text().replace("open_hour = 10.0", "open_hour = 0.0")
    house.write_text(text.replace("close_hour = 16.0", "close_hour = 24.0"))
    picture = tmp_path / "house.svg"
    options = ("--house", house, "--method", "fast", "--seconds", 0.1, "--draw", picture, "--json")
    done = bombus("plan", *options, "--ledger", tmp_path / "ledger.sqlite")
    assert done.returncode == 0, done.stderr
    drawn = picture.read_text()
    assert "north-001: treated, resting" in drawn or json.loads(done.stdout)["window_s"] > 18 * 3600
    assert "north-002: overdue" in drawn or json.loads(done.stdout)["window_s"] < 1600


@pytest.mark.parametrize(("rows", "robots"), [(1, 1), (2, 7), (5, 1)])
def test_smallest_houses_are_planned(bombus: Bombus, rows: int, robots: int) -> None:
    done = bombus("plan", "--rows", rows, "--robots", robots, "--seconds", 0.2, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ratio"] > 0.5


def test_house_without_robots_says_so(bombus: Bombus, tmp_path: Path) -> None:
    house = tmp_path / "house.toml"
    text = DEMO_HOUSE.read_text()
    house.write_text(text[: text.index("[[robots]]")])
    done = bombus("plan", "--house", house, "--json")
    assert done.returncode == 2 and "no robots; add [[robots]]" in done.stderr


@pytest.mark.slow
def test_table_compares_sizes_and_methods(bombus: Bombus) -> None:
    done = bombus("plan", "--table", "--seconds", 1, "--json")
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)["lines"]
    assert len({(line["rows"], line["robots"]) for line in lines}) >= 9
    assert {line["faults"] for line in lines} == {0}
    ours = {(line["rows"], line["robots"]): line["ratio"] for line in lines if line["method"] == "full"}
    others = {
        (line["rows"], line["robots"]): line["ratio"] for line in lines if line["method"] == "nearest-due"
    }
    assert all(ours[size] > others[size] for size in ours)
