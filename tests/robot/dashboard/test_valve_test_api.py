"""A valve test over HTTP: who may ask for one, once, and the one sentence when it is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.commands import CommandInbox
from robot.dashboard.board import Board
from robot.dashboard.rights import Role
from robot.dashboard.server import app_of
from robot.telemetry import SnapshotPublisher
from robot.types import Command, CommandName
from robot.valve_state import ValveTestState
from tests.robot.views import READY

ASKED = {"request_id": "a", "name": "test_valve", "value": 3, "text": "left"}
Headers = Callable[[Board, httpx.Client, Role], dict[str, str]]


def state(refused: str = "", text: str = "") -> ValveTestState:
    return ValveTestState({"left": (0, 1, 2, 3)}, refused, text, None)


@pytest.fixture
def inbox() -> CommandInbox:
    return CommandInbox()


@pytest.fixture
def publisher(tmp_path: Path, inbox: CommandInbox) -> Iterator[SnapshotPublisher]:
    publisher = SnapshotPublisher(tmp_path / "t.sock", {}, inbox, MonotonicClock())
    publisher.publish(replace(READY, now=time.monotonic(), valve_test=state()))
    yield publisher
    publisher.close()


@pytest.fixture
def client(
    board: Board, publisher: SnapshotPublisher, serve: Callable[[FastAPI], httpx.Client]
) -> httpx.Client:
    client = serve(app_of(board))
    deadline = time.monotonic() + 5.0
    while client.get("/healthz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return client


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.OPERATOR, 403), (Role.TECHNICIAN, 200), (Role.ADMIN, 200)]
)
def test_a_technician_or_higher_may(
    board: Board, client: httpx.Client, inbox: CommandInbox, as_role: Headers, role: Role, status: int
) -> None:
    answer = client.post("/api/v1/commands", json=ASKED, headers=as_role(board, client, role))
    assert answer.status_code == status
    assert len(inbox.take()) == (status == 200)


def test_nobody_may_without_an_account_or_the_pages_token(
    board: Board, client: httpx.Client, inbox: CommandInbox, as_role: Headers
) -> None:
    assert client.post("/api/v1/commands", json=ASKED).status_code == 401
    headers = as_role(board, client, Role.TECHNICIAN)
    headers.pop("x-bombus-csrf")
    assert client.post("/api/v1/commands", json=ASKED, headers=headers).status_code == 401
    assert inbox.take() == []


def test_a_press_acts_once_and_stands_in_the_audit_log(
    board: Board, client: httpx.Client, inbox: CommandInbox, as_role: Headers
) -> None:
    headers = as_role(board, client, Role.TECHNICIAN)
    for _ in range(3):
        assert client.post("/api/v1/commands", json=ASKED, headers=headers).status_code == 200
    assert inbox.take() == [Command(CommandName.TEST_VALVE, 3.0, "left", "the technician")]
    lines = client.get("/api/v1/audit", headers=as_role(board, client, Role.ADMIN)).json()["lines"]
    [line] = [one for one in lines if one["action"] == "test_valve"]
    assert (line["who"], line["detail"], line["outcome"]) == ("the technician", "left 3", "done")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "right"}, "no such nozzle"),
        ({"value": 4}, "no such nozzle"),
        ({"value": 1.5}, "give the nozzle's number"),
        ({"value": -1}, "give the nozzle's number"),
        ({"value": None}, "give the nozzle's number"),
        ({"text": "up"}, "give the nozzle's number"),
    ],
)
def test_a_nozzle_that_is_not_there_is_refused_in_one_line(
    board: Board,
    client: httpx.Client,
    inbox: CommandInbox,
    as_role: Headers,
    changes: dict[str, object],
    said: str,
) -> None:
    headers = as_role(board, client, Role.TECHNICIAN)
    answer = client.post("/api/v1/commands", json={**ASKED, **changes}, headers=headers)
    assert answer.status_code == 409 and said in answer.json()["detail"]
    assert inbox.take() == []


def test_what_the_robot_says_against_it_is_the_answer(
    board: Board, client: httpx.Client, publisher: SnapshotPublisher, inbox: CommandInbox, as_role: Headers
) -> None:
    why = "A row is being worked; press Pause and wait until the cart stands"
    publisher.publish(replace(READY, now=time.monotonic() + 1, valve_test=state("row_worked", why)))
    headers = as_role(board, client, Role.TECHNICIAN)
    answer = client.post("/api/v1/commands", json=ASKED, headers=headers)
    assert (answer.status_code, answer.json()) == (409, {"detail": why, "code": "row_worked"})
    assert inbox.take() == []


def test_of_two_technicians_at_once_one_is_refused(
    board: Board, client: httpx.Client, inbox: CommandInbox, as_role: Headers
) -> None:
    first, second = (as_role(board, client, role) for role in (Role.TECHNICIAN, Role.ADMIN))
    assert client.post("/api/v1/commands", json=ASKED, headers=first).status_code == 200
    answer = client.post("/api/v1/commands", json={**ASKED, "request_id": "b"}, headers=second)
    assert answer.status_code == 409 and "Another valve test" in answer.json()["detail"]
    assert [command.by for command in inbox.take()] == ["the technician"]
