"""One's own account: first-run set-up, signing in and out, the password."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from robot.dashboard.accounts import LIFE_S, AccountError, User, name_key
from robot.dashboard.api_models import Done, PasswordBody, Session, SetUpBody, SignInBody
from robot.dashboard.audit import Actor, Outcome
from robot.dashboard.board import Board
from robot.dashboard.identity import Identity, Who, address_of, cookie_name, csrf_of, is_secure
from robot.dashboard.passwords import BusyError, problem_of_password
from robot.dashboard.rights import RIGHTS_OF, Right, Role, needs

Result = TypeVar("Result")


def add_account_routes(app: FastAPI, board: Board) -> None:
    """Add set-up, sign-in and what a person does with their own account."""
    _add_session(app, board)
    _add_set_up(app, board)
    _add_own(app, board)


def _add_session(app: FastAPI, board: Board) -> None:
    @app.get("/api/v1/session", tags=["account"])
    @needs(Right.OPEN)
    async def session(who: Who) -> Session:
        """Return who asks and what they may."""
        return _session(board, who)

    @app.post("/api/v1/session", tags=["account"])
    @needs(Right.OPEN)
    async def sign_in(body: SignInBody, request: Request, response: Response) -> Session:
        """Sign in; the answer sets the session's cookie."""
        scope = request.scope
        address = address_of(scope)
        actor = Actor(body.name.strip()[:40], "anyone", address)
        slow_down(board, name_key(body.name), address, "wrong passwords for this account")
        user = await run_in_threadpool(board.accounts.user, body.name)
        fits = await unless_busy(board.passwords.fits(body.password, user.password if user else None))
        if user is None or not fits:
            await run_in_threadpool(
                board.audit.note, actor, "sign_in", "", Outcome.REFUSED, "name or password wrong"
            )
            raise HTTPException(
                401, "name or password: wrong; try again, or ask the admin for a new password"
            )
        board.limiter.succeeded(name_key(body.name), address)
        await run_in_threadpool(board.audit.note, Actor(user.name, user.role, address), "sign_in")
        return await _begin(board, user, scope, response)


def _add_set_up(app: FastAPI, board: Board) -> None:
    @app.post("/api/v1/setup", tags=["account"])
    @needs(Right.OPEN)
    async def set_up(body: SetUpBody, request: Request, response: Response) -> Session:
        """Make the first admin, once, with the code from the robot's terminal; the answer signs in."""
        address = address_of(request.scope)
        if board.is_set_up:
            raise HTTPException(409, "set-up: is done already; sign in as the admin")
        slow_down(board, "set-up code", address, "wrong set-up codes")
        if not secrets.compare_digest(_letters(body.code).encode(), _letters(board.set_up_code).encode()):
            raise HTTPException(403, "code: wrong; it stands in the terminal where the robot was started")
        board.limiter.succeeded("set-up code", address)
        problem = problem_of_password(body.password, body.name)
        if problem:
            raise HTTPException(400, problem)
        hashed = await unless_busy(board.passwords.hash(body.password))
        try:
            await run_in_threadpool(board.accounts.add_user, body.name, Role.ADMIN, hashed, first=True)
        except AccountError as error:
            raise HTTPException(409, str(error)) from error
        user = board.accounts.user(body.name)
        if user is None:
            raise HTTPException(409, "set-up: the admin is gone again; load the page again")
        await run_in_threadpool(board.audit.note, Actor(user.name, user.role, address), "set_up")
        return await _begin(board, user, request.scope, response)


def _add_own(app: FastAPI, board: Board) -> None:
    @app.delete("/api/v1/session", tags=["account"])
    @needs(Right.ACCOUNT)
    async def sign_out(who: Who, request: Request, response: Response) -> Done:
        """End this session."""
        await run_in_threadpool(board.accounts.end_session, who.session)
        await run_in_threadpool(board.audit.note, who.actor, "sign_out")
        _forget(request.scope, response)
        return Done(text="signed out")

    @app.delete("/api/v1/sessions", tags=["account"])
    @needs(Right.ACCOUNT)
    async def sign_out_everywhere(who: Who, request: Request, response: Response) -> Done:
        """End all sessions of this account, this one too."""
        ended = await run_in_threadpool(board.accounts.end_sessions, _user(who).id)
        await run_in_threadpool(board.audit.note, who.actor, "sign_out_everywhere", f"{ended} sessions")
        _forget(request.scope, response)
        return Done(text=f"signed out everywhere: {ended} sessions ended")

    @app.post("/api/v1/password", tags=["account"])
    @needs(Right.ACCOUNT)
    async def change_password(body: PasswordBody, who: Who) -> Done:
        """Change one's own password; all other sessions of this account end."""
        key, address = name_key(who.actor.who), who.actor.address
        slow_down(board, key, address, "wrong passwords for this account")
        known = await run_in_threadpool(board.accounts.user, who.actor.who)
        if known is None or not await unless_busy(board.passwords.fits(body.old, known.password)):
            await run_in_threadpool(
                board.audit.note, who.actor, "password", "", Outcome.REFUSED, "old one wrong"
            )
            raise HTTPException(403, "old password: wrong; try again")
        board.limiter.succeeded(key, address)
        problem = problem_of_password(body.new, who.actor.who)
        if problem:
            raise HTTPException(400, problem)
        hashed = await unless_busy(board.passwords.hash(body.new))
        await run_in_threadpool(board.accounts.set_password, who.actor.who, hashed, who.session)
        await run_in_threadpool(board.audit.note, who.actor, "password")
        return Done(text="the password is changed; your other sessions have ended")


def slow_down(board: Board, account: str, address: str, what: str) -> None:
    """Count one try; raises HTTPException 429 while a wait runs."""
    wait = board.limiter.take(account, address)
    if wait > 0:
        seconds = int(wait) + 1
        raise HTTPException(
            429, f"too many {what}: wait {seconds} s, then try again", {"retry-after": str(seconds)}
        )


async def unless_busy(work: Awaitable[Result]) -> Result:
    """Return what the password thread says; raises HTTPException 429 when too many wait for it."""
    try:
        return await work
    except BusyError as error:
        raise HTTPException(
            429, "too many people sign in at once: wait 5 s, then try again", {"retry-after": "5"}
        ) from error


async def _begin(board: Board, user: User, scope: Scope, response: Response) -> Session:
    address = address_of(scope)
    secret = await run_in_threadpool(board.accounts.open_session, user, address)
    response.set_cookie(
        cookie_name(scope), secret, max_age=int(LIFE_S), path="/", secure=is_secure(scope), httponly=True,
        samesite="strict",
    )  # fmt: skip
    actor = Actor(user.name, user.role.value, address)
    return _session(board, Identity(actor, RIGHTS_OF[user.role], user, b"", csrf_of(secret)))


def _forget(scope: Scope, response: Response) -> None:
    response.delete_cookie(
        cookie_name(scope), path="/", secure=is_secure(scope), httponly=True, samesite="strict"
    )


def _session(board: Board, who: Identity) -> Session:
    return Session(
        signed_in=who.user is not None,
        name=who.user.name if who.user is not None else "",
        role=who.user.role if who.user is not None else None,
        rights=sorted(who.rights),
        csrf=who.csrf,
        here=who.here,
        set_up=board.is_set_up,
    )


def _user(who: Identity) -> User:
    if who.user is None:
        raise HTTPException(403, "this needs a person's account, not a token")
    return who.user


def _letters(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())
