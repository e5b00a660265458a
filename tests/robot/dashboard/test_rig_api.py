"""A camera's mount from the page: measured from a recording by name, and what the drive told put in force."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config
from robot.dashboard.board import Board, make_board
from robot.dashboard.jobs import Job

TOLD = {
    "camera": "left",
    "landmarks": "tags",
    "rms_px": 0.31,
    "seen": [{"name": "7"}, {"name": "9"}],
    "told": {"latency_s": 0.012, "yaw": 0.0104},
}


@pytest.fixture
def board(tmp_path: Path) -> Board:
    machine = tmp_path / "robot.toml"
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "drive.mcap").write_bytes(b"no recording")
    wiring = (
        f'[recording]\nfolder = "{tmp_path / "recordings"}"\n[dashboard]\nsocket = "{tmp_path / "t.sock"}"\n'
    )
    machine.write_text(f"{DEMO_MACHINE.read_text(encoding='utf-8')}\n{wiring}", encoding="utf-8")
    paths = (tmp_path / "t.sock", tmp_path / "l.sqlite", tmp_path / "a.sqlite")
    return make_board(*paths, MonotonicClock(), machine=machine)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"recording": "../a.sqlite"}, 404), ({"camera": "front"}, 404), ({"landmarks": "people"}, 422)],
    ids=["a path", "no such camera", "no such landmarks"],
)
def test_recording_and_camera_are_looked_up_by_name(
    client: httpx.Client, change: dict[str, str], status: int
) -> None:
    body = {"recording": "drive.mcap", "camera": "left", **change}
    assert client.post("/api/v1/rigs", json=body).status_code == status


def test_what_a_drive_told_is_put_in_force_once_somebody_says_so(board: Board, client: httpx.Client) -> None:
    assert board.machine is not None
    camera = load_config(board.machine).cameras[0].camera_id
    board.jobs.jobs.append(
        Job(1, "rig", "drive.mcap", "Tim", 0.0, state="done", result={**TOLD, "camera": camera})
    )
    done = client.post("/api/v1/rigs/1/apply")
    assert done.status_code == 200, done.text
    found = load_config(board.machine).cameras[0]
    assert (found.latency_s, found.yaw) == (0.012, 0.0104)
    assert found.calibrated.startswith("mount ") and "2 tags, 0.31 px" in found.calibrated


@pytest.mark.parametrize(
    "job",
    [
        Job(1, "rig", "drive.mcap", "Tim", 0.0, state="failed"),
        Job(1, "rig", "drive.mcap", "Tim", 0.0, state="done", result={**TOLD, "told": {}}),
        Job(1, "replay", "drive.mcap", "Tim", 0.0, state="done", result=TOLD),
    ],
    ids=["failed", "told nothing", "a replay"],
)
def test_what_told_nothing_changes_nothing(board: Board, client: httpx.Client, job: Job) -> None:
    assert board.machine is not None
    before = board.machine.read_text()
    board.jobs.jobs.append(job)
    assert client.post("/api/v1/rigs/1/apply").status_code == 404
    assert board.machine.read_text() == before
