"""Puts the dashboard's parts together into one web application."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from robot.clock import Clock
from robot.dashboard.api import make_router
from robot.dashboard.live import Live
from robot.dashboard.security import Guard

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


def create_app(socket_path: Path, ledger: Path, clock: Clock, allowed_hosts: Iterable[str] = ()) -> FastAPI:
    """Return the application that shows the control process at `socket_path` and the ledger file."""
    live = Live(socket_path, clock)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(live.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    # The interactive API pages would load scripts from elsewhere.
    app = FastAPI(
        title="Bombus dashboard",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.add_exception_handler(RequestValidationError, _say_what_is_wrong)
    app.add_middleware(Guard, allowed_hosts=tuple(allowed_hosts))
    app.include_router(make_router(live, ledger, secrets.token_urlsafe(32)))
    _add_files(app)
    return app


async def _say_what_is_wrong(request: Request, error: Exception) -> JSONResponse:
    """Answer a malformed request with one line; the request's own values are not sent back."""
    first = (
        error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": "malformed"}
    )
    where = ".".join(str(part) for part in first["loc"])
    return JSONResponse({"detail": f"{where}: {first['msg']}"}, 422)


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

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return file("index.html")

    @app.get("/static/{name}", include_in_schema=False)
    async def static(name: str) -> Response:
        return file(name)
