"""GET /api/v1/alerts: open and past alerts, for whom may look; a file that cannot be read is told, never raised."""

from collections.abc import Callable
from dataclasses import replace

import httpx
from fastapi import FastAPI

from robot.alerts.store import Alert, AlertStore, ChannelState
from robot.dashboard.board import Board
from robot.dashboard.server import app_of

Serve = Callable[[FastAPI], httpx.Client]


def alert(number: int, acknowledged: float | None = None) -> Alert:
    by = "Ana" if acknowledged else ""
    return Alert(
        number, "air_leak", "fault", "stop", "Air escapes", "Mend it", 1e9, 1e9, 1, True, acknowledged, by
    )


def test_open_and_past_alerts_are_told_with_who_saw_them(board: Board, serve: Serve) -> None:
    path = board.store.path.parent / "alerts.sqlite"
    store = AlertStore(path)
    store.keep([alert(number, 2e9) for number in range(1, 61)] + [alert(61)])
    store.note_channel(ChannelState("webhook", 2, "refused", 1e9))
    told = serve(app_of(replace(board, alerts=path))).get("/api/v1/alerts").json()
    assert [one["id"] for one in told["open"]] == [61]
    assert told["open"][0]["acknowledged"] is None
    assert [one["id"] for one in told["past"]] == list(range(60, 10, -1))
    assert told["past"][0]["acknowledged_by"] == "Ana"
    assert told["more"]
    assert told["channels"] == [{"name": "webhook", "tries": 2, "problem": "refused", "wall": 1e9}]
    store.close()


def test_older_ones_come_by_number(board: Board, serve: Serve) -> None:
    path = board.store.path.parent / "alerts.sqlite"
    store = AlertStore(path)
    store.keep([alert(number, 2e9) for number in range(1, 61)])
    told = serve(app_of(replace(board, alerts=path))).get("/api/v1/alerts?before=11").json()
    assert [one["id"] for one in told["past"]] == list(range(10, 0, -1))
    assert not told["more"]
    store.close()


def test_a_file_that_is_missing_or_foreign_is_told(board: Board, serve: Serve) -> None:
    path = board.store.path.parent / "alerts.sqlite"
    client = serve(app_of(replace(board, alerts=path)))
    assert client.get("/api/v1/alerts").json()["problem"].startswith("There is no alerts file yet")
    path.write_bytes(b"something else" * 100)
    told = client.get("/api/v1/alerts")
    assert told.status_code == 200
    assert "cannot be read" in told.json()["problem"]
