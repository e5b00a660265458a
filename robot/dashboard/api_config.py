"""The machine file from the page: a changed one put in force, and the way back."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, HTTPException
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from robot.config import ConfigError
from robot.config_apply import Applied, NotTakenError, put_in_force
from robot.config_by_page import by_page
from robot.config_handover import hand_over
from robot.config_history import versions
from robot.dashboard.api_models import Done, Given, Taken
from robot.dashboard.audit import Outcome
from robot.dashboard.board import Board
from robot.dashboard.identity import Who
from robot.dashboard.machine_file import ConfigText
from robot.dashboard.rights import Right, needs
from robot.reload import read_machine

MOST_VERSIONS = 50


class VersionLine(Given):
    """A machine file that was in force; `when` is UTC as YYYYMMDDTHHMMSSZ."""

    number: int
    when: str
    by: str
    now: bool = Field(description="whether it is the one in force")


class VersionList(Given):
    """The kept machine files, newest first."""

    problem: str
    versions: tuple[VersionLine, ...] = ()


class RollbackBody(Taken):
    """Which of the kept files."""

    number: int = Field(ge=1, le=2**31, examples=[3])


def add_config_routes(app: FastAPI, board: Board) -> None:
    """Add what changes the machine file."""

    @app.get("/api/v1/config/history", tags=["workshop"])
    @needs(Right.TUNE)
    def history() -> VersionList:
        """Return the machine files that were in force."""
        if board.machine is None:
            return VersionList(problem="")
        try:
            now = read_machine(board.machine).text
            kept = versions(board.machine)[::-1][:MOST_VERSIONS]
            lines = [
                VersionLine(number=one.number, when=one.when, by=one.by, now=_text(one.path) == now)
                for one in kept
            ]
        except ConfigError as error:
            return VersionList(problem=str(error))
        return VersionList(problem="", versions=tuple(lines))

    @app.post("/api/v1/config/apply", tags=["workshop"])
    @needs(Right.TUNE)
    async def apply(body: ConfigText, who: Who) -> Done:
        """Put a text in force as the machine file: checked, kept in the history, taken by the robot, or refused."""
        return await change_machine(board, who, body.text, "")

    @app.post("/api/v1/config/rollback", tags=["workshop"])
    @needs(Right.TUNE)
    async def rollback(body: RollbackBody, who: Who) -> Done:
        """Put a kept file in force again."""
        try:
            kept = [] if board.machine is None else versions(board.machine)
            chosen = next((one for one in kept if one.number == body.number), None)
            if chosen is None:
                raise HTTPException(404, f"number {body.number}: is not in the history")
            text = await run_in_threadpool(_text, chosen.path)
        except ConfigError as error:
            raise HTTPException(409, str(error)) from error
        return await change_machine(board, who, text, f"number {body.number}")


async def change_machine(board: Board, who: Who, text: str, detail: str) -> Done:
    """Put `text` in force, with a line in the audit log; a refusal is an HTTPException."""
    if board.machine is None:
        raise HTTPException(409, "the dashboard was not told of a machine file")
    line = await run_in_threadpool(board.audit.begin, who.actor, "set_config", detail)
    try:
        applied = await run_in_threadpool(_put, board, board.machine, text, who.actor.who)
    except (ConfigError, NotTakenError) as error:
        said = " ".join(str(error).split())
        await run_in_threadpool(board.audit.end, line, Outcome.REFUSED, said)
        raise HTTPException(409, said) from error
    said = f"number {applied.number} is in force; {applied.text}"
    await run_in_threadpool(board.audit.end, line, Outcome.DONE, said)
    return Done(text=said)


def _put(board: Board, machine: Path, text: str, by: str) -> Applied:
    new = by_page(read_machine(machine), text)
    if board.handover is not None:
        return hand_over(board.handover, new.text, by, board.clock)
    return put_in_force(machine, new, by, board.clock)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: cannot be read ({error}); look at the disk") from error
