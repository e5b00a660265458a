"""The technician's routes: recordings on the disk, the machine file, and a changed one checked."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import Field

from robot.config import ConfigError, load_config
from robot.dashboard.api_models import Given
from robot.dashboard.board import Board
from robot.dashboard.machine_file import ConfigText, MachineFile, Verdict, check_text, read_machine_file
from robot.dashboard.rights import Right, needs
from robot.recording_format import RecordingError
from robot.recording_store import stored_in

MOST_RECORDINGS = 200


class RecordingLine(Given):
    """One recording; `written` is POSIX seconds."""

    name: str = Field(examples=["2026-07-01T10-00-00"])
    bytes: int = Field(examples=[52_000_000])
    written: float = Field(examples=[1790000000.0])
    kept: str = Field(description="why it is kept whatever the quota says, or empty", examples=[""])


class Recordings(Given):
    """The recordings on the robot's disk, newest first."""

    problem: str = Field(examples=[""])
    recordings: tuple[RecordingLine, ...] = ()


def add_workshop_routes(app: FastAPI, board: Board) -> None:
    """Add what the workshop page reads."""

    @app.get("/api/v1/recordings", tags=["workshop"])
    @needs(Right.TUNE)
    def recordings() -> Recordings:
        """Return the recordings in the machine file's folder."""
        if board.machine is None:
            return Recordings(problem="")
        try:
            folder = load_config(board.machine).recording.folder
            found = stored_in(folder)[::-1] if folder.is_dir() else []
        except (ConfigError, RecordingError) as error:
            return Recordings(problem=" ".join(str(error).split()))
        lines = (
            RecordingLine(name=one.path.name, bytes=one.size, written=one.changed, kept=one.mark or "")
            for one in found[:MOST_RECORDINGS]
        )
        return Recordings(problem="", recordings=tuple(lines))

    @app.get("/api/v1/config", tags=["workshop"])
    @needs(Right.TUNE)
    def config() -> MachineFile:
        """Return the machine file's text."""
        return read_machine_file(board.machine)

    @app.post("/api/v1/config/check", tags=["workshop"])
    @needs(Right.TUNE)
    def check(body: ConfigText) -> Verdict:
        """Say whether a text would be taken as the machine file, and what would change; nothing is written."""
        return check_text(board.machine, body.text)
