"""The doctor and replays from the page: begun, looked at, stopped; a replay's report taken away as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Response
from fastapi import Path as InPath
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from robot.config import ConfigError, load_config
from robot.dashboard.api_models import Done, Given, Taken
from robot.dashboard.board import Board
from robot.dashboard.identity import Who
from robot.dashboard.jobs import BusyError, Job
from robot.dashboard.refused import CodedError
from robot.dashboard.rights import Right, needs
from robot.recording_format import RecordingError
from robot.recording_store import stored_in
from robot.settings import SHIPPED_MODEL

DOCTOR_WITHIN_S, REPLAY_WITHIN_S = 600.0, 3600.0
KEPT_REPORTS = 10
Number = Annotated[int, InPath(ge=1, le=2**31)]


class JobLine(Given):
    """A piece of work: `state` is running, done, failed or stopped; `result` as the command prints it with --json."""

    id: int
    kind: str = Field(examples=["replay"])
    what: str
    by: str
    state: str
    why: str
    began: float
    ended: float | None
    result: dict[str, Any] | None
    share: float | None = Field(description="how much is done, 0 to 1, once it says so", examples=[0.42])
    left_s: float | None = Field(description="seconds to its end at its pace so far", examples=[95.0])
    line: str = Field(description="the last thing it said", examples=["detector: flowers.onnx"])
    report: bool = Field(description="whether there is a report to take away")


class JobList(Given):
    """The last pieces of work, newest first, and the models that a replay can be given."""

    jobs: tuple[JobLine, ...] = ()
    models: tuple[str, ...] = ()


class ReplayBody(Taken):
    """Which recording, and which model instead of the recorded one; both by the names that the API tells."""

    recording: str = Field(min_length=1, max_length=200, examples=["2026-07-01T10-00-00"])
    model: str = Field(min_length=1, max_length=200, examples=["flowers-6"])


def add_job_routes(app: FastAPI, board: Board) -> None:
    """Add doctor and replay."""

    @app.get("/api/v1/jobs", tags=["workshop"])
    @needs(Right.TUNE)
    async def jobs() -> JobList:
        """Return the last pieces of work."""
        lines = tuple(_line(board, job) for job in reversed(board.jobs.jobs))
        return JobList(jobs=lines, models=tuple(sorted(await run_in_threadpool(_models, board.machine))))

    @app.delete("/api/v1/jobs", tags=["workshop"])
    @needs(Right.TUNE)
    async def stop(who: Who) -> Done:
        """Stop what is under way."""
        if not board.jobs.stop(f"stopped by {who.actor.who}"):
            raise HTTPException(409, "nothing is under way")
        return Done(text="it ends")

    @app.post("/api/v1/doctor", tags=["workshop"], status_code=202)
    @needs(Right.TUNE)
    async def doctor(who: Who) -> JobLine:
        """Begin `bombus doctor`, which leaves the serial port alone."""
        machine = machine_of(board)
        arguments = ["doctor", "--config", str(machine), "--no-link", "--json"]
        return await begin_job(board, who, "doctor", machine.name, arguments, DOCTOR_WITHIN_S)

    @app.post("/api/v1/replays", tags=["workshop"], status_code=202)
    @needs(Right.TUNE)
    async def replay(body: ReplayBody, who: Who) -> JobLine:
        """Begin to replay a recording with another model, and to compare the shots."""
        source, model = await run_in_threadpool(_chosen, machine_of(board), body)
        report = _report(board, board.jobs.next_id())
        await run_in_threadpool(_make_room, report)
        arguments = ["replay", str(source), "--model", str(model), "--report", str(report), "--json"]
        return await begin_job(
            board, who, "replay", f"{body.recording}, {body.model}", arguments, REPLAY_WITHIN_S
        )

    @app.get(
        "/api/v1/replays/{number}/report", tags=["workshop"], response_class=Response,
        responses={200: {"content": {"text/html": {}}}},
    )  # fmt: skip
    @needs(Right.TUNE)
    async def report(number: Number) -> Response:
        """Return a replay's report as a file."""
        job = next((one for one in board.jobs.jobs if one.id == number), None)
        path = _report(board, number)
        if job is None or job.state != "done" or not path.is_file():
            raise HTTPException(404, f"replay {number}: has no report")
        headers = {"content-disposition": f'attachment; filename="bombus-replay-{number}.html"'}
        return Response(await run_in_threadpool(path.read_bytes), media_type="text/html", headers=headers)


