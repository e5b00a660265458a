"""Who may what, on every route there is, HTTP and WebSocket: what no table lists is open to nobody."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from robot.dashboard.board import Board
from robot.dashboard.rights import NEEDED_FOR, RIGHTS_OF, Right, Role, declared
from robot.dashboard.server import app_of
from robot.types import CommandName

ELSEWHERE = {"x-forwarded-for": "192.0.2.7"}
"""What a proxy on the robot adds: the request comes from the network."""

OPEN, STOP, LOOK = Right.OPEN, Right.STOP, Right.LOOK
ROUTES: dict[tuple[str, str], Right] = {
    ("GET", "/"): OPEN,
    ("GET", "/row"): OPEN,
    ("GET", "/alerts"): OPEN,
    ("GET", "/plan"): OPEN,
    ("GET", "/workshop"): OPEN,
    ("GET", "/live"): OPEN,
    ("GET", "/results"): OPEN,
    ("GET", "/history"): OPEN,
    ("GET", "/sign-in"): OPEN,
    ("GET", "/setup"): OPEN,
    ("GET", "/account"): OPEN,
    ("GET", "/users"): OPEN,
    ("GET", "/tokens"): OPEN,
    ("GET", "/audit"): OPEN,
    ("GET", "/static/{name}"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/api/v1/openapi.json"): OPEN,
    ("GET", "/api/v1/session"): OPEN,
    ("POST", "/api/v1/session"): OPEN,
    ("POST", "/api/v1/setup"): OPEN,
    ("POST", "/api/v1/stop"): STOP,
    ("POST", "/api/v1/commands"): STOP,
    ("GET", "/api/v1/status"): LOOK,
    ("GET", "/api/v1/history"): LOOK,
    ("GET", "/api/v1/alerts"): LOOK,
    ("GET", "/metrics"): LOOK,
    ("GET", "/api/v1/events"): LOOK,
    ("GET", "/api/v1/today"): LOOK,
    ("GET", "/api/v1/row"): LOOK,
    ("GET", "/api/v1/flowers"): LOOK,
    ("GET", "/api/v1/flowers/pictures"): LOOK,
    ("GET", "/api/v1/plan"): LOOK,
    ("POST", "/api/v1/plan/what-if"): Right.OPERATE,
    ("GET", "/api/v1/results"): LOOK,
    ("GET", "/api/v1/crop"): LOOK,
    ("POST", "/api/v1/crop/counts"): Right.OPERATE,
    ("DELETE", "/api/v1/crop/counts/{number}"): Right.OPERATE,
    ("GET", "/api/v1/recordings"): Right.TUNE,
    ("GET", "/api/v1/config"): Right.TUNE,
    ("POST", "/api/v1/config/check"): Right.TUNE,
    ("GET", "/api/v1/config/history"): Right.TUNE,
    ("POST", "/api/v1/config/apply"): Right.TUNE,
    ("POST", "/api/v1/config/rollback"): Right.TUNE,
    ("GET", "/api/v1/jobs"): Right.TUNE,
    ("GET", "/api/v1/lens"): Right.TUNE,
    ("POST", "/api/v1/lens"): Right.TUNE,
    ("DELETE", "/api/v1/lens"): Right.TUNE,
    ("GET", "/api/v1/lens/picture"): Right.TUNE,
    ("GET", "/api/v1/lens/board"): Right.TUNE,
    ("POST", "/api/v1/lens/fit"): Right.TUNE,
    ("POST", "/api/v1/lens/apply"): Right.TUNE,
    ("DELETE", "/api/v1/jobs"): Right.TUNE,
    ("POST", "/api/v1/doctor"): Right.TUNE,
    ("POST", "/api/v1/replays"): Right.TUNE,
    ("GET", "/api/v1/replays/{number}/report"): Right.TUNE,
    ("POST", "/api/v1/rigs"): Right.TUNE,
    ("POST", "/api/v1/rigs/{number}/apply"): Right.TUNE,
    ("GET", "/api/v1/export/{table}"): LOOK,
    ("WEBSOCKET", "/api/v1/live"): LOOK,
    ("DELETE", "/api/v1/session"): Right.ACCOUNT,
    ("DELETE", "/api/v1/sessions"): Right.ACCOUNT,
    ("POST", "/api/v1/password"): Right.ACCOUNT,
    ("GET", "/api/v1/users"): Right.MANAGE,
    ("POST", "/api/v1/users"): Right.MANAGE,
    ("PATCH", "/api/v1/users/{name}"): Right.MANAGE,
    ("DELETE", "/api/v1/users/{name}"): Right.MANAGE,
    ("GET", "/api/v1/tokens"): Right.MANAGE,
    ("POST", "/api/v1/tokens"): Right.MANAGE,
    ("DELETE", "/api/v1/tokens/{number}"): Right.MANAGE,
    ("GET", "/api/v1/audit"): Right.AUDIT,
    ("GET", "/api/v1/audit/export"): Right.AUDIT,
}
"""The whole table, written down a second time: a route that is not here, or asks for another right, fails."""

ENOUGH: dict[Right, set[str]] = {
    Right.OPEN: {"anyone", "here", "viewer", "operator", "technician", "admin"},
    Right.STOP: {"anyone", "here", "viewer", "operator", "technician", "admin"},
    Right.LOOK: {"here", "viewer", "operator", "technician", "admin"},
    Right.ACCOUNT: {"viewer", "operator", "technician", "admin"},
    Right.OPERATE: {"operator", "technician", "admin"},
    Right.TUNE: {"technician", "admin"},
    Right.AUDIT: {"admin"},
    Right.MANAGE: {"admin"},
}
SENDERS = ("anyone", "here", *Role)


@pytest.fixture(scope="module")
def app(board_long: Board) -> FastAPI:
    return app_of(board_long)


@pytest.fixture(scope="module")
def client(app: FastAPI, serve_long: Callable[[FastAPI], httpx.Client]) -> httpx.Client:
    return serve_long(app)


@pytest.fixture
def headers_of(
    board_long: Board,
    client: httpx.Client,
    as_role: Callable[[Board, httpx.Client, Role], dict[str, str]],
) -> Callable[[str], dict[str, str]]:
    def headers(sender: str) -> dict[str, str]:
        if sender == "anyone":
            return ELSEWHERE
        if sender == "here":
            return {}
        return {**ELSEWHERE, **as_role(board_long, client, Role(sender))}

    return headers


def keys_of(app: FastAPI) -> dict[tuple[str, str], object]:
    """Return every route of an app; fails on a kind of route that it does not know."""
    found: dict[tuple[str, str], object] = {}
    for route in app.routes:
        assert isinstance(route, Route | WebSocketRoute | APIRoute), f"{route!r}: a new kind of route"
        methods = getattr(route, "methods", None) or {"WEBSOCKET"}
        for method in methods - {"HEAD"}:
            found[method, route.path] = route.endpoint
    return found


def test_every_route_declares_the_right_of_the_table(app: FastAPI) -> None:
    assert {key: declared(endpoint) for key, endpoint in keys_of(app).items()} == ROUTES


def is_let_in(client: httpx.Client, method: str, path: str, headers: dict[str, str]) -> bool:
    """Whether the gate lets a request in; what the route makes of it does not matter."""
    path = (
        path.replace("{name}", "app.js" if "static" in path else "nobody")
        .replace("{number}", "999")
        .replace("{table}", "passes")
    )
    if method == "WEBSOCKET":
        url = str(client.base_url).rstrip("/").replace("http", "ws") + path
        try:
            with connect(url, additional_headers=headers):
                return True
        except InvalidStatus as refused:
            assert refused.response.status_code == 403
            return False
    with client.stream(method, path, headers=headers) as answer:
        if path == "/api/v1/events" and answer.status_code == 200:
            return True
        answer.read()
        refused_by_gate = answer.status_code in {401, 403}
        if refused_by_gate:
            assert "\n" not in answer.json()["detail"]
        return not refused_by_gate


@pytest.mark.parametrize("sender", SENDERS)
def test_every_route_lets_in_whom_the_table_names_and_nobody_else(
    client: httpx.Client, headers_of: Callable[[str], dict[str, str]], sender: str
) -> None:
    wrong = []
    for (method, path), right in ROUTES.items():
        headers = headers_of(sender)  # anew: signing out ends a session
        if is_let_in(client, method, path, headers) != (sender in ENOUGH[right]):
            wrong.append((sender, method, path, right))
    assert not wrong


@pytest.mark.parametrize("sender", SENDERS)
def test_every_command_is_taken_from_whom_the_table_names_and_nobody_else(
    client: httpx.Client, headers_of: Callable[[str], dict[str, str]], sender: str
) -> None:
    for name in CommandName:
        body = {"request_id": name.value, "name": name.value, "value": 1.0, "text": "7"}
        answer = client.post("/api/v1/commands", json=body, headers=headers_of(sender))
        expected = 503 if sender in ENOUGH[NEEDED_FOR[name]] else 401 if sender in {"anyone", "here"} else 403
        assert answer.status_code == expected  # 503: it was let in, and there is no robot in this test


def test_every_command_has_a_right_and_only_stop_is_for_everyone() -> None:
    assert set(NEEDED_FOR) == set(CommandName)
    assert [name for name, right in NEEDED_FOR.items() if right is Right.STOP] == [CommandName.STOP]
    assert all(Right.STOP in rights for rights in RIGHTS_OF.values())


def test_each_role_has_all_that_the_one_before_it_has() -> None:
    roles = list(Role)
    assert all(RIGHTS_OF[less] < RIGHTS_OF[more] for less, more in pairwise(roles))


def test_a_route_that_declares_nothing_is_closed_to_everyone(
    board: Board,
    serve: Callable[[FastAPI], httpx.Client],
    as_role: Callable[[Board, httpx.Client, Role], dict[str, str]],
) -> None:
    async def careless() -> str:
        return "secret"

    app = app_of(board)
    app.add_api_route("/api/v1/careless", careless)
    app.router.routes.append(Mount("/folder", app=PlainTextResponse("secret")))
    client = serve(app)
    for headers in ({}, *(as_role(board, client, role) for role in Role)):
        for path in ("/api/v1/careless", "/folder/x"):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.json()) == (403, {"detail": "this address is closed"})


@pytest.mark.parametrize("scope", [Right.LOOK, Right.STOP, Right.OPERATE, Right.TUNE, Right.AUDIT])
def test_a_token_opens_what_its_scope_names_and_stop_and_nothing_else(
    board_long: Board, client: httpx.Client, as_token: Callable[..., dict[str, str]], scope: Right
) -> None:
    headers = as_token(board_long, scope)
    for (method, path), right in ROUTES.items():
        assert is_let_in(client, method, path, headers) == (right in {scope, Right.OPEN, Right.STOP}), path
    for name, right in NEEDED_FOR.items():
        body = {"request_id": name.value, "name": name.value, "value": 1.0, "text": "7"}
        answer = client.post("/api/v1/commands", json=body, headers=headers)
        assert answer.status_code == (503 if right in {scope, Right.STOP} else 403)


@pytest.mark.parametrize("secret", ["x", "bombus_" + "a" * 43, "Bearer", "ö"])
def test_a_token_that_does_not_hold_is_refused_even_at_the_robot_but_stops(
    client: httpx.Client, secret: str
) -> None:
    headers = [(b"authorization", f"Bearer {secret}".encode())]
    assert client.get("/api/v1/status", headers=headers).status_code == 401
    assert client.post("/api/v1/stop", headers=headers).status_code == 503  # taken; no robot here


def test_a_revoked_token_is_refused_at_once(
    client: httpx.Client, board_long: Board, as_token: Callable[..., dict[str, str]]
) -> None:
    headers = {**as_token(board_long, Right.LOOK), **ELSEWHERE}
    assert client.get("/api/v1/status", headers=headers).status_code == 200
    board_long.accounts.revoke_token(board_long.accounts.tokens()[0].id)
    assert client.get("/api/v1/status", headers=headers).status_code == 401


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-proto", "via"])
def test_what_comes_through_a_proxy_is_not_at_the_robot(client: httpx.Client, header: str) -> None:
    assert client.get("/api/v1/status").status_code == 200
    for value in ("127.0.0.1", "https", "1.1 proxy"):
        assert client.get("/api/v1/status", headers={header: value}).status_code == 401
