"""Who sends a request: a person by the session cookie, a program by its token, or someone without an account."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from robot.dashboard.accounts import SEEN_EVERY_S, Accounts, User, secret_hash
from robot.dashboard.audit import Actor
from robot.dashboard.rights import ANYONE, ANYONE_HERE, RIGHTS_OF, Right

CSRF_HEADER = "x-bombus-csrf"
HERE = "here"
"""The address of what comes from the robot's own computer."""

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "via")
"""A request with one of these came through a proxy: it is from elsewhere, whatever address it shows."""


class CredentialError(Exception):
    """A token or session was shown that does not hold; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what they may."""

    actor: Actor
    rights: frozenset[Right]
    user: User | None = None
    session: bytes = b""
    """The hash of the session's secret; empty for tokens and people without an account."""
    csrf: str = ""
    seen_due: str = ""
    """The session's secret when it is time to mark it as seen."""

    @property
    def here(self) -> bool:
        """Whether the request comes from the robot's own computer."""
        return self.actor.address == HERE


class Authority:
    """Tells the identity of a request from its ASGI scope."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def identify(self, scope: Scope) -> Identity:
        """Return who asks; raises CredentialError for a token that does not hold, StoreError."""
        headers, address = Headers(scope=scope), address_of(scope)
        authorization = headers.get("authorization")
        if authorization is not None:
            return self._by_token(authorization, address)
        secret = HTTPConnection(scope).cookies.get(cookie_name(scope), "")
        found = self._accounts.session_user(secret) if secret else None
        if found is None:
            return anyone(address)
        user, unseen_s = found
        return Identity(
            Actor(user.name, user.role.value, address),
            RIGHTS_OF[user.role],
            user,
            secret_hash(secret),
            csrf_of(secret),
            secret if unseen_s > SEEN_EVERY_S else "",
        )

    def mark_seen(self, identity: Identity) -> None:
        """Keep the session from ending for want of use; raises StoreError."""
        self._accounts.mark_seen(identity.seen_due)

    def _by_token(self, authorization: str, address: str) -> Identity:
        kind, _, secret = authorization.partition(" ")
        token = self._accounts.token(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:
            raise CredentialError("token: unknown, revoked or past its end; ask the admin for a new one")
        return Identity(
            Actor(f"token:{token.name}", "token", address), token.scopes | {Right.OPEN, Right.STOP}
        )


def anyone(address: str) -> Identity:
    """Return the identity of someone without an account."""
    if address == HERE:
        return Identity(Actor("someone at the robot", "anyone", HERE), ANYONE_HERE)
    return Identity(Actor(f"someone at {address}", "anyone", address), ANYONE)


def address_of(scope: Scope) -> str:
    """Return where a request comes from: HERE, or the client's address."""
    client = scope.get("client")
    if not client:
        return "unknown"
    host = str(client[0])[:60]
    headers = Headers(scope=scope)
    try:
        own = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        own = False
    return HERE if own and not any(name in headers for name in FORWARDED) else host


def cookie_name(scope: Scope) -> str:
    """Return the session cookie's name: browsers keep cookies of all ports of a machine together."""
    port = (scope.get("server") or ("", 0))[1]
    return f"__Host-bombus-{port}" if is_secure(scope) else f"bombus-{port}"


def is_secure(scope: Scope) -> bool:
    """Whether the request came over TLS."""
    return scope.get("scheme") in {"https", "wss"}


def csrf_of(secret: str) -> str:
    """Return what a page must send back in X-Bombus-CSRF; other sites cannot read it, nor learn the secret from it."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def identity_of(connection: HTTPConnection) -> Identity:
    """Return who the gate has let in."""
    identity: Identity = connection.scope["identity"]
    return identity


Who = Annotated[Identity, Depends(identity_of)]
