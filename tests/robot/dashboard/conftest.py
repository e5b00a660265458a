"""A dashboard on a real port: what a browser would meet, TCP and all; and people who are signed in on it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.dashboard.__main__ import listen, make_server
from robot.dashboard.accounts import Accounts
from robot.dashboard.board import Board, make_board
from robot.dashboard.passwords import hash_now
from robot.dashboard.rights import Right, Role
from robot.dashboard.server import app_of
from robot.dashboard.store import Store

PASSWORD = "blue ladder tomato"
PASSWORD_HASH = hash_now(PASSWORD)


def serving() -> Iterator[Callable[[FastAPI], httpx.Client]]:
    """Give a function that serves an app and returns a client of it; both end with the fixture."""
    running = []

    def start(app: FastAPI) -> httpx.Client:
        listener = listen("127.0.0.1", 0)
        server = make_server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        client = httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=5.0)
        running.append((server, thread, client, listener))
        while not server.started:
            time.sleep(0.01)
        return client

    yield start
    for server, thread, client, listener in running:
        client.close()
        server.should_exit = True
        thread.join(timeout=5.0)
        listener.close()


serve = pytest.fixture(serving)
serve_long = pytest.fixture(scope="module")(serving)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An accounts file with one person of each role."""
    path = tmp_path_factory.mktemp("accounts") / "accounts.sqlite"
    store = Store(path)
    for role in Role:
        Accounts(store, MonotonicClock()).add_user(f"the {role}", role, PASSWORD_HASH)
    store.close()
    return path


def board_in(folder: Path, filled: Path) -> Board:
    """Return a board with one person of each role and no robot; the app of it closes it."""
    path = folder / "accounts.sqlite"
    shutil.copy(filled, path)
    return make_board(folder / "t.sock", folder / "none.sqlite", path, MonotonicClock())


@pytest.fixture
def board(tmp_path: Path, filled: Path) -> Board:
    """A board for one test."""
    return board_in(tmp_path, filled)


@pytest.fixture(scope="module")
def board_long(tmp_path_factory: pytest.TempPathFactory, filled: Path) -> Board:
    """A board for all tests of a file."""
    return board_in(tmp_path_factory.mktemp("board"), filled)


@pytest.fixture(scope="session")
def as_role() -> Callable[[Board, httpx.Client, Role], dict[str, str]]:
    """Return a function that gives the headers of someone who is signed in with that role."""

    def headers(board: Board, client: httpx.Client, role: Role) -> dict[str, str]:
        user = board.accounts.user(f"the {role}")
        assert user is not None
        secret = board.accounts.open_session(user, "here")
        cookie = {"cookie": f"bombus-{client.base_url.port}={secret}"}
        csrf = client.get("/api/v1/session", headers=cookie).json()["csrf"]
        return {**cookie, "x-bombus-csrf": csrf}

    return headers


@pytest.fixture(scope="session")
def as_token() -> Callable[..., dict[str, str]]:
    """Return a function that gives the headers of a program with these scopes."""

    def headers(board: Board, *scopes: Right) -> dict[str, str]:
        name = f"program {len(board.accounts.tokens())}"
        _, secret = board.accounts.add_token(name, frozenset(scopes), 1, "the admin")
        return {"authorization": f"Bearer {secret}"}

    return headers


@pytest.fixture
def client(
    board: Board, serve: Callable[[FastAPI], httpx.Client], as_token: Callable[..., dict[str, str]]
) -> httpx.Client:
    """A program that may tune the robot of `board`."""
    client = serve(app_of(board))
    client.headers.update(as_token(board, Right.TUNE))
    return client
