"""The alerts' route: what is to be acknowledged, what was, by whom, and whether sending works."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from robot.alerts.store import Alert, AlertError, read_alerts
from robot.dashboard.board import Board
from robot.dashboard.rights import Right, needs

PAGE_ALERTS = 50
BeforeAlert = Annotated[int | None, Query(ge=1, le=2**53)]


class Given(BaseModel):
    """Base of what is given."""

    model_config = ConfigDict(frozen=True)


class AlertLine(Given):
    """One alert. Times are POSIX seconds; `acknowledged` is null while nobody has.

    `kind` is fault or notice, `severity` warn, hold or stop. `count` is how often it came meanwhile. The code
    has an entry in docs/troubleshooting.md; it is also the `text` of the command acknowledge.
    """

    id: int = Field(examples=[17])
    code: str = Field(examples=["pressure_low"])
    kind: str = Field(examples=["fault"])
    severity: str = Field(examples=["hold"])
    text: str = Field(examples=["The air pressure is too low: 240 kPa, needs 300"])
    remedy: str = Field(examples=["Wait for the compressor; if it does not rise, look for a leak"])
    raised: float = Field(examples=[1790000000.0])
    last: float = Field(examples=[1790000060.0])
    count: int = Field(examples=[2])
    present: bool = Field(examples=[True])
    acknowledged: float | None = Field(examples=[None])
    acknowledged_by: str = Field(examples=[""])


class Channel(Given):
    """How sending goes: tries in vain since it last worked, why, and when that was told."""

    name: str = Field(examples=["webhook"])
    tries: int = Field(examples=[0])
    problem: str = Field(examples=[""])
    wall: float = Field(examples=[1790000000.0])


class Alerts(Given):
    """Open ones oldest first, past ones newest first; `more` says that there are older ones."""

    problem: str = Field(description="why there are none, or empty", examples=[""])
    open: list[AlertLine]
    past: list[AlertLine]
    more: bool = Field(examples=[False])
    channels: list[Channel]


def add_alert_routes(app: FastAPI, board: Board) -> None:
    """Add the alerts."""

    @app.get("/api/v1/alerts", tags=["robot"])
    @needs(Right.LOOK)
    def alerts(before: BeforeAlert = None) -> Alerts:
        """Return every open alert and up to 50 acknowledged ones below number `before`."""
        path = board.alerts
        if path is None or not path.is_file():
            return _nothing("There is no alerts file yet: it is made when the robot first runs.")
        try:
            waiting, past, channels = read_alerts(path, before, PAGE_ALERTS + 1)
        except AlertError as error:
            return _nothing(str(error))
        return Alerts(
            problem="",
            open=[_line(alert) for alert in waiting],
            past=[_line(alert) for alert in past[:PAGE_ALERTS]],
            more=len(past) > PAGE_ALERTS,
            channels=[Channel.model_validate(msgspec.structs.asdict(one)) for one in channels],
        )


def _nothing(problem: str) -> Alerts:
    return Alerts(problem=problem, open=[], past=[], more=False, channels=[])


def _line(alert: Alert) -> AlertLine:
    return AlertLine.model_validate(msgspec.structs.asdict(alert))
