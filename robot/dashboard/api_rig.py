"""Routes of the mount wizard: a camera's place, turn and lateness from a recorded drive, put into the machine file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException
from fastapi import Path as InPath
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from robot.calibration.machine_file import with_camera
from robot.config import ConfigError, load_config
from robot.dashboard.api_config import change_machine
from robot.dashboard.api_jobs import JobLine, begin_job, machine_of, recording_named
from robot.dashboard.api_models import Done, Taken
from robot.dashboard.board import Board
from robot.dashboard.identity import Who
from robot.dashboard.jobs import Job
from robot.dashboard.rights import Right, needs
from robot.reload import read_machine

WITHIN_S = 3600.0
Number = Annotated[int, InPath(ge=1, le=2**31)]


class RigBody(Taken):
    """Which drive past tags or flowers, and which camera; all by the names that the API tells."""

    recording: str = Field(min_length=1, max_length=200, examples=["2026-07-01T10-00-00"])
    camera: str = Field(min_length=1, max_length=80, examples=["left"])
    landmarks: Literal["tags", "flowers"] = "tags"


def add_rig_routes(app: FastAPI, board: Board) -> None:
    """Add measuring a camera's mount."""

    @app.post("/api/v1/rigs", tags=["workshop"], status_code=202)
    @needs(Right.TUNE)
    async def rig(body: RigBody, who: Who) -> JobLine:
        """Begin `bombus calibrate rig` on a recording; nothing is written."""
        machine = machine_of(board)
        source = await run_in_threadpool(recording_named, machine, body.recording)
        try:
            config = await run_in_threadpool(load_config, machine)
        except ConfigError as error:
            raise HTTPException(409, " ".join(str(error).split())) from error
        if body.camera not in {one.camera_id for one in config.cameras}:
            raise HTTPException(404, f"camera {body.camera!r}: is not in the machine file")
        arguments = ["calibrate", "rig", str(source), "--config", str(machine), "--camera", body.camera]
        arguments += ["--landmarks", body.landmarks, "--dry-run", "--json"]
        what = f"{body.recording}, {body.camera}, {body.landmarks}"
        return await begin_job(board, who, "rig", what, arguments, WITHIN_S)

    @app.post("/api/v1/rigs/{number}/apply", tags=["workshop"])
    @needs(Right.TUNE)
    async def apply(number: Number, who: Who) -> Done:
        """Put the machine file with what that drive told in force."""
        job = next((one for one in board.jobs.jobs if one.id == number and one.kind == "rig"), None)
        result = None if job is None else job.result
        if job is None or job.state != "done" or not result or not result.get("told"):
            raise HTTPException(404, f"drive {number}: told nothing of the mount")
        machine = machine_of(board)
        try:
            text = (await run_in_threadpool(read_machine, machine)).text
            text = with_camera(text, machine.name, str(result["camera"]), result["told"], _said(board, job))
        except ConfigError as error:
            raise HTTPException(409, " ".join(str(error).split())) from error
        return await change_machine(board, who, text, f"mount of {result['camera']}")


def _said(board: Board, job: Job) -> str:
    """Return what the machine file notes beside the values, as the command line does."""
    result = job.result or {}
    day = board.clock.wall().date().isoformat()
    return f"mount {day}, {len(result['seen'])} {result['landmarks']}, {result['rms_px']:.2f} px"
