"""The mission's block of the snapshot: times relative, counts right, plain JSON."""

import json

import msgspec

from robot.mission.mission_view import AskView, MissionView, StopView, WindowView, WishView
from robot.snapshot_mission import mission_state

VIEW = MissionView(
    now=1000.0,
    house="house",
    robot="bee-1",
    phase="in",
    why="Working row a",
    held="",
    window=WindowView(True, "open until 16:00", 900.0, 4600.0),
    stops=(
        StopView("visit", "b", ("left", "right"), "done", 400.0, 800.0, 30.04),
        StopView("swap", "", (), "done", 800.0, 900.0),
        StopView("visit", "a", ("left",), "now", 950.0, 1100.0, must=True),
        StopView("visit", "c", ("left",), "next", 1200.0, 1500.0),
    ),
    rows={"a": "now", "b": "done", "c": "planned"},
    ask=AskView("row", "Bring it", "a", 7),
    row="a",
    row_ends=1100.0,
    house_ends=1500.0,
    quality=0.97,
    wishes=(WishView("pin", "c", "ana", 1.79e9),),
)


def test_times_count_from_the_snapshot() -> None:
    state = mission_state(VIEW)
    assert [(stop.start_in_s, stop.end_in_s) for stop in state.stops[:1]] == [(-600.0, -200.0)]
    assert (state.window.opens_in_s, state.window.closes_in_s) == (-100.0, 3600.0)
    assert (state.row_ends_in_s, state.house_ends_in_s) == (100.0, 500.0)


def test_rows_done_and_ahead_are_visits_alone() -> None:
    state = mission_state(VIEW)
    assert (state.rows_done, state.rows_ahead) == (1, 2)


def test_block_is_plain_json_and_comes_back_as_it_was() -> None:
    state = mission_state(VIEW)
    text = json.dumps(msgspec.to_builtins(state))
    assert json.loads(text)["ask"]["tag"] == 7
    assert json.loads(text)["wishes"] == [{"kind": "pin", "row": "c", "who": "ana", "wall": 1.79e9}]
    assert msgspec.convert(json.loads(text), type(state)) == state
