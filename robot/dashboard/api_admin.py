"""What the admin does: people, tokens, and the audit log with its export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, TypeVar

import msgspec
from fastapi import FastAPI, HTTPException, Path, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from robot.dashboard.accounts import AccountError, name_key
from robot.dashboard.api_account import unless_busy
from robot.dashboard.api_models import (
    AuditEntry,
    AuditPage,
    Done,
    TokenBody,
    TokenLine,
    TokenMade,
    UserBody,
    UserChange,
    UserLine,
)
from robot.dashboard.audit import PAGE_LINES, AuditLog
from robot.dashboard.board import Board
from robot.dashboard.identity import Who
from robot.dashboard.passwords import problem_of_password
from robot.dashboard.rights import Right, needs

Result = TypeVar("Result")
UserName = Annotated[str, Path(min_length=1, max_length=40)]
TokenNumber = Annotated[int, Path(ge=1, le=2**53)]
BeforeLine = Annotated[int | None, Query(ge=1, le=2**53)]
EXPORT_CONTENT = {
    "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/AuditEntry"}}}
}


def add_admin_routes(app: FastAPI, board: Board) -> None:
    """Add people, tokens and the log."""
    _add_people(app, board)
    _add_changes(app, board)
    _add_tokens(app, board)
    _add_audit(app, board)


def _add_people(app: FastAPI, board: Board) -> None:
    @app.get("/api/v1/users", tags=["admin"])
    @needs(Right.MANAGE)
    def users() -> list[UserLine]:
        """Return everyone, by name."""
        return [UserLine(name=one.name, role=one.role, made=one.made) for one in board.accounts.users()]

    @app.post("/api/v1/users", tags=["admin"], status_code=201)
    @needs(Right.MANAGE)
    async def add_user(body: UserBody, who: Who) -> Done:
        """Add a person."""
        hashed = await _hashed(board, body.password, body.name)
        await _do(partial(board.accounts.add_user, body.name, body.role, hashed))
        await run_in_threadpool(board.audit.note, who.actor, "add_user", f"{body.name.strip()} {body.role}")
        return Done(text=f"{body.name.strip()} is now {body.role}")


def _add_changes(app: FastAPI, board: Board) -> None:
    @app.patch("/api/v1/users/{name}", tags=["admin"])
    @needs(Right.MANAGE)
    async def change_user(name: UserName, body: UserChange, who: Who) -> Done:
        """Give a person another role or a new password."""
        if body.role is None and body.password is None:
            raise HTTPException(400, "role, password: both are missing; give one of them")
        if body.password is not None:
            hashed = await _hashed(board, body.password, name)
            own = name_key(name) == name_key(who.actor.who)
            keep = who.session if own else b""
            await _do(partial(board.accounts.set_password, name, hashed, keep))
            await run_in_threadpool(board.audit.note, who.actor, "new_password", name)
        if body.role is not None:
            await _do(partial(board.accounts.set_role, name, body.role))
            await run_in_threadpool(board.audit.note, who.actor, "new_role", f"{name} {body.role}")
        return Done(text=f"{name} is changed")

    @app.delete("/api/v1/users/{name}", tags=["admin"])
    @needs(Right.MANAGE)
    async def remove_user(name: UserName, who: Who) -> Done:
        """Remove a person; their sessions end."""
        await _do(partial(board.accounts.remove_user, name))
        await run_in_threadpool(board.audit.note, who.actor, "remove_user", name)
        return Done(text=f"{name} is removed")


def _add_tokens(app: FastAPI, board: Board) -> None:
    @app.get("/api/v1/tokens", tags=["admin"])
    @needs(Right.MANAGE)
    def tokens() -> list[TokenLine]:
        """Return the tokens that are not revoked, newest first; never their secrets."""
        return [
            TokenLine(
                id=one.id,
                name=one.name,
                scopes=sorted(one.scopes),
                made=one.made,
                made_by=one.made_by,
                ends=one.ends,
            )
            for one in board.accounts.tokens()
        ]

    @app.post("/api/v1/tokens", tags=["admin"], status_code=201)
    @needs(Right.MANAGE)
    async def add_token(body: TokenBody, who: Who) -> TokenMade:
        """Make a token; its secret is in this answer and nowhere else."""
        scopes = frozenset(body.scopes)
        number, secret = await _do(
            partial(board.accounts.add_token, body.name, scopes, body.days, who.actor.who)
        )
        listed = " ".join(sorted(scopes))
        await run_in_threadpool(board.audit.note, who.actor, "add_token", f"{body.name.strip()} ({listed})")
        return TokenMade(id=number, secret=secret)

    @app.delete("/api/v1/tokens/{number}", tags=["admin"])
    @needs(Right.MANAGE)
    async def revoke_token(number: TokenNumber, who: Who) -> Done:
        """End a token; in force with its next request."""
        name = await _do(partial(board.accounts.revoke_token, number))
        await run_in_threadpool(board.audit.note, who.actor, "revoke_token", name)
        return Done(text=f"{name} is revoked")


def _add_audit(app: FastAPI, board: Board) -> None:
    @app.get("/api/v1/audit", tags=["admin"])
    @needs(Right.AUDIT)
    def audit(before: BeforeLine = None) -> AuditPage:
        """Return up to 100 lines of the audit log, newest first, below number `before`."""
        lines = board.audit.newest(before, PAGE_LINES + 1)
        shown = [AuditEntry.model_validate(msgspec.structs.asdict(line)) for line in lines[:PAGE_LINES]]
        return AuditPage(lines=shown, more=len(lines) > PAGE_LINES)

    @app.get(
        "/api/v1/audit/export", tags=["admin"], response_class=StreamingResponse,
        responses={200: {"content": EXPORT_CONTENT}},
    )  # fmt: skip
    @needs(Right.AUDIT)
    def export() -> Response:
        """Return the whole audit log as a JSON list, oldest first."""
        headers = {"content-disposition": 'attachment; filename="bombus-audit.json"'}
        return StreamingResponse(_as_json(board.audit), media_type="application/json", headers=headers)


def _as_json(audit: AuditLog) -> Iterator[bytes]:
    before = b"[\n"
    for line in audit.every():
        yield before + msgspec.json.encode(line)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


async def _hashed(board: Board, password: str, name: str) -> str:
    problem = problem_of_password(password, name)
    if problem:
        raise HTTPException(400, problem)
    return await unless_busy(board.passwords.hash(password))


async def _do(work: Callable[[], Result]) -> Result:
    """Run a change off the event loop; what cannot be done is 409 with its reason."""
    try:
        return await run_in_threadpool(work)
    except AccountError as error:
        raise HTTPException(409, str(error)) from error
