"""The robot's routes: status, past runs, commands, STOP, health, events and the live WebSocket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from fastapi import FastAPI, Header, HTTPException, Response, WebSocket
from fastapi.responses import StreamingResponse
from starlette.requests import HTTPConnection

from robot.dashboard.api_models import CommandBody, CommandTaken, Health, StopBody
from robot.dashboard.board import Board
from robot.dashboard.command_desk import Asked, OtherCommandError
from robot.dashboard.control_link import NoControlError
from robot.dashboard.gate import RefusedError, check
from robot.dashboard.history import History, read_history
from robot.dashboard.identity import CredentialError, Who, identity_of
from robot.dashboard.metrics import CONTENT_TYPE, metrics_text
from robot.dashboard.refused import CodedError
from robot.dashboard.rights import NEEDED_FOR, Right, needs
from robot.dashboard.store import StoreError
from robot.refusals import Refusal
from robot.types import CommandName

FRESH_S = 2.0
"""A snapshot older than this is not the robot's state any more."""

STATUS_SCHEMA = {"application/json": {"schema": {"$ref": "#/components/schemas/State"}}}
METRICS = {"text/plain": {"schema": {"type": "string"}}}
EVENT_STREAM = {"text/event-stream": {"schema": {"type": "string"}}}


def add_robot_routes(app: FastAPI, board: Board) -> None:
    """Add what shows the robot and what acts on it."""
    _add_looking(app, board)
    _add_acting(app, board)
    _add_streams(app, board)


def _add_looking(app: FastAPI, board: Board) -> None:
    live = board.live

    @app.get("/api/v1/status", tags=["robot"], responses={200: {"content": STATUS_SCHEMA}})
    @needs(Right.LOOK)
    async def status() -> Response:
        """Return the newest snapshot, how old it is, and whether the control process is there."""
        return Response(msgspec.json.encode(live.state()), media_type="application/json")

    @app.get("/api/v1/history", tags=["robot"])
    @needs(Right.LOOK)
    def history() -> History:
        """Return the last sessions and journal lines from the ledger."""
        return read_history(board.ledger)

    @app.get("/metrics", tags=["robot"], response_class=Response, responses={200: {"content": METRICS}})
    @needs(Right.LOOK)
    async def metrics() -> Response:
        """Return the newest snapshot's numbers for Prometheus."""
        return Response(metrics_text(live.link), headers={"content-type": CONTENT_TYPE})

    @app.get("/healthz", tags=["robot"], responses={503: {"model": Health}})
    @needs(Right.OPEN)
    async def healthz(response: Response) -> Health:
        """Return 200 while the robot's state is fresh, 503 otherwise."""
        age = live.link.age_s
        if live.link.connected and age is not None and age <= FRESH_S:
            return Health(ok=True, text="the robot's state is fresh")
        response.status_code = 503
        if not live.link.connected:
            return Health(ok=False, text="the control process does not run")
        return Health(ok=False, text="the control process is silent")


def _add_acting(app: FastAPI, board: Board) -> None:
    @app.post("/api/v1/stop", tags=["robot"])
    @needs(Right.STOP)
    async def stop(who: Who, body: StopBody | None = None) -> CommandTaken:
        """Stop at once. Everyone who reaches the page may, signed in or not; a body is not needed."""
        return await _stop(board, who, body.request_id if body is not None else "")

    @app.post("/api/v1/commands", tags=["robot"])
    @needs(Right.STOP)
    async def command(body: CommandBody, who: Who) -> CommandTaken:
        """Hand one command to the control process; what it needs is looked up by its name."""
        try:
            check(who, NEEDED_FOR[body.name])
        except RefusedError as refusal:
            raise HTTPException(refusal.status, str(refusal)) from refusal
        if body.name is CommandName.STOP:
            return await _stop(board, who, body.request_id)
        asked = Asked(body.name, body.value, body.text, body.request_id)
        try:
            answer = await board.desk.hand_over(who.actor, asked)
        except OtherCommandError as error:
            raise CodedError(409, str(error), Refusal.REQUEST_ID_USED) from error
        except NoControlError as error:
            raise CodedError(503, str(error), Refusal.NO_CONTROL) from error
        if not answer.accepted:
            raise CodedError(409, answer.text, answer.code)
        return CommandTaken(text=answer.text)


async def _stop(board: Board, who: Who, request_id: str) -> CommandTaken:
    try:
        answer = await board.desk.stop(who.actor, request_id)
    except NoControlError as error:
        raise CodedError(503, str(error), Refusal.NO_CONTROL) from error
    if not answer.accepted:
        raise CodedError(409, answer.text, answer.code)
    return CommandTaken(text=answer.text)


def _add_streams(app: FastAPI, board: Board) -> None:
    def may_look(connection: HTTPConnection) -> Callable[[], bool]:
        let_in = identity_of(connection)

        def look() -> bool:
            """Whether it is still the same person or program with the same role, who may look."""
            try:
                now = board.authority.identify(connection.scope)
            except (CredentialError, StoreError):
                return False
            return Right.LOOK in now.rights and now.actor == let_in.actor

        return look

    @app.websocket("/api/v1/live")
    @needs(Right.LOOK)
    async def live_socket(websocket: WebSocket) -> None:
        await board.live.serve_tab(websocket, may_look(websocket))

    @app.get(
        "/api/v1/events", tags=["robot"], response_class=StreamingResponse,
        responses={200: {"content": EVENT_STREAM}},
    )  # fmt: skip
    @needs(Right.LOOK)
    async def events(connection: HTTPConnection, last_event_id: Annotated[str, Header()] = "") -> Response:
        """Stream what happens as Server-Sent Events: mode, fault, command, row, control.

        It begins with how things stand; with Last-Event-ID, with what came since.
        """
        feed = board.live.feed
        if not feed.has_room:
            raise HTTPException(429, "events: too many readers already; close one")
        stream = feed.read(last_event_id, may_look(connection))
        return StreamingResponse(stream, media_type="text/event-stream")
