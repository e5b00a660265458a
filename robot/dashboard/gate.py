"""The gate before every route, HTTP and WebSocket: what has declared no right is refused, to everyone."""

from __future__ import annotations

import secrets
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from robot.dashboard.identity import CSRF_HEADER, Authority, CredentialError, Identity, address_of, anyone
from robot.dashboard.rights import RIGHTS_OF, Right, declared
from robot.dashboard.security import refuse
from robot.dashboard.store import StoreError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FOR_ANYONE = frozenset({Right.OPEN, Right.STOP})


class RefusedError(Exception):
    """The request is not let in; `status` and text are the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Gate:
    """ASGI middleware. Lets a request in when the route it will reach has declared a right that the sender has."""

    def __init__(self, app: ASGIApp, router: Router, authority: Authority) -> None:
        self._app = app
        self._router = router
        self._authority = authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with scope["identity"], or answer it with 401 or 403."""
        if scope["type"] in {"http", "websocket"}:
            endpoint = self._endpoint(scope)
            # Nothing is behind an unknown address or method: the router itself says 404 or 405.
            if endpoint is not None:
                try:
                    identity = self.admit(scope, declared(endpoint))
                except RefusedError as refusal:
                    await refuse(scope, receive, send, refusal.status, str(refusal))
                    return
                scope["identity"] = identity
                if identity.seen_due:
                    with suppress(StoreError):
                        await run_in_threadpool(self._authority.mark_seen, identity)
        await self._app(scope, receive, send)

    def admit(self, scope: Scope, right: Right | None) -> Identity:
        """Return who asks; raises RefusedError."""
        if right is None:
            raise RefusedError(403, "this address is closed")
        identity = self._identify(scope, right)
        check(identity, right)
        return identity

    def _identify(self, scope: Scope, right: Right) -> Identity:
        try:
            identity = self._authority.identify(scope)
            _check_csrf(scope, identity)
        except (CredentialError, StoreError, RefusedError) as error:
            # STOP and signing in must work with a broken session, a stale page and a broken disk.
            if right in FOR_ANYONE:
                return anyone(address_of(scope))
            if isinstance(error, RefusedError):
                raise
            raise RefusedError(401 if isinstance(error, CredentialError) else 503, str(error)) from error
        return identity

    def _endpoint(self, scope: Scope) -> object | None:
        for route in self._router.routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return getattr(route, "endpoint", route)
        return None


def check(identity: Identity, right: Right) -> None:
    """Raise RefusedError unless `identity` has `right`."""
    if right in identity.rights:
        return
    if identity.actor.role == "anyone":
        raise RefusedError(401, "sign in first: this needs an account")
    if identity.actor.role == "token":
        raise RefusedError(
            403, f"{identity.actor.who} has no scope '{right}'; ask the admin for a token that has"
        )
    role = next(role for role, rights in RIGHTS_OF.items() if right in rights)
    raise RefusedError(
        403, f"{identity.actor.who} is {identity.actor.role}: this needs {role}; ask the admin"
    )


def _check_csrf(scope: Scope, identity: Identity) -> None:
    if not identity.csrf or scope["type"] == "websocket" or scope["method"] in SAFE_METHODS:
        return
    given = Headers(scope=scope).get(CSRF_HEADER, "")
    if not secrets.compare_digest(given.encode(), identity.csrf.encode()):
        raise RefusedError(403, "page token: wrong or missing; load the page again")
