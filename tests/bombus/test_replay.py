"""`bombus replay` and the sweeps, as people and programs use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bombus.output import WrongUseError
from bombus.sweep import MOST_VALUES, parsed
from bombus.sweep_plot import Curve, Dot, chart
from tests.replay.reference_runs import file_of

LABELS = file_of("label_row")

Bombus = Callable[..., Any]


def asked(bombus: Bombus, *words: object) -> Any:
    done = bombus("replay", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_recording_is_compared_with_itself(bombus: Bombus) -> None:
    told = asked(bombus, LABELS)
    assert told["exact"] is (told["difference_count"] == 0)
    assert told["pulses"] == sum(told["changes"][kind] for kind in ("same", "gained", "moved")) > 3


def test_another_setting_gives_a_table(bombus: Bombus) -> None:
    done = bombus("replay", LABELS, "--set", "planner.open_threshold=0.999")
    assert done.returncode == 0
    assert "lost" in done.stderr and "look again" in " ".join(done.stderr.split())


def test_a_flower_tells_its_story(bombus: Bombus) -> None:
    told = asked(bombus, LABELS, "--why", "left:1")
    assert (told["side"], told["flower_id"]) == ("left", 1)
    assert {"seen", "shot", "outcome"} <= {one["kind"] for one in told["moments"]}
    assert "left flower 1: seen" in " ".join(bombus("replay", LABELS, "--why", "left:1").stderr.split())


def test_a_sweep_gives_a_table_a_plot_and_says_that_there_is_no_truth(bombus: Bombus, tmp_path: Path) -> None:
    plot = tmp_path / "sweep.svg"
    told = asked(bombus, LABELS, "--sweep", "planner.open_threshold=0.6,0.999", "--plot", plot)
    assert [one["value"] for one in told["points"]] == [0.6, 0.999]
    assert told["points"][0]["shots"] > told["points"][1]["shots"]
    assert "no truth" in told["note"]
    assert "no truth" in ElementTree.parse(plot).getroot().findall("{*}text")[1].text  # type: ignore[operator]


def test_a_sweep_over_simulated_rows_tells_coverage_and_bud_hits(bombus: Bombus, tmp_path: Path) -> None:
    plot = tmp_path / "sweep.svg"
    words = ("--detector", "truth", "--length", 0.8, "--speed", 0.35, "--sweep", "planner.min_views=3,50")
    done = bombus("sim", *words, "--plot", plot, "--json")
    assert done.returncode == 0, done.stderr
    few, many = json.loads(done.stdout)["points"]
    assert few["coverage"] > 0.3 > many["coverage"]
    assert few["pulses"] > many["pulses"]
    ElementTree.parse(plot)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--sweep", "x"), "no KEY=FROM:TO:STEP"),
        (("--sweep", "a=1:2"), "is no FROM:TO:STEP"),
        (("--sweep", "a=1:2:0"), "is no FROM:TO:STEP"),
        (("--sweep", "a=2:1:1"), "has no or too many values"),
        (("--sweep", "planner.min_viws=1,2"), "did you mean 'min_views'"),
        (("--sweep", "planner.min_views=1,2", "--plot", "x.pdf"), "--plot x.pdf: must end in .svg"),
        (("--plot", "x.svg"), "--plot x.svg: means nothing without --sweep"),
        (("--set", "planner"), "--set planner: no KEY=VALUE"),
        (("--set", "planner.min_views=lots"), "planner.min_views = 'lots'"),
        (("--why", "nobody"), "--why nobody: no flower's number"),
        (("--speed", "0.2"), "a recording holds its own speed"),
        (("--model", "none.onnx"), "holds no pictures for a model"),
        (("/nowhere.mcap",), "/nowhere.mcap: not there"),
        ((str(LABELS),), "one source at a time, but for --sweep"),
    ],
)
def test_wrong_use_is_one_line(bombus: Bombus, words: tuple[str, ...], told: str) -> None:
    done = bombus("replay", LABELS, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@given(st.integers(-50, 50), st.integers(0, 60), st.integers(1, 9))
def test_a_range_holds_both_its_ends(first: int, steps: int, step: int) -> None:
    sweep = parsed(f"a.b={first}:{first + steps * step}:{step}")
    assert list(sweep.values) == [first + index * step for index in range(steps + 1)]
    tenth = parsed(f"a.b={first / 10}:{(first + steps * step) / 10}:{step / 10}")
    assert len(tenth.values) == steps + 1
    assert tenth.values[-1] == pytest.approx((first + steps * step) / 10)


@given(st.text(max_size=30))
def test_any_text_is_a_sweep_or_refused(text: str) -> None:
    try:
        assert 1 <= len(parsed(text).values) <= MOST_VALUES
    except WrongUseError as error:
        assert str(error)


NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.lists(st.lists(st.tuples(NUMBERS, NUMBERS, st.text(max_size=5)), max_size=5), max_size=3))
def test_any_curves_make_a_picture_that_can_be_parsed(curves: list[list[tuple[float, float, str]]]) -> None:
    drawn = [Curve("<&>", [Dot(*dot) for dot in curve]) for curve in curves]
    text = chart("a < b", ("x", "y"), drawn, "note")
    clean = "".join(c for c in text if c in "\t\n" or c >= " ")
    if clean == text and text.isprintable():
        ElementTree.fromstring(text)
