"""The routes that programs and the page use: status, history, commands, health, live."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, HTTPException, Request, Response, WebSocket
from pydantic import BaseModel, ConfigDict, Field

from robot.commands import CommandRequest
from robot.dashboard.control_link import NoControlError
from robot.dashboard.history import History, read_history
from robot.dashboard.live import Live
from robot.types import CommandName

FRESH_S = 2.0
"""A snapshot older than this is not the robot's state any more."""


class CommandBody(BaseModel):
    """One press of a button; a repeated `request_id` acts once."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    request_id: str = Field(min_length=1, max_length=64)
    name: CommandName
    value: float | None = None
    text: str = Field(default="", max_length=80)


class CommandTaken(BaseModel):
    """The control process has taken the command; what it did shows in the next states."""

    text: str


class Session(BaseModel):
    """What a page of this dashboard sends back with each command, in the header X-Bombus-Token."""

    token: str


class Health(BaseModel):
    """Whether the page shows a robot that is alive."""

    ok: bool
    text: str


def make_router(live: Live, ledger: Path, token: str) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _add_reading(router, live, ledger)

    @router.get("/api/v1/session")
    async def session() -> Session:
        """Return the token that commands need."""
        return Session(token=token)

    @router.post(
        "/api/v1/command", responses={403: {}, 409: {}, 413: {}, 503: {"description": "no control process"}}
    )
    async def command(
        body: CommandBody, request: Request, x_bombus_token: Annotated[str, Header()] = ""
    ) -> CommandTaken:
        """Hand one command to the control process."""
        if not secrets.compare_digest(x_bombus_token.encode(), token.encode()):
            raise HTTPException(403, "token: wrong or missing; load the page again")
        who = f"page at {request.client.host}" if request.client else "page"
        asked = CommandRequest(body.request_id, body.name, body.value, body.text, who)
        try:
            answer = await live.link.send(asked)
        except NoControlError as error:
            raise HTTPException(503, str(error)) from error
        if not answer.accepted:
            raise HTTPException(409, answer.text)
        return CommandTaken(text=answer.text)

    @router.websocket("/api/v1/live")
    async def live_socket(websocket: WebSocket) -> None:
        await live.serve_tab(websocket)

    return router


def _add_reading(router: APIRouter, live: Live, ledger: Path) -> None:
    @router.get("/api/v1/status")
    async def status() -> Response:
        """Return the newest snapshot, how old it is, and whether the control process is there."""
        return Response(msgspec.json.encode(live.state()), media_type="application/json")

    @router.get("/api/v1/history")
    def history() -> History:
        """Return the last sessions and journal lines from the ledger."""
        return read_history(ledger)

    @router.get("/healthz", responses={503: {"model": Health}})
    async def healthz(response: Response) -> Health:
        """Return 200 while the robot's state is fresh, 503 otherwise."""
        age = live.link.age_s
        if live.link.connected and age is not None and age <= FRESH_S:
            return Health(ok=True, text="the robot's state is fresh")
        response.status_code = 503
        if not live.link.connected:
            return Health(ok=False, text="the control process does not run")
        return Health(ok=False, text="the control process is silent")
