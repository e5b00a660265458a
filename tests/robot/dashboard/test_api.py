"""The dashboard against a real telemetry socket: commands get in, states and pictures come out, it reconnects."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from robot.clock import MonotonicClock
from robot.commands import CommandInbox
from robot.dashboard.board import Board
from robot.dashboard.rights import Role
from robot.dashboard.server import app_of, create_app
from robot.telemetry import SnapshotPublisher
from robot.types import Command, CommandName, LoopView, SideView
from tests.robot.views import READY
from vision.calibration import CameraModel
from vision.types import Frame, Side

CAMERAS: dict[Side, CameraModel] = {
    "right": CameraModel(
        camera_id="cam",
        side="right",
        width=64,
        height=32,
        fx=45,
        fy=45,
        cx=31.5,
        cy=15.5,
        s_offset=0.45,
        h=1.6,
    )
}


def view(seq: int = 1) -> LoopView:
    now = time.monotonic()
    frame = Frame("cam", seq, now, np.zeros((32, 64, 3), np.uint8))
    return replace(READY, now=now, sides={"right": SideView("cam", frame, None, 0, ())})


@pytest.fixture
def inbox() -> CommandInbox:
    return CommandInbox()


@pytest.fixture
def publisher(tmp_path: Path, inbox: CommandInbox) -> Iterator[SnapshotPublisher]:
    publisher = SnapshotPublisher(tmp_path / "t.sock", CAMERAS, inbox, MonotonicClock())
    yield publisher
    publisher.close()


@pytest.fixture
def client(
    board: Board,
    publisher: SnapshotPublisher,
    serve: Callable[[FastAPI], httpx.Client],
    as_role: Callable[[Board, httpx.Client, Role], dict[str, str]],
) -> httpx.Client:
    publisher.publish(view())
    client = serve(app_of(board))
    client.headers.update(as_role(board, client, Role.TECHNICIAN))
    wait_until(lambda: client.get("/api/v1/status").json()["snapshot"] is not None)
    return client


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def post(client: httpx.Client, **body: object) -> tuple[int, str]:
    answer = client.post("/api/v1/commands", json=body)
    return answer.status_code, json.dumps(answer.json())


def test_a_command_reaches_the_inbox_once(client: httpx.Client, inbox: CommandInbox) -> None:
    assert post(client, request_id="a", name="set_position", value=3.5)[0] == 200
    assert post(client, request_id="a", name="set_position", value=3.5)[0] == 200
    assert inbox.take() == [Command(CommandName.SET_POSITION, 3.5, "", "the technician")]


def test_a_command_the_inbox_refuses_says_why(client: httpx.Client) -> None:
    status, text = post(client, request_id="a", name="set_speed")
    assert status == 409
    assert "value is missing" in text and '"code": "no_value"' in text


def test_status_shows_the_snapshot_and_its_age(client: httpx.Client) -> None:
    status = client.get("/api/v1/status").json()
    assert status["control"] is True
    assert 0 <= status["age_s"] < 5
    assert status["snapshot"]["mode"] == "ready"
    assert status["snapshot"]["row"]["s"] is None


def test_health_is_good_while_the_state_is_fresh_and_bad_after_the_robot_left(
    client: httpx.Client, publisher: SnapshotPublisher
) -> None:
    publisher.publish(view())
    wait_until(lambda: client.get("/healthz").status_code == 200)
    publisher.close()
    wait_until(lambda: client.get("/healthz").status_code == 503)
    assert client.get("/healthz").json()["text"] == "the control process does not run"


def test_a_tab_gets_states_and_pictures_over_one_websocket(
    client: httpx.Client, publisher: SnapshotPublisher
) -> None:
    with connect(str(client.base_url).replace("http", "ws") + "/api/v1/live") as tab:
        assert json.loads(tab.recv(timeout=5))["snapshot"]["row"]["name"] == "7"
        wait_until(lambda: publisher._server.frames_wanted)
        data: str | bytes = ""
        for seq in range(2, 22):
            publisher.publish(view(seq))
            data = tab.recv(timeout=5)
            if isinstance(data, bytes):
                break
            time.sleep(0.05)
        assert isinstance(data, bytes)
        (length,) = struct.unpack_from("<I", data)
        header = json.loads(data[4 : 4 + length])
        assert (header["side"], header["width"], header["height"]) == ("right", 64, 32)
        assert data[4 + length :][:2] == b"\xff\xd8"
    wait_until(lambda: not publisher._server.frames_wanted)


def test_it_reconnects_when_the_control_process_comes_back(
    client: httpx.Client, publisher: SnapshotPublisher, tmp_path: Path, inbox: CommandInbox
) -> None:
    publisher.close()
    wait_until(lambda: client.get("/api/v1/status").json()["control"] is False)
    assert post(client, request_id="a", name="stop")[0] == 503
    again = SnapshotPublisher(tmp_path / "t.sock", CAMERAS, inbox, MonotonicClock())
    wait_until(lambda: client.get("/api/v1/status").json()["control"] is True)
    assert post(client, request_id="a", name="stop")[0] == 200
    again.close()


def test_a_socket_that_speaks_nonsense_is_left_again(
    tmp_path: Path, serve: Callable[[FastAPI], httpx.Client]
) -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(tmp_path / "x.sock"))
    listener.listen(4)
    seen: list[int] = []

    def talk() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            connection.sendall(b"\x05\x00\x00\x00nonsense")
            seen.append(1)
            connection.close()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    client = serve(
        create_app(tmp_path / "x.sock", tmp_path / "n.sqlite", tmp_path / "a.sqlite", MonotonicClock())
    )
    wait_until(lambda: len(seen) == 2)
    assert client.get("/api/v1/status").json()["snapshot"] is None
    thread.join(timeout=5)
    listener.close()


def test_a_tab_ends_when_its_person_signs_out_and_lives_on_otherwise(
    board: Board,
    client: httpx.Client,
    as_role: Callable[[Board, httpx.Client, Role], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("robot.dashboard.live.LOOK_UP_S", 0.05)
    url = str(client.base_url).replace("http", "ws") + "/api/v1/live"
    elsewhere = {"x-forwarded-for": "192.0.2.7"}
    user = board.accounts.user("the viewer")
    assert user is not None
    headers = {**as_role(board, client, Role.VIEWER), **elsewhere}
    staying = {**as_role(board, client, Role.ADMIN), **elsewhere}
    with connect(url, additional_headers=headers) as tab, connect(url, additional_headers=staying) as other:
        tab.recv(timeout=5)
        board.accounts.end_sessions(user.id)
        with pytest.raises(ConnectionClosed):
            while True:
                tab.recv(timeout=5)
        assert tab.close_code == 4401
        other.recv(timeout=5)
        assert other.close_code is None
