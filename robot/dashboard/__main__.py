"""Start the dashboard: `python -m robot.dashboard --socket PATH --ledger PATH`."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.dashboard.server import create_app

MAX_TAB_MESSAGE = 1024
"""Bytes a tab may send over its WebSocket at once."""


class DashboardError(Exception):
    """The dashboard cannot start; the text names the cause and the remedy."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return 1 when it cannot start, with one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        listener = listen(options.host, options.port)
    except DashboardError as error:
        print(error, file=sys.stderr)
        return 1
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"dashboard: http://{shown}:{port}/", flush=True)
    if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        print(
            "dashboard: everyone in this network can press its buttons (there is no login yet)",
            file=sys.stderr,
        )
    app = create_app(options.socket, options.ledger, MonotonicClock(), [options.host, *options.allow_host])
    make_server(app).run(sockets=[listener])
    return 0


def make_server(app: FastAPI) -> uvicorn.Server:
    """Return the web server for `app`."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=MAX_TAB_MESSAGE,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises DashboardError naming what to do."""
    listener = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(64)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise DashboardError(_explain(host, port, error)) from error
    return listener


def _explain(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"dashboard: port {port} is taken; stop the program that uses it, or choose another with --port"
        )
    if error.errno == errno.EACCES:
        return f"dashboard: port {port} needs more rights; choose one above 1023 with --port"
    return f"dashboard: cannot listen at {host}:{port} ({error.strerror}); check --host"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m robot.dashboard", description="The operator's page.")
    parser.add_argument("--socket", type=Path, required=True, help="telemetry socket of the control process")
    parser.add_argument("--ledger", type=Path, required=True, help="ledger file, read only; may be missing")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default: this machine only)"
    )
    parser.add_argument("--port", type=_port, default=8080, help="port; 0 takes a free one")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a name this machine is reached by"
    )
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text}: give a port from 0 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
