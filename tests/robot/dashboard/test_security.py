"""Nobody else's web page reaches the robot: hosts, origins, tokens, sizes and headers of every route."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from robot.dashboard.board import Board
from robot.dashboard.rights import Role
from robot.dashboard.security import MAX_BODY
from robot.dashboard.server import app_of

OPEN_ROUTES = (
    "/",
    "/static/app.js",
    "/api/v1/status",
    "/api/v1/history",
    "/api/v1/session",
    "/api/v1/openapi.json",
    "/sign-in",
    "/users",
)
STOP = {"request_id": "a", "name": "stop"}
Headers = Callable[[httpx.Client], dict[str, str]]
START = {"request_id": "b", "name": "start"}


@pytest.fixture(scope="module")
def client(board_long: Board, serve_long: Callable[[FastAPI], httpx.Client]) -> httpx.Client:
    return serve_long(app_of(board_long, ["robot1.farm"]))


@pytest.fixture(scope="module")
def token(board_long: Board, as_role: Callable[[Board, httpx.Client, Role], dict[str, str]]) -> Headers:
    """Return a function that gives cookie and page token of an operator."""
    return lambda client: as_role(board_long, client, Role.OPERATOR)


def own_origin(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def live_url(client: httpx.Client) -> str:
    return own_origin(client).replace("http", "ws") + "/api/v1/live"


@pytest.mark.parametrize("path", OPEN_ROUTES)
def test_every_page_forbids_scripts_and_frames_from_elsewhere(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/static/", "/static/none.js", "/static/..%2fapi.py"]
)
def test_nothing_else_is_served(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "evil.example:8080", "[evil]"]
)
def test_an_unknown_host_is_refused(client: httpx.Client, host: str) -> None:
    for path in OPEN_ROUTES:
        assert client.get(path, headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "192.168.1.7:80", "[::1]:8080", "robot1.farm:8080"],
)
def test_plain_addresses_and_named_hosts_are_served(client: httpx.Client, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


def test_two_host_headers_are_refused(client: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=5) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert raw.recv(4096).split()[1] in {b"400", b"403"}


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:9999", "file://", "http://[", "x"]
)
def test_a_command_from_another_origin_is_refused_even_with_the_token(
    client: httpx.Client, token: Headers, origin: str
) -> None:
    answer = client.post("/api/v1/commands", json=STOP, headers={**token(client), "origin": origin})
    assert answer.status_code == 403
    assert "another web page" in answer.json()["detail"]


def test_a_command_that_the_browser_calls_cross_site_is_refused(client: httpx.Client, token: Headers) -> None:
    headers = {**token(client), "sec-fetch-site": "cross-site"}
    assert client.post("/api/v1/commands", json=STOP, headers=headers).status_code == 403


@pytest.mark.parametrize("wrong", [None, "", "x" * 64, "ö"])
def test_a_command_without_the_token_is_refused(
    client: httpx.Client, token: Headers, wrong: str | None
) -> None:
    headers = {name.encode(): value.encode() for name, value in token(client).items()}
    del headers[b"x-bombus-csrf"]
    if wrong is not None:
        headers[b"x-bombus-csrf"] = wrong.encode()
    answer = client.post("/api/v1/commands", json=START, headers=list(headers.items()))
    assert answer.status_code == 401  # it counts as from someone without an account
    answer = client.post("/api/v1/password", json={}, headers=list(headers.items()))
    assert answer.status_code == 403
    assert "token" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/v1/stop", "/api/v1/commands"])
@pytest.mark.parametrize("headers", [{}, {"x-bombus-csrf": "old"}, {"authorization": "Bearer revoked"}])
def test_stop_needs_no_account_and_no_token(
    client: httpx.Client, token: Headers, path: str, headers: dict[str, str]
) -> None:
    stale = {**token(client), **headers, "x-forwarded-for": "192.0.2.7"}
    for given in (headers, stale):
        assert client.post(path, json=STOP if "commands" in path else None, headers=given).status_code == 503


def test_each_session_has_its_own_token(client: httpx.Client, token: Headers) -> None:
    first, second = token(client), token(client)
    assert first["x-bombus-csrf"] != second["x-bombus-csrf"]
    mixed = {**first, "x-bombus-csrf": second["x-bombus-csrf"]}
    assert client.post("/api/v1/password", json={}, headers=mixed).status_code == 403


def test_a_command_of_our_own_page_passes_the_guard(client: httpx.Client, token: Headers) -> None:
    headers = {**token(client), "origin": own_origin(client), "sec-fetch-site": "same-origin"}
    answer = client.post("/api/v1/commands", json=STOP, headers=headers)
    assert answer.status_code == 503  # there is no control process in this test
    assert "red e-stop" in answer.json()["detail"]


def test_a_large_body_is_refused_before_it_is_read(client: httpx.Client, token: Headers) -> None:
    answer = client.post("/api/v1/commands", content=b"x" * (MAX_BODY + 1), headers=token(client))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'{"request_id":"","name":"stop"}', b'{"request_id":"a","name":"fire"}', b'{"request_id":"a"',
     b'{"request_id":"a","name":"set_speed","value":NaN}', b'{"request_id":"a","name":"stop","extra":1}', b"\xff" * 50],
)  # fmt: skip
def test_a_body_that_is_no_command_is_refused(client: httpx.Client, token: Headers, body: bytes) -> None:
    headers = {**token(client), "content-type": "application/json"}
    answer = client.post("/api/v1/commands", content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert "\n" not in answer.json()["detail"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused_on_every_route(client: httpx.Client, method: str) -> None:
    for path in (*OPEN_ROUTES, "/api/v1/commands", "/healthz"):
        if (method, path) != ("DELETE", "/api/v1/session"):
            assert client.request(method, path).status_code == 405


def test_a_get_never_commands(client: httpx.Client) -> None:
    assert client.get("/api/v1/commands").status_code == 405


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_websocket_from_elsewhere_is_refused(client: httpx.Client, origin: str) -> None:
    headers = {"origin": origin}
    with pytest.raises(InvalidStatus) as caught, connect(live_url(client), additional_headers=headers):
        pass
    assert caught.value.response.status_code == 403


def test_a_websocket_with_two_hosts_is_refused(client: httpx.Client) -> None:
    headers = {"host": "evil.example"}
    with pytest.raises(InvalidStatus), connect(live_url(client), additional_headers=headers):
        pass


def test_a_websocket_of_our_own_page_is_told_that_there_is_no_robot(client: httpx.Client) -> None:
    with connect(live_url(client), additional_headers={"origin": own_origin(client)}) as tab:
        assert json.loads(tab.recv(timeout=5)) == {
            "type": "state",
            "control": False,
            "age_s": None,
            "snapshot": None,
        }


def test_a_tab_that_says_nonsense_is_closed(client: httpx.Client) -> None:
    with connect(live_url(client)) as tab:
        tab.send("frames off")
        tab.send("give me everything")
        with pytest.raises(ConnectionClosed):
            while True:
                tab.recv(timeout=5)


def test_a_tab_that_says_much_is_closed(client: httpx.Client) -> None:
    with connect(live_url(client)) as tab:
        tab.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            while True:
                tab.recv(timeout=5)
