"""The API keeps to its own description, and no request, however odd, makes it fail."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from robot.clock import MonotonicClock
from robot.commands import CommandInbox
from robot.dashboard import api_models
from robot.dashboard.board import Board
from robot.dashboard.rights import NEEDED_FOR, Right, Role
from robot.dashboard.security import MAX_BODY
from robot.dashboard.server import app_of
from robot.telemetry import SnapshotPublisher
from robot.types import Command, CommandName, LoopView
from tests.robot.views import READY

Described = dict[str, Any]
PATHS = ("/", "/api/v1/status", "/api/v1/commands", "/api/v1/session", "/api/v1/users/a", "/static/app.js")


@pytest.fixture(scope="module")
def client(board_long: Board, serve_long: Callable[[FastAPI], httpx.Client]) -> httpx.Client:
    return serve_long(app_of(board_long))


@pytest.fixture(scope="module")
def described(client: httpx.Client) -> Described:
    document: Described = client.get("/api/v1/openapi.json").json()
    return document


def operations(described: Described) -> Iterator[tuple[str, str, Described]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_says_what_it_does_and_which_right_it_needs(described: Described) -> None:
    for path, method, operation in operations(described):
        assert operation["description"], (method, path)
        assert operation["x-bombus-right"] in {
            "open", "stop", "look", "account", "operate", "tune", "audit", "manage",
        }  # fmt: skip
        assert "security" in operation


def test_every_reference_leads_somewhere(described: Described) -> None:
    text = json.dumps(described)
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names and names <= set(described["components"]["schemas"])


def models() -> list[type[BaseModel]]:
    found = [one for one in vars(api_models).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    return [one for one in found if one.__module__ == api_models.__name__ and one.model_fields]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_field_has_an_example_that_fits(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    example = {
        name: one["examples"][0]
        for name, one in schema["properties"].items()
        if "examples" in one or name not in {"role", "password", "lines"}
    }
    if "lines" in schema["properties"]:
        example["lines"] = []
    model.model_validate(example)


def check_all(client: httpx.Client, headers: dict[str, str], examples: int) -> int:
    """Run schemathesis over every operation but the endless one; returns how many requests were sent."""
    url = str(client.base_url.join("/api/v1/openapi.json"))
    schema = schemathesis.openapi.from_url(url).exclude(path="/api/v1/events")
    sent = 0
    checks = [not_a_server_error, response_schema_conformance, status_code_conformance]
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        ends_session = operation.method.upper() == "DELETE" and "session" in operation.path

        @settings(max_examples=3 if ends_session else examples, deadline=None, suppress_health_check=quiet)
        @given(case=operation.as_strategy())
        def try_one(case: Any) -> None:
            nonlocal sent
            sent += 1
            answer: Response = case.call(headers=headers)
            case.validate_response(answer, checks=checks)

        try_one()
    return sent


@contextmanager
def a_robot(board: Board, view: LoopView) -> Iterator[list[Command]]:
    """Let a control process live beside the dashboard; gives the commands that it takes."""
    inbox, ending, taken = CommandInbox(), threading.Event(), list[Command]()
    publisher = SnapshotPublisher(board.store.path.with_name("t.sock"), {}, inbox, MonotonicClock())

    def live() -> None:
        while not ending.wait(0.05):
            publisher.publish(replace(view, now=time.monotonic()))
            taken.extend(inbox.take())

    thread, link = threading.Thread(target=live), board.live.link
    before = link.snapshot_at
    thread.start()
    try:
        # What was heard of the robot before this one may be fresh still.
        while link.snapshot_at <= before or link.age_s is None or link.age_s > 0.5:
            time.sleep(0.02)
        yield taken
    finally:
        ending.set()
        thread.join()
        publisher.close()
        while link.connected:
            time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.ADMIN])
def test_no_request_that_the_description_allows_fails_or_breaks_its_schema(
    board_long: Board,
    client: httpx.Client,
    as_role: Callable[[Board, httpx.Client, Role], dict[str, str]],
    role: Role | None,
) -> None:
    headers = as_role(board_long, client, role) if role else {}
    with a_robot(board_long, READY) as taken:
        assert check_all(client, headers, 25) > 200
    names = {command.name for command in taken}
    assert CommandName.STOP in names
    # Which commands are drawn is chance; that some are is not.
    assert any(NEEDED_FOR[name] is not Right.STOP for name in names) == (role is Role.ADMIN)


ODD = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=80).map(lambda text: text.encode(errors="surrogatepass")),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]),
    path=st.sampled_from(PATHS) | st.text(max_size=40).map(lambda text: "/" + text),
    body=ODD,
    kind=st.sampled_from(
        ["application/json", "text/plain", "multipart/form-data", "application/json; charset=x", ""]
    ),
)
def test_odd_requests_are_refused_in_words(
    client: httpx.Client, method: str, path: str, body: bytes, kind: str
) -> None:
    url = client.base_url.copy_with(raw_path=quote(path, safe="/%.", errors="replace").encode())
    answer = client.request(method, url, content=body, headers={"content-type": kind} if kind else {})
    assert answer.status_code < 500 or answer.status_code == 503
    by_server = answer.text == "Invalid HTTP request received."  # it never came as far as our code
    if answer.status_code >= 400 and method != "HEAD" and not by_server:
        assert "\n" not in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 4000,
        b'{"a":' * 800,
        b'{"request_id":"a","name":"set_speed","value":' + b"9" * 3900 + b"}",
        b'{"request_id":"a","name":"set_speed","value":1e999}',
        b'{"request_id":"\\ud800","name":"start"}',
        b'{"request_id":"\\u0000","name":"start"}',
        b'{"name":"\\ud800","password":"\\ud800\\udfff"}',
        b'{"name":"a","name":"b","password":"c"}',
        b"\xef\xbb\xbf{}",
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/commands", "/api/v1/session", "/api/v1/setup", "/api/v1/stop"])
def test_hostile_json_is_refused(client: httpx.Client, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    taken = {503} if path == "/api/v1/stop" else set()  # a readable STOP is taken; no robot is here
    assert answer.status_code in {400, 401, 409, 422, 429} | taken


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2f..%2fserver.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/app.js%00.html",
        "/static/APP.JS",
        "//etc/passwd",
        "/api/v1/users/%ff",
        "/api/v1/tokens/99999999999999999999999",
        "/api/v1/audit?before=99999999999999999999999",
        "/api/v1/status/",
        "/sign-in/",
        "/" + "a" * 7000,
    ],
)
def test_odd_paths_serve_nothing(
    board_long: Board,
    client: httpx.Client,
    as_role: Callable[[Board, httpx.Client, Role], dict[str, str]],
    path: str,
) -> None:
    headers = as_role(board_long, client, Role.ADMIN)
    target, _, query = path.partition("?")
    raw = (target + ("?" + query if query else "")).encode()
    answer = client.get(client.base_url.copy_with(raw_path=raw), headers=headers)
    assert answer.status_code in {404, 405, 422}
    assert "import" not in answer.text and "root:" not in answer.text


@pytest.mark.parametrize("declared", ["length", "chunked"])
def test_a_huge_body_is_cut_off_early(client: httpx.Client, declared: str) -> None:
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=5) as raw:
        framing = b"content-length: 10000000000" if declared == "length" else b"transfer-encoding: chunked"
        raw.sendall(b"POST /api/v1/commands HTTP/1.1\r\nhost: localhost\r\n" + framing + b"\r\n\r\n")
        chunk = b"x" * 1024
        for _ in range(MAX_BODY // 1024 + 1):
            raw.sendall(chunk if declared == "length" else b"400\r\n" + chunk + b"\r\n")
        assert raw.recv(4096).split()[1] == b"413"


def test_garbage_instead_of_http_is_answered_or_closed(client: httpx.Client) -> None:
    for garbage in (b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 300):
        with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=5) as raw:
            raw.sendall(garbage + b"\r\n\r\n")
            raw.shutdown(socket.SHUT_WR)
            answer = raw.recv(4096)
            assert answer == b"" or answer.split()[1] in {b"400", b"403", b"404", b"505"}
    assert client.get("/").status_code == 200
