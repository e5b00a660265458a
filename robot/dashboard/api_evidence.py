"""The route of pictures as evidence: the flowers of a stretch as the run's recording shows them."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import Field

from robot.config import ConfigError, load_config
from robot.dashboard.api_models import Given
from robot.dashboard.board import Board
from robot.dashboard.evidence import Passed, cut_outs
from robot.dashboard.ledger_reader import LedgerUnreadError, reading
from robot.dashboard.rights import Right, needs
from robot.recording_format import RecordingError
from vision.types import Side

MOST_PICTURES = 60
PASSED = """
SELECT flower, s, h, d, wall FROM flower WHERE session = ? AND side = ? AND s >= ? AND s < ? ORDER BY s LIMIT ?
"""


class FlowerPicture(Given):
    """A flower in the middle of a small picture; `jpeg` is base64."""

    flower: int
    jpeg: str = Field(examples=["/9j/4AAQ"])


class FlowerPictures(Given):
    """What the recordings on the robot's disk show; flowers that none shows are left out."""

    problem: str = Field(examples=[""])
    pictures: tuple[FlowerPicture, ...] = ()


def add_evidence_routes(app: FastAPI, board: Board) -> None:
    """Add the pictures of flowers."""

    @app.get("/api/v1/flowers/pictures", tags=["pages"])
    @needs(Right.LOOK)
    def pictures(
        session: Annotated[int, Query(ge=0, le=2**53)],
        side: Side,
        start: Annotated[float, Query(ge=-100, le=1000)],
        end: Annotated[float, Query(ge=-100, le=1000)],
    ) -> FlowerPictures:
        """Return pictures of the flowers of a stretch (m) of one side in one session, where it was recorded."""
        if board.machine is None:
            return FlowerPictures(problem="")
        try:
            folder = load_config(board.machine).recording.folder
            flowers = _passed(board.ledger, (session, side, start, end, MOST_PICTURES))
            found = cut_outs(folder, side, flowers)
        except (ConfigError, LedgerUnreadError, RecordingError) as error:
            return FlowerPictures(problem=" ".join(str(error).split()))
        lines = [
            FlowerPicture(flower=flower, jpeg=b64encode(jpeg).decode()) for flower, jpeg in found.items()
        ]
        return FlowerPictures(problem="", pictures=tuple(lines))


def _passed(ledger: Path, where: tuple[int, str, float, float, int]) -> list[Passed]:
    with reading(ledger) as db:
        return [Passed(flower, (s, h, d), wall) for flower, s, h, d, wall in db.execute(PASSED, where)]
