"""The machine file from the page: put in force where the robot takes it, back again, and never what opens doors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, ConfigError
from robot.config_by_page import with_passwords
from robot.config_handover import REQUEST, take
from robot.dashboard.board import Board, make_board
from robot.dashboard.rights import Right
from robot.dashboard.server import app_of
from tests.robot.test_reload_client import robot

TEXT = DEMO_MACHINE.read_text(encoding="utf-8").replace("v4l2:0", "rtsp://cam:geheim@10.0.0.7/left")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    path = tmp_path / "robot.toml"
    path.write_text(f'{TEXT}\n[dashboard]\nsocket = "{tmp_path / "t.sock"}"\n', encoding="utf-8")
    return path


@pytest.fixture
def board(tmp_path: Path, machine: Path) -> Board:
    paths = (tmp_path / "t.sock", tmp_path / "l.sqlite", tmp_path / "a.sqlite")
    return make_board(*paths, MonotonicClock(), machine=machine)


def faster(client: httpx.Client) -> dict[str, str]:
    """Return what the page would send after a person changed the speed."""
    return {
        "text": client.get("/api/v1/config")
        .json()["text"]
        .replace("cruise_speed = 0.15", "cruise_speed = 0.2")
    }


def test_a_changed_text_is_put_in_force_with_its_passwords_and_can_be_taken_back(
    client: httpx.Client, machine: Path, board: Board
) -> None:
    before = machine.read_text()
    answer = client.post("/api/v1/config/apply", json=faster(client))
    assert answer.status_code == 200, answer.text
    assert "takes it at its next start" in answer.json()["text"]
    assert "cruise_speed = 0.2" in machine.read_text() and "cam:geheim@" in machine.read_text()
    assert "geheim" not in client.get("/api/v1/config").text
    listed = client.get("/api/v1/config/history").json()["versions"]
    assert [(one["number"], one["now"]) for one in listed] == [(2, True), (1, False)]
    assert client.post("/api/v1/config/rollback", json={"number": 1}).status_code == 200
    assert machine.read_text() == before
    assert client.post("/api/v1/config/rollback", json={"number": 9}).status_code == 404
    said = [(one.action, one.outcome) for one in board.audit.newest(None)]
    assert said == [("set_config", "done"), ("set_config", "done")]


def test_a_robot_that_refuses_leaves_everything_as_it_was(client: httpx.Client, machine: Path) -> None:
    before = machine.read_text()
    with robot(machine.parent / "t.sock", refuses="reload: the robot works a row; pause it first"):
        answer = client.post("/api/v1/config/apply", json=faster(client))
    assert answer.status_code == 409
    assert "works a row" in answer.json()["detail"]
    assert machine.read_text() == before


@pytest.mark.parametrize(
    "line",
    ['[dashboard]\nhost = "0.0.0.0"', '[alerts]\npath = "/tmp/x"', '[home_assistant]\nhost = "evil"'],
)
def test_what_opens_doors_and_names_files_is_set_at_the_robot_alone(
    client: httpx.Client, machine: Path, line: str
) -> None:
    before = machine.read_text()
    text = before.replace("[dashboard]", line) if line.startswith("[dashboard]") else f"{before}\n{line}\n"
    answer = client.post("/api/v1/config/apply", json={"text": text})
    assert answer.status_code == 409 and "at the robot alone" in answer.json()["detail"]
    assert machine.read_text() == before


def test_a_text_that_is_no_machine_is_refused_in_one_line(client: httpx.Client, machine: Path) -> None:
    before = machine.read_text()
    for text in ("", "nonsense = [", 'name = "x"'):
        answer = client.post("/api/v1/config/apply", json={"text": text})
        assert answer.status_code == 409 and "\n" not in answer.json()["detail"]
    assert machine.read_text() == before


def test_a_password_that_was_not_shown_comes_back_only_to_its_own_address() -> None:
    current = 'a = "rtsp://cam:one@h/1"\nb = "rtsp://eve:two@h/2"'
    hidden = 'b = "rtsp://eve:***@h/2"\na = "rtsp://cam:***@other/1"'
    assert with_passwords(hidden, current) == 'b = "rtsp://eve:two@h/2"\na = "rtsp://cam:one@other/1"'
    with pytest.raises(ConfigError, match="no such address"):
        with_passwords('a = "rtsp://new:***@h/1"', current)


def test_a_page_that_may_not_write_the_file_hands_it_over_and_tells_the_answer(
    tmp_path: Path,
    board: Board,
    machine: Path,
    serve: Callable[[FastAPI], httpx.Client],
    as_token: Callable[..., dict[str, str]],
) -> None:
    folder, clock = tmp_path / "handover", MonotonicClock()
    folder.mkdir()
    client = serve(app_of(replace(board, handover=folder)))
    client.headers.update(as_token(board, Right.TUNE))

    def write() -> None:  # as systemd does when the request lies there
        while not (folder / REQUEST).exists():
            clock.sleep_until(clock.now() + 0.02)
        take(folder, machine, clock)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    answer = client.post("/api/v1/config/apply", json=faster(client))
    writer.join()
    assert answer.status_code == 200, answer.text
    assert "number 2 is in force" in answer.json()["text"]
    assert "cruise_speed = 0.2" in machine.read_text() and "geheim" in machine.read_text()
