"""Counting by the API: kept, told, taken back; what cannot be is refused in one line; the old accounts file goes on."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.dashboard.board import Board
from robot.dashboard.rights import Role
from robot.dashboard.server import app_of
from robot.dashboard.store import Store

CLOCK = MonotonicClock()
TODAY = CLOCK.wall().astimezone().date()
COUNT = {"day": str(TODAY), "row": "7", "flowers": 120, "fruits": 104, "truss": 7.4}

SignedIn = Callable[[str], httpx.Client]


@pytest.fixture
def signed_in(
    board: Board,
    serve: Callable[[FastAPI], httpx.Client],
    as_role: Callable[[Board, httpx.Client, Role], dict[str, str]],
) -> SignedIn:
    """Return a function that gives the client of someone of a role."""
    client = serve(app_of(board))

    def of(role: str) -> httpx.Client:
        client.headers = httpx.Headers(as_role(board, client, Role(role)))
        return client

    return of


def test_a_count_is_kept_told_and_taken_back(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    assert client.post("/api/v1/crop/counts", json=COUNT).status_code == 201
    crop = client.get("/api/v1/crop").json()
    (line,) = crop["counts"]
    assert (line["row"], line["fruits"], line["who"]) == ("7", 104, "the operator")
    assert crop["rows"][0]["fruit_set"]["value"] == pytest.approx(104 / 120)
    assert crop["difference"] is None
    assert client.delete(f"/api/v1/crop/counts/{line['id']}").status_code == 200
    assert client.delete(f"/api/v1/crop/counts/{line['id']}").status_code == 404
    assert client.get("/api/v1/crop").json()["counts"] == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"fruits": 121}, "more than the 120 flowers"),
        ({"flowers": 0, "fruits": 0, "truss": None}, "both are missing"),
        ({"day": str(TODAY + timedelta(days=2))}, "lies ahead"),
        ({"day": "1999-01-01"}, "over ten years back"),
        ({"row": " "}, "is no row's name"),
        ({"truss": 1e9}, "truss"),
        ({"flowers": 2**60}, "flowers"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    signed_in: SignedIn, change: dict[str, object], named: str
) -> None:
    answer = signed_in("operator").post("/api/v1/crop/counts", json={**COUNT, **change})
    assert answer.status_code == 422
    assert named in answer.json()["detail"] and "\n" not in answer.json()["detail"]


def test_a_viewer_looks_at_counts_and_enters_none(signed_in: SignedIn) -> None:
    client = signed_in("viewer")
    assert client.get("/api/v1/crop").status_code == 200
    assert client.post("/api/v1/crop/counts", json=COUNT).status_code == 403


def test_an_accounts_file_of_before_gets_its_table(tmp_path: Path) -> None:
    Store(tmp_path / "a.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as db:
        db.execute("DROP TABLE crop_count")
    store = Store(tmp_path / "a.sqlite")
    assert store.read("SELECT count(*) FROM crop_count") == [(0,)]
    store.close()
