"""What the grower's pages read: the house today, a row metre by metre, plan and what if, results, exports."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.dashboard.board import Board, make_board
from robot.dashboard.export import Table, as_csv, as_json, head_of
from robot.dashboard.results import share
from robot.dashboard.rights import Right, Role
from robot.dashboard.server import app_of
from robot.ledger import FinalFlower, Ledger, PulseState, Settled
from robot.types import PlannedPulse, Train

HOUSE = """
name = "small"
no_go = ["n-003"]
[[headlands]]
name = "path"
end = [8.0, 0.0]
[[blocks]]
name = "n"
cultivar = "Brioso"
headland = "path"
count = 3
length = 10.0
[[docks]]
name = "dock"
headland = "path"
at = 0.0
[[robots]]
name = "bee-1"
dock = "dock"
"""
PLACE = (2.5, 1.6, 0.4)
PULSE = PlannedPulse(1, "left", 3, 1000, 1, Train(15000, 41667, 3), PLACE, (5,), (PLACE,))


def fill(path: Path, now: float) -> None:
    """One pass of row n-001: left side 3 of 4 treated an hour ago; one bud."""
    ledger = Ledger(path)
    ledger.begin("n-001", now - 3700)
    ledger.intend([PULSE], "n-001", 5.0, now - 3600)
    ledger.settle([Settled(1, PulseState.DONE)], now - 3600)
    told = [("treated", 2.5), ("treated", 2.6), ("treated", 9.5), ("late", 4.5), ("not_ready", 5.5)]
    ledger.finish_flowers(
        [FinalFlower("left", 5 + i, (s, 1.6, 0.4), reason) for i, (reason, s) in enumerate(told)], now - 3600
    )
    ledger.note("command", "=cmd()", "Ana", 5.0, now)
    ledger.intend_test(2, "left", 3, PULSE.train, "Tim", 5.0, now)
    ledger.settle([Settled(2, PulseState.DONE, openings=3)], now)
    ledger.close(now)


@pytest.fixture
def house_board(tmp_path: Path) -> Board:
    """A board with a small house and one pass in its ledger."""
    (tmp_path / "house.toml").write_text(HOUSE, encoding="utf-8")
    clock = MonotonicClock()
    fill(tmp_path / "l.sqlite", clock.wall().timestamp())
    paths = (tmp_path / "t.sock", tmp_path / "l.sqlite", tmp_path / "a.sqlite")
    return make_board(*paths, clock, house=tmp_path / "house.toml")


@pytest.fixture
def client(house_board: Board, serve: Callable[[FastAPI], httpx.Client]) -> httpx.Client:
    return serve(app_of(house_board))


def test_today_tells_each_row_side_and_why(client: httpx.Client) -> None:
    today = client.get("/api/v1/today").json()
    assert (today["problem"], today["house"], today["has_house"]) == ("", "small", True)
    states = {(row["name"], side["side"]): side["state"] for row in today["rows"] for side in row["sides"]}
    assert states["n-001", "left"] == "treated"
    assert states["n-001", "right"] == "due"
    assert states["n-003", "left"] == "no_entry"
    left = today["rows"][0]["sides"][0]
    assert (left["ready"], left["treated"]) == (4, 3)
    assert left["due_by"] - left["last"] == 48 * 3600


def test_today_tells_the_last_forecast_that_came_true_or_not(client: httpx.Client, tmp_path: Path) -> None:
    assert client.get("/api/v1/today").json()["forecast"] is None
    ledger = Ledger(tmp_path / "l.sqlite")
    ledger.foretell(5000.0, 1000.0, 0.0)
    assert client.get("/api/v1/today").json()["forecast"] is None
    ledger.came_true(5360.0, 0.0)
    ledger.foretell(95000.0, 90000.0, 86400.0)
    assert client.get("/api/v1/today").json()["forecast"] == {"told": 5000.0, "came": 5360.0}


def test_a_house_file_that_is_mended_is_read_anew_and_a_broken_one_is_told(
    client: httpx.Client, tmp_path: Path
) -> None:
    assert len(client.get("/api/v1/today").json()["rows"]) == 3
    (tmp_path / "house.toml").write_text(HOUSE.replace("count = 3", "count = 4"), encoding="utf-8")
    assert len(client.get("/api/v1/today").json()["rows"]) == 4
    (tmp_path / "house.toml").write_text("name = 3", encoding="utf-8")
    problem = client.get("/api/v1/today").json()["problem"]
    assert "house.toml" in problem and "\n" not in problem


def test_without_a_house_file_the_page_has_the_row_of_the_robot_and_no_plan(
    board: Board, serve: Callable[[FastAPI], httpx.Client]
) -> None:
    client = serve(app_of(board))
    today = client.get("/api/v1/today").json()
    assert (today["has_house"], len(today["rows"])) == (False, 1)
    assert "mission.house" in client.get("/api/v1/plan").json()["problem"]


def test_a_row_is_told_metre_by_metre_with_its_flowers_and_their_pulses(client: httpx.Client) -> None:
    row = client.get("/api/v1/row", params={"name": "n-001"}).json()
    (left,) = row["sides"]
    assert [one["treated"] for one in left["metres"]] == [0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert left["metres"][4]["missed"] == {"late": 1}
    assert (left["ready"], left["treated"]) == (4, 3)
    params = {"session": left["session"], "side": "left", "start": 2, "end": 3}
    flowers = client.get("/api/v1/flowers", params=params).json()["flowers"]
    assert [(one["flower"], one["pulse"], one["outcome"]) for one in flowers] == [
        (5, 1, "done"),
        (6, None, None),
    ]


def test_a_row_that_nobody_has_passed_is_empty(client: httpx.Client) -> None:
    row = client.get("/api/v1/row", params={"name": "n-002"}).json()
    assert (row["problem"], row["sides"], row["length"]) == ("", [], 10.0)


def test_a_ledger_that_is_missing_is_told_on_each_page(
    board: Board, serve: Callable[[FastAPI], httpx.Client]
) -> None:
    client = serve(app_of(board))
    for path in ("/api/v1/today", "/api/v1/row", "/api/v1/results"):
        assert "no ledger yet" in client.get(path).json()["problem"]
    answer = client.get("/api/v1/export/passes")
    assert answer.status_code == 409 and "no ledger yet" in answer.json()["detail"]


def test_the_plan_names_rows_times_and_reasons_and_what_if_changes_nothing(
    house_board: Board,
    client: httpx.Client,
    as_token: Callable[..., dict[str, str]],
) -> None:
    plan = client.get("/api/v1/plan").json()
    assert plan["problem"] == ""
    planned = {one["row"] for one in plan["visits"]} | set(plan["left_out"])
    assert planned == {"n-001", "n-002"}
    headers = as_token(house_board, Right.OPERATE)
    ask = {"block": ["n-002"]}
    other = client.post("/api/v1/plan/what-if", json=ask, headers=headers).json()
    assert "n-002" not in {one["row"] for one in other["visits"]}
    assert client.get("/api/v1/plan").json()["visits"] == plan["visits"]
    turned = [one["row"] for one in plan["visits"]][::-1]
    order = client.post("/api/v1/plan/what-if", json={"orders": {"bee-1": turned}}, headers=headers).json()
    assert [one["row"] for one in order["visits"]] == turned
    wrong = client.post("/api/v1/plan/what-if", json={"block": ["nowhere"]}, headers=headers)
    assert wrong.status_code == 409 and "nowhere" in wrong.json()["detail"]


def test_only_who_may_operate_asks_what_if(
    house_board: Board, client: httpx.Client, as_token: Callable[..., dict[str, str]]
) -> None:
    headers = as_token(house_board, Right.LOOK)
    assert client.post("/api/v1/plan/what-if", json={}, headers=headers).status_code == 403
    assert Role.OPERATOR


def test_results_have_coverage_with_its_interval_and_flowers_a_square_metre(client: httpx.Client) -> None:
    results = client.get("/api/v1/results").json()
    (row,) = results["rows"]
    assert (row["key"], row["open"], row["treated"], row["missed"]) == ("n-001", 4, 3, {"late": 1})
    assert row["coverage"]["low"] < 0.75 < row["coverage"]["high"]
    assert row["per_m2"] == pytest.approx(4 / (0.8 * 7.0))
    assert [(one["key"], one["open"]) for one in results["cultivars"]] == [("Brioso", 4)]
    assert results["total"]["treated"] == sum(week["treated"] for week in results["weeks"]) == 3


def test_the_interval_is_wilsons_and_there_is_none_of_nothing() -> None:
    assert share(0, 0) is None
    known = share(81, 263)  # Wilson's interval of 81/263 in Newcombe 1998, method 3: 0.2553 to 0.3662
    assert known is not None
    assert known.low == pytest.approx(0.2553, abs=5e-4)
    assert known.high == pytest.approx(0.3662, abs=5e-4)
    none, all_of = share(0, 20), share(20, 20)
    assert none is not None and none.low == 0.0 and none.high > 0.1
    assert all_of is not None and all_of.high == 1.0 and all_of.low < 0.9


@pytest.mark.parametrize("table", list(Table))
def test_each_table_is_exported_as_csv_xlsx_and_json(client: httpx.Client, table: Table) -> None:
    answer = client.get(f"/api/v1/export/{table.value}")
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert tuple(lines[0]) == head_of(table)
    assert len(lines) > 1 and all(len(line) == len(lines[0]) for line in lines)
    assert answer.headers["content-disposition"].startswith('attachment; filename="bombus-')
    book = client.get(f"/api/v1/export/{table.value}", params={"form": "xlsx"}).content
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == len(lines)
    assert "<f>" not in sheet
    found = client.get(f"/api/v1/export/{table.value}", params={"form": "json"})
    assert found.headers["content-type"] == "application/json"
    assert [tuple(one) for one in found.json()] == [head_of(table)] * (len(lines) - 1)


def test_a_valve_test_is_in_its_own_table_and_in_no_other_nor_in_any_figure(client: httpx.Client) -> None:
    [test] = client.get("/api/v1/export/valve_tests", params={"form": "json"}).json()
    assert (test["nozzle"], test["openings"], test["outcome"], test["who"]) == (3, 3, "done", "Tim")
    [pulse] = client.get("/api/v1/export/pulses", params={"form": "json"}).json()
    assert pulse["pulse"] == 1
    [session] = client.get("/api/v1/history").json()["sessions"]
    assert session["pulses"] == {"done": 1} and session["flowers"]["treated"] == 3


def test_a_ledger_of_before_valve_tests_exports_none(client: httpx.Client, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "l.sqlite") as db:
        db.execute("DROP TABLE valve_test")
    db.close()
    assert client.get("/api/v1/export/valve_tests", params={"form": "json"}).json() == []


def test_an_empty_table_is_an_empty_array_and_a_long_one_comes_in_chunks() -> None:
    assert "".join(as_json(("a",), [])) == "[]\n"
    chunks = list(as_json(("a",), [(number,) for number in range(1200)]))
    assert len(chunks) == 3
    assert [one["a"] for one in json.loads("".join(chunks))] == list(range(1200))


def test_a_text_that_a_spreadsheet_would_run_is_disarmed(client: httpx.Client) -> None:
    assert "'=cmd()" in client.get("/api/v1/export/journal").text
    assert list(as_csv(("a",), [("-1+1",), ("plain",)])) == ["a\r\n'-1+1\r\nplain\r\n"]


def test_a_table_that_is_not_ours_is_not_served(client: httpx.Client) -> None:
    assert client.get("/api/v1/export/session").status_code == 422


def test_a_strange_side_in_the_ledger_is_passed_over(client: httpx.Client, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "l.sqlite") as db:
        db.execute("INSERT INTO flower VALUES (1, 'above', 99, 1.0, 1.0, 0.4, 'treated', ?)", (2e9,))
    db.close()
    assert client.get("/api/v1/results").json()["total"]["treated"] == 3
