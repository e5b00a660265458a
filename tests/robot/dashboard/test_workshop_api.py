"""The technician's files: recordings, the machine file without passwords, and a changed text checked, not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE
from robot.dashboard.board import Board, make_board
from robot.dashboard.machine_file import check_text, read_machine_file
from robot.dashboard.rights import Right
from robot.dashboard.server import app_of

DEMO = DEMO_MACHINE.read_text(encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    path = tmp_path / "robot.toml"
    text = DEMO.replace("v4l2:0", "rtsp://cam:geheim@10.0.0.7/left")
    path.write_text(f'{text}\n[recording]\nfolder = "{tmp_path / "recordings"}"\n', encoding="utf-8")
    return path


@pytest.fixture
def workshop(tmp_path: Path, machine: Path) -> Board:
    paths = (tmp_path / "t.sock", tmp_path / "l.sqlite", tmp_path / "a.sqlite")
    return make_board(*paths, MonotonicClock(), machine=machine)


def test_the_technician_reads_files_and_nobody_elses_scope_does(
    workshop: Board, serve: Callable[[FastAPI], httpx.Client], as_token: Callable[..., dict[str, str]]
) -> None:
    client = serve(app_of(workshop))
    tune, look = as_token(workshop, Right.TUNE), as_token(workshop, Right.LOOK)
    shown = client.get("/api/v1/config", headers=tune).json()
    assert "rtsp://cam:***@10.0.0.7" in shown["text"] and "geheim" not in shown["text"]
    assert client.get("/api/v1/recordings", headers=tune).json() == {"problem": "", "recordings": []}
    body = {"text": DEMO.replace("cruise_speed = 0.15", "cruise_speed = 0.2")}
    checked = client.post("/api/v1/config/check", headers=tune, json=body).json()
    assert checked["valid"]
    assert {"key": "drive.cruise_speed", "now": "0.15", "then": "0.2"} in checked["changes"]
    assert client.post("/api/v1/config/check", headers=look, json=body).status_code == 403
    long = {"text": "#" * 120_000}
    assert client.post("/api/v1/config/check", headers=tune, json=long).status_code == 413


def test_a_recording_on_the_disk_is_listed(
    workshop: Board,
    machine: Path,
    serve: Callable[[FastAPI], httpx.Client],
    as_token: Callable[..., dict[str, str]],
) -> None:
    (machine.parent / "recordings").mkdir()
    (machine.parent / "recordings" / "run.mcap").write_bytes(b"x" * 100)
    client = serve(app_of(workshop))
    (one,) = client.get("/api/v1/recordings", headers=as_token(workshop, Right.TUNE)).json()["recordings"]
    assert (one["name"], one["bytes"], one["kept"]) == ("run.mcap", 100, "")


def test_a_text_that_would_be_refused_is_told_in_one_line(machine: Path) -> None:
    for text in ("nonsense = [", "", 'name = "x"', DEMO.replace("cruise_speed", "cruise_sped")):
        verdict = check_text(machine, text)
        assert not verdict.valid and verdict.problem and "\n" not in verdict.problem


def test_a_machine_file_that_is_missing_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in read_machine_file(tmp_path / "none.toml").problem
    assert read_machine_file(None).text == ""