async def begin_job(
    board: Board, who: Who, kind: str, what: str, arguments: list[str], within_s: float
) -> JobLine:
    """Begin a piece of work, with a line in the audit log; raises HTTPException."""
    try:
        job = board.jobs.begin(kind, what, who.actor.who, arguments, within_s)
    except BusyError as error:
        raise CodedError(409, str(error), error.code) from error
    await run_in_threadpool(board.audit.note, who.actor, kind, what)
    return _line(board, job)


def machine_of(board: Board) -> Path:
    """Return the machine file; raises HTTPException where there is none."""
    if board.machine is None:
        raise HTTPException(409, "the dashboard was not told of a machine file")
    return board.machine


def _chosen(machine: Path, body: ReplayBody) -> tuple[Path, Path]:
    """Look the names up: what a request says is never a path."""
    source = recording_named(machine, body.recording)
    model = _models(machine).get(body.model)
    if model is None:
        raise HTTPException(404, f"model {body.model!r}: is not on the robot's disk")
    return source, model


def recording_named(machine: Path, name: str) -> Path:
    """Return the recording of that name on the robot's disk; raises HTTPException."""
    try:
        folder = load_config(machine).recording.folder
        found = stored_in(folder) if folder.is_dir() else []
    except (ConfigError, RecordingError) as error:
        raise HTTPException(409, " ".join(str(error).split())) from error
    source = next((one.path for one in found if one.path.name == name), None)
    if source is None:
        raise HTTPException(404, f"recording {name!r}: is not on the robot's disk")
    return source


def _models(machine: Path | None) -> dict[str, Path]:
    """Return the models beside the machine's own and the shipped one, by name."""
    folders = [SHIPPED_MODEL.parent]
    try:
        if machine is not None:
            folders.append(load_config(machine).detector.model.parent)
    except ConfigError:
        pass
    return {path.stem: path for folder in folders if folder.is_dir() for path in folder.glob("*.onnx")}


def _report(board: Board, number: int) -> Path:
    return board.store.path.parent / "replays" / f"{number}.html"


def _make_room(report: Path) -> None:
    """Have the folder, and forget what an earlier start of the dashboard left there."""
    try:
        report.parent.mkdir(mode=0o700, exist_ok=True)
        report.unlink(missing_ok=True)
        kept = sorted(report.parent.glob("*.html"), key=lambda path: path.stat().st_mtime)
        for path in kept[: -KEPT_REPORTS + 1]:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise HTTPException(409, f"{report.parent}: {error.strerror}; check the disk") from error


def _line(board: Board, job: Job) -> JobLine:
    return JobLine(
        id=job.id,
        kind=job.kind,
        what=job.what,
        by=job.by,
        state=job.state,
        why=job.why,
        began=job.began,
        ended=job.ended,
        result=_shown(job),
        share=job.share,
        left_s=board.jobs.left_s(job),
        line=job.line,
        report=job.kind == "replay" and job.state == "done" and _report(board, job.id).is_file(),
    )


def _shown(job: Job) -> dict[str, Any] | None:
    """Return the part of a result that the page shows: a replay's differences stand in its report."""
    if job.result is None or job.kind != "replay":
        return job.result
    changes = job.result.get("changes") or {}
    kept = {key: job.result.get(key) for key in ("frames", "pulses", "note", "exact", "truncated")}
    return kept | {key: changes.get(key) for key in ("ours", "theirs", "same", "gained", "lost", "moved")}
