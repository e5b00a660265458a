"""Set-up, signing in and out, and what the admin does, over HTTP, cookie and all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.dashboard.board import Board, make_board
from robot.dashboard.rights import Role
from robot.dashboard.server import app_of

PASSWORD = "blue ladder tomato"
Serve = Callable[[FastAPI], httpx.Client]
AsRole = Callable[[Board, httpx.Client, Role], dict[str, str]]


@pytest.fixture
def client(board: Board, serve: Serve) -> httpx.Client:
    return serve(app_of(board))


@pytest.fixture
def fresh(tmp_path: Path) -> Board:
    return make_board(tmp_path / "s", tmp_path / "l", tmp_path / "a.sqlite", MonotonicClock())


def sign_in(client: httpx.Client, name: str = "the operator", password: str = PASSWORD) -> httpx.Response:
    answer = client.post("/api/v1/session", json={"name": name, "password": password})
    if answer.status_code == 200:
        client.headers["x-bombus-csrf"] = answer.json()["csrf"]
    return answer


def test_a_new_robot_has_no_password_that_opens_it_and_the_code_makes_one_admin(
    fresh: Board, serve: Serve
) -> None:
    client = serve(app_of(fresh))
    assert client.get("/api/v1/session").json()["set_up"] is False
    for password in ("admin", "password", "", fresh.set_up_code):
        body = {"name": "admin", "password": password or " "}
        assert client.post("/api/v1/session", json=body).status_code == 401
    body = {"code": "WRONG-CODE", "name": "Ines", "password": PASSWORD}
    assert client.post("/api/v1/setup", json=body).status_code == 403
    body["code"] = fresh.set_up_code.lower().replace("-", " ")
    answer = client.post("/api/v1/setup", json=body)
    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    assert client.get("/api/v1/session").json()["name"] == "Ines"
    assert client.post("/api/v1/setup", json={**body, "name": "Eve"}).status_code == 409
    assert fresh.audit.newest(None)[0].action == "set_up"


def test_the_set_up_code_cannot_be_guessed_fast(fresh: Board, serve: Serve) -> None:
    client = serve(app_of(fresh))
    body = {"code": "AAAA-AAAA", "name": "Eve", "password": PASSWORD}
    answers = [client.post("/api/v1/setup", json=body).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]


def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_do_not_get(client: httpx.Client) -> None:
    answer = sign_in(client)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "secure" not in cookie
    assert client.get("/api/v1/session").json()["name"] == "the operator"


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(client: httpx.Client) -> None:
    headers = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"}
    body = {"name": "the viewer", "password": PASSWORD}
    cookie = client.post("/api/v1/session", json=body, headers=headers).headers["set-cookie"]
    assert cookie.startswith("__Host-bombus-") and "; Secure" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer_and_a_line_in_the_log(
    client: httpx.Client, board: Board
) -> None:
    tries = [("the operator", "wrong"), ("nobody", PASSWORD), ("the admin", PASSWORD.upper())]
    for name, password in tries:
        answer = sign_in(client, name, password)
        assert answer.status_code == 401
        assert answer.json()["detail"].startswith("name or password: wrong")
        assert "set-cookie" not in answer.headers
        line = board.audit.newest(None)[0]
        assert (line.who, line.action, line.outcome) == (name, "sign_in", "refused")


def test_guessing_is_slowed_down_with_a_clear_sentence(client: httpx.Client, board: Board) -> None:
    answers = [sign_in(client, "The Operator", "wrong") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert answers[-1].json()["detail"] == (
        "too many wrong passwords for this account: wait 15 s, then try again"
    )
    assert int(answers[-1].headers["retry-after"]) == 15
    assert sign_in(client).status_code == 429  # the right one, too, while the wait runs
    assert len(board.audit.newest(None)) == 5
    assert sign_in(client, "the viewer").status_code == 200


def test_signing_out_ends_the_session_on_the_server(client: httpx.Client) -> None:
    sign_in(client)
    cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
    assert client.delete("/api/v1/session").status_code == 200
    again = httpx.get(client.base_url.join("/api/v1/session"), headers=cookie)
    assert again.json()["signed_in"] is False


def test_signing_out_everywhere_ends_the_other_tablet_too(client: httpx.Client, board: Board) -> None:
    user = board.accounts.user("the operator")
    assert user is not None
    other = board.accounts.open_session(user, "10.0.0.2")
    sign_in(client)
    assert "2 sessions" in client.delete("/api/v1/sessions").json()["text"]
    assert board.accounts.session_user(other) is None
    assert client.get("/api/v1/session").json()["signed_in"] is False


def test_changing_the_password_needs_the_old_one_and_ends_other_sessions(
    client: httpx.Client, board: Board
) -> None:
    user = board.accounts.user("the operator")
    assert user is not None
    other = board.accounts.open_session(user, "10.0.0.2")
    sign_in(client)
    new = "green bucket fork"
    assert client.post("/api/v1/password", json={"old": "wrong", "new": new}).status_code == 403
    assert client.post("/api/v1/password", json={"old": PASSWORD, "new": "short"}).status_code == 400
    assert client.post("/api/v1/password", json={"old": PASSWORD, "new": new}).status_code == 200
    assert client.get("/api/v1/session").json()["signed_in"] is True
    assert board.accounts.session_user(other) is None
    assert sign_in(client).status_code == 401
    assert sign_in(client, password=new).status_code == 200


def test_the_admin_adds_changes_and_removes_people(client: httpx.Client, board: Board) -> None:
    sign_in(client, "the admin")
    body = {"name": "Ana Þ.", "role": "operator", "password": PASSWORD}
    assert client.post("/api/v1/users", json=body).status_code == 201
    assert client.post("/api/v1/users", json=body).status_code == 409
    assert client.patch("/api/v1/users/ana þ.", json={"role": "technician"}).status_code == 200
    assert {"name": "Ana Þ.", "role": "technician"}.items() <= client.get("/api/v1/users").json()[0].items()
    assert client.patch("/api/v1/users/Ana Þ.", json={}).status_code == 400
    assert client.patch("/api/v1/users/Ana Þ.", json={"password": "tomato ladder blue"}).status_code == 200
    assert client.delete("/api/v1/users/Ana Þ.").status_code == 200
    assert client.delete("/api/v1/users/Ana Þ.").status_code == 409
    assert client.delete("/api/v1/users/the admin").status_code == 409
    done = [line.action for line in board.audit.newest(None)]
    assert done == ["remove_user", "new_password", "new_role", "add_user", "sign_in"]


def test_a_token_is_shown_once_works_and_is_revoked(client: httpx.Client) -> None:
    sign_in(client, "the admin")
    body = {"name": "climate computer", "scopes": ["look", "look"], "days": 30}
    made = client.post("/api/v1/tokens", json=body)
    assert made.status_code == 201
    listed = client.get("/api/v1/tokens")
    assert made.json()["secret"] not in listed.text
    assert listed.json()[0]["scopes"] == ["look"]
    program = {"authorization": f"Bearer {made.json()['secret']}"}
    status = client.base_url.join("/api/v1/status")
    assert httpx.get(status, headers=program).status_code == 200
    assert client.delete(f"/api/v1/tokens/{made.json()['id']}").status_code == 200
    assert httpx.get(status, headers=program).status_code == 401


def test_a_token_is_given_no_other_scope(client: httpx.Client) -> None:
    sign_in(client, "the admin")
    for scopes in ([], ["manage"], ["account"], ["open"], ["everything"], ["look"] * 6):
        answer = client.post("/api/v1/tokens", json={"name": "x", "scopes": scopes})
        assert answer.status_code == 422


def test_the_log_is_exported_as_one_json_list(client: httpx.Client, board: Board) -> None:
    sign_in(client, "the admin")
    sign_in(client, "the admin", "wrong")
    answer = client.get("/api/v1/audit/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="bombus-audit.json"'
    lines = json.loads(answer.text)
    assert [line["action"] for line in lines] == ["sign_in", "sign_in"]
    assert [line["outcome"] for line in lines] == ["done", "refused"]
    page = client.get("/api/v1/audit").json()
    assert page == {"lines": lines[::-1], "more": False}


def test_an_empty_log_is_exported_as_an_empty_list(
    client: httpx.Client, board: Board, as_role: AsRole
) -> None:
    assert client.get("/api/v1/audit/export", headers=as_role(board, client, Role.ADMIN)).json() == []
