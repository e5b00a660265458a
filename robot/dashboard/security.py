"""What every request must pass: a known host, the same origin, a small body; and what every answer says.

Other web pages must not be able to use the operator's browser to reach the robot; who may what is gate.py.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 4096
"""Bytes; a command has a few hundred."""

LARGE_BODIES = {"/api/v1/config/check": 100_000, "/api/v1/config/apply": 100_000}
"""Bytes for those who send a whole machine file."""

ANSWER_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}


class Guard:
    """ASGI middleware: refuses what does not come from our own page, and adds ANSWER_HEADERS."""

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        self._allowed = {name.lower() for name in allowed_hosts} | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with 400, 403 or 413."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        problem = self._problem(scope)
        if problem:
            await refuse(scope, receive, send, 403, problem)
            return
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            most = LARGE_BODIES.get(scope["path"], MAX_BODY)
            body = await _small_body(receive, most)
            if body is None:
                await refuse(scope, receive, send, 413, f"the request is over {most} bytes; send less")
                return
            receive = _replay(body, receive)
        await self._app(scope, receive, _with_headers(send))

    def _problem(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or len(origins) > 1:
            return "the request must have one Host and at most one Origin header"
        host = _host_name(hosts[0])
        if host not in self._allowed and not _is_address(host):
            return f"host {host[:80]!r} is not known; start the dashboard with --allow-host NAME to use it"
        # A plain GET shows nothing to another origin: the browser keeps the answer from it.
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            return ""
        if origins and origins[0].lower().partition("://")[2] != hosts[0].lower():
            return "the request comes from another web page; use the dashboard's own page"
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "the request comes from another web page; use the dashboard's own page"
        return ""


def _host_name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _is_address(host: str) -> bool:
    """Whether it is a plain address: only a name can be made to point here by someone else's DNS."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _small_body(receive: Receive, most: int) -> bytes | None:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        body += bytes(message.get("body", b""))
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(ANSWER_HEADERS)
        await send(message)

    return send_with_headers


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, problem: str) -> None:
    """Answer with `status` and {"detail": problem}, or close the WebSocket before it opens."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": problem[:120]})
        return
    body = json.dumps({"detail": problem}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await _with_headers(send)({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
