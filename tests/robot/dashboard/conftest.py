"""A dashboard on a real port: what a browser would meet, TCP and all."""

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI

from robot.dashboard.__main__ import listen, make_server


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], httpx.Client]]:
    """Return a function that serves an app and returns a client of it; both end with the test."""
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
