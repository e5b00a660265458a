"""Puts the dashboard's parts together into one web application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from robot.clock import Clock
from robot.dashboard.api import add_robot_routes
from robot.dashboard.api_account import add_account_routes
from robot.dashboard.api_admin import add_admin_routes
from robot.dashboard.api_alerts import add_alert_routes
from robot.dashboard.api_config import add_config_routes
from robot.dashboard.api_crop import add_crop_routes
from robot.dashboard.api_evidence import add_evidence_routes
from robot.dashboard.api_jobs import add_job_routes
from robot.dashboard.api_lens import add_lens_routes
from robot.dashboard.api_pages import add_page_routes
from robot.dashboard.api_rig import add_rig_routes
from robot.dashboard.api_workshop import add_workshop_routes
from robot.dashboard.board import Board, make_board
from robot.dashboard.gate import Gate
from robot.dashboard.openapi import describe
from robot.dashboard.refused import CodedError
from robot.dashboard.rights import Right, needs
from robot.dashboard.security import Guard
from robot.dashboard.store import StoreError

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
PAGES = (
    "/", "/row", "/live", "/alerts", "/plan", "/results", "/history", "/workshop",
    "/sign-in", "/setup", "/account", "/users", "/tokens", "/audit",
)  # fmt: skip
"""Pages that share one shell; what they show comes from the API, to whom it may."""

# By reference: a model for each status of each route would make the dashboard slow to start.
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 404, 405, 409, 413, 422, 429, 503)
}


def create_app(
    socket_path: Path, ledger: Path, accounts: Path, clock: Clock, allowed_hosts: Iterable[str] = ()
) -> FastAPI:
    """Return the application that shows the control process at `socket_path`; raises StoreError."""
    return app_of(make_board(socket_path, ledger, accounts, clock), allowed_hosts)


def app_of(board: Board, allowed_hosts: Iterable[str] = ()) -> FastAPI:
    """Return the application of a board, which it closes at its end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(board.live.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await board.jobs.close()
        board.close()

    # FastAPI's own pages would load scripts from elsewhere, and its own routes declare no right.
    app = FastAPI(
        title="Bombus dashboard",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        responses=REFUSALS,
    )
    app.state.board = board
    app.add_exception_handler(RequestValidationError, _say_what_is_wrong)
    app.add_exception_handler(StoreError, _say_what_broke)
    app.add_exception_handler(CodedError, _say_why_refused)
    # The last added is the first to see a request.
    app.add_middleware(Gate, router=app.router, authority=board.authority)
    app.add_middleware(Guard, allowed_hosts=tuple(allowed_hosts))
    add_robot_routes(app, board)
    add_account_routes(app, board)
    add_admin_routes(app, board)
    add_alert_routes(app, board)
    add_page_routes(app, board)
    add_evidence_routes(app, board)
    add_crop_routes(app, board)
    add_workshop_routes(app, board)
    add_config_routes(app, board)
    add_job_routes(app, board)
    add_lens_routes(app, board)
    add_rig_routes(app, board)
    _add_files(app)
    return app


async def _say_what_is_wrong(request: Request, error: Exception) -> JSONResponse:
    """Answer a malformed request with one line; the request's own values are not sent back."""
    first = (
        error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": "malformed"}
    )
    where = ".".join(str(part) for part in first["loc"])
    line = " ".join(f"{where}: {first['msg']}".split())
    return JSONResponse({"detail": line.encode(errors="replace").decode()}, 422)


async def _say_why_refused(request: Request, error: Exception) -> JSONResponse:
    """Answer a refused command with its code beside the line."""
    if not isinstance(error, CodedError):
        raise error
    text = str(error.detail).encode(errors="replace").decode()
    return JSONResponse({"detail": text, "code": error.code}, error.status_code)


async def _say_what_broke(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 503)


def _add_files(app: FastAPI) -> None:
    """Serve the page's files from memory: a request's text only looks a name up, it is never a path."""
    files = {
        path.name: (path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in sorted(STATIC.iterdir())
        if path.suffix in MEDIA_TYPES
    }

    def file(name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "no such file")
        content, media_type = files[name]
        return Response(content, media_type=media_type)

    @needs(Right.OPEN)
    async def page() -> Response:
        return file("index.html")

    @needs(Right.OPEN)
    async def static(name: str) -> Response:
        return file(name)

    description: dict[str, Any] = {}

    @needs(Right.OPEN)
    async def openapi() -> JSONResponse:
        if not description:
            description.update(describe(app))
        return JSONResponse(description)

    for path in PAGES:
        app.add_api_route(path, page, include_in_schema=False)
    app.add_api_route("/static/{name}", static, include_in_schema=False)
    app.add_api_route("/api/v1/openapi.json", openapi, include_in_schema=False)
