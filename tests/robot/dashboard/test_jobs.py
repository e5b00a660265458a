"""Long work: one at a time, never while the robot works a row, ended with the dashboard; names are never paths."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE
from robot.dashboard import jobs as module
from robot.dashboard.board import Board, make_board
from robot.dashboard.jobs import BusyError, Job, Jobs
from robot.dashboard.rights import Right
from robot.dashboard.server import app_of

CLOCK = MonotonicClock()


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that sets what stands for `python -m bombus`."""
    program, python = tmp_path / "program", sys.executable

    def write(body: str) -> None:
        program.write_text(f"#!{python}\n{body}\n")
        program.chmod(0o755)

    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    return write


async def ended(jobs: Jobs, job: Job) -> Job:
    async with asyncio.timeout(60):
        while job.state == "running":
            await asyncio.sleep(0.01)
    return job


def test_what_a_command_printed_is_kept_even_when_it_found_faults(script: Callable[[str], None]) -> None:
    script(
        'import sys; print(\'{"ok": false}\'); print("bombus: doctor: 1 of 2 failed", file=sys.stderr); sys.exit(1)'
    )

    async def work() -> None:
        jobs = Jobs(CLOCK, lambda: "")
        job = await ended(jobs, jobs.begin("doctor", "m", "Tim", [], 60.0))
        assert (job.state, job.result, job.why) == ("done", {"ok": False}, "doctor: 1 of 2 failed")

    asyncio.run(work())


def test_what_prints_no_result_has_failed_with_its_own_word(script: Callable[[str], None]) -> None:
    script('import sys; print("bombus: x.mcap: is cut off", file=sys.stderr); sys.exit(2)')

    async def work() -> None:
        jobs = Jobs(CLOCK, lambda: "")
        job = await ended(jobs, jobs.begin("replay", "m", "Tim", [], 60.0))
        assert (job.state, job.result, job.why) == ("failed", None, "x.mcap: is cut off")

    asyncio.run(work())


def test_only_one_is_under_way_and_it_can_be_stopped(script: Callable[[str], None]) -> None:
    script("import time; time.sleep(600)")

    async def work() -> None:
        jobs = Jobs(CLOCK, lambda: "")
        job = jobs.begin("replay", "m", "Tim", [], 600.0)
        with pytest.raises(BusyError, match="replay of Tim is under way") as refused:
            jobs.begin("doctor", "m", "Ana", [], 600.0)
        assert refused.value.code == "work_on"
        assert jobs.stop("stopped by Ana")
        await ended(jobs, job)
        assert (job.state, job.why) == ("stopped", "stopped by Ana")
        assert not jobs.stop("again")

    asyncio.run(work())


def test_a_robot_that_sets_off_gets_its_computer_back(script: Callable[[str], None]) -> None:
    script("import time; time.sleep(600)")
    why = [""]

    async def work() -> None:
        jobs = Jobs(CLOCK, lambda: why[0])
        job = jobs.begin("replay", "m", "Tim", [], 600.0)
        why[0] = "the robot works a row"
        await ended(jobs, job)
        assert (job.state, job.why) == ("stopped", "the robot works a row")
        with pytest.raises(BusyError, match="works a row"):
            jobs.begin("replay", "m", "Tim", [], 600.0)

    asyncio.run(work())


def test_it_ends_with_the_dashboard_and_with_its_time(script: Callable[[str], None]) -> None:
    script("import time; time.sleep(600)")

    async def work() -> None:
        jobs = Jobs(CLOCK, lambda: "")
        late = await ended(jobs, jobs.begin("replay", "m", "Tim", [], 0.05))
        assert late.state == "stopped" and "took longer" in late.why
        job = jobs.begin("replay", "m", "Tim", [], 600.0)
        await asyncio.sleep(0.05)
        await jobs.close()
        assert (job.state, job.why) == ("stopped", "the dashboard ends")

    asyncio.run(work())


def test_how_far_it_is_and_what_it_said_last_are_told_while_it_runs(script: Callable[[str], None]) -> None:
    script(
        "import os, sys, time\n"
        "assert os.environ['BOMBUS_TELL_SHARE']\n"
        "for line in ('loading', 'share 0.01', 'x' * 100_000, 'share 0.50', 'detector: ok', 'share 7.00'):\n"
        "    print(line, file=sys.stderr, flush=True)\n"
        "time.sleep(600)"
    )

    async def work() -> None:
        jobs = Jobs(CLOCK, lambda: "")
        job = jobs.begin("replay", "m", "Tim", [], 600.0)
        assert (job.share, job.line, jobs.left_s(job)) == (None, "", None)
        async with asyncio.timeout(60):
            while job.line != "share 7.00":
                await asyncio.sleep(0.01)
        left_s = jobs.left_s(job)
        assert job.share == 0.5 and left_s is not None and 0.0 <= left_s < 60.0
        await jobs.close()
        assert jobs.left_s(job) is None

    asyncio.run(work())


@pytest.fixture
def board(tmp_path: Path) -> Board:
    machine = tmp_path / "robot.toml"
    text = DEMO_MACHINE.read_text(encoding="utf-8")
    machine.write_text(f'{text}\n[recording]\nfolder = "{tmp_path / "recordings"}"\n', encoding="utf-8")
    paths = (tmp_path / "t.sock", tmp_path / "l.sqlite", tmp_path / "a.sqlite")
    return make_board(*paths, MonotonicClock(), machine=machine)


def test_a_recording_and_a_model_are_looked_up_by_name(
    board: Board,
    serve: Callable[[FastAPI], httpx.Client],
    as_token: Callable[..., dict[str, str]],
    tmp_path: Path,
) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "run.mcap").write_bytes(b"no recording")
    client = serve(app_of(board))
    client.headers.update(as_token(board, Right.TUNE))
    assert "flowers" in client.get("/api/v1/jobs").json()["models"]
    for recording, model in (
        ("../a.sqlite", "flowers"),
        ("run.mcap", "../flowers"),
        ("/etc/passwd", "flowers"),
    ):
        answer = client.post("/api/v1/replays", json={"recording": recording, "model": model})
        assert answer.status_code == 404
    assert client.delete("/api/v1/jobs").status_code == 409
    assert client.get("/api/v1/replays/1/report").status_code == 404
