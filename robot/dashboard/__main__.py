"""Start the dashboard: `python -m robot.dashboard --socket PATH --ledger PATH --accounts PATH`."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import socket
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.dashboard.board import Board, make_board
from robot.dashboard.server import app_of
from robot.dashboard.store import StoreError
from robot.notify import Notifier
from robot.orphan import end_with_parent

THIS_MACHINE = "127.0.0.1"

MAX_TAB_MESSAGE = 1024
"""Bytes a tab may send over its WebSocket at once."""


class DashboardError(Exception):
    """The dashboard cannot start; the text names the cause and the remedy."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return 1 when it cannot start, with one line on standard error."""
    options = _parser().parse_args(arguments)
    end_with_parent(os.environ)
    try:
        check_tls(options.certificate, options.private_key)
        clock = MonotonicClock()
        board = make_board(
            options.socket,
            options.ledger,
            options.accounts,
            clock,
            options.alerts,
            options.house,
            options.machine,
            options.handover,
        )
        # Nobody in the network gets there before the robot has an admin.
        listener = listen(options.host if board.is_set_up else THIS_MACHINE, options.port)
    except (DashboardError, StoreError) as error:
        print(error, file=sys.stderr)
        return 1
    host, port = listener.getsockname()[:2]
    _say_where(board, options.host, host, port, options.certificate is not None)
    # The socket listens from here on: whoever comes while the server starts is served a little later.
    Notifier.from_environment(os.environ).beat(clock.now(), f"serves at {host}:{port}")
    app = app_of(board, [options.host, *options.allow_host])
    make_server(app, options.certificate, options.private_key).run(sockets=[listener])
    return 0


def _say_where(board: Board, asked: str, host: str, port: int, tls: bool) -> None:
    """Print the address on standard output; what the owner must do goes to standard error."""
    shown = f"[{host}]" if ":" in host else host
    url = f"{'https' if tls else 'http'}://{shown}:{port}/"
    print(f"dashboard: {url}", flush=True)
    if not board.is_set_up:
        print(f"dashboard: make the admin (link works once): {url}setup#{board.set_up_code}", file=sys.stderr)
        if not _is_loopback(asked):
            print(
                f"dashboard: listens on this machine only until there is an admin, then at {asked} "
                "from its next start",
                file=sys.stderr,
            )
    elif not tls and not _is_loopback(host):
        print(
            "dashboard: without TLS passwords can be read in this network; give --certificate and "
            "--private-key, or put a TLS proxy before it",
            file=sys.stderr,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def check_tls(certificate: Path | None, private_key: Path | None) -> None:
    """Raise DashboardError when the two files are not a certificate and its key."""
    if (certificate is None) != (private_key is None):
        raise DashboardError("dashboard: --certificate and --private-key belong together; give both or none")
    if certificate is None or private_key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key)
    except OSError as error:
        is_foreign = isinstance(error, ssl.SSLError)
        reason = "not PEM, or not one pair" if is_foreign else error.strerror
        raise DashboardError(
            f"dashboard: certificate {certificate}, key {private_key}: {reason}; give two PEM files"
        ) from error


def make_server(
    app: FastAPI, certificate: Path | None = None, private_key: Path | None = None
) -> uvicorn.Server:
    """Return the web server for `app`; with TLS when both files are given."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=MAX_TAB_MESSAGE,
        server_header=False,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
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
        "--accounts", type=Path, required=True, help="people, tokens and audit log; made if missing"
    )
    parser.add_argument("--alerts", type=Path, help="alerts file, read only; may be missing")
    parser.add_argument("--machine", type=Path, help="machine file, shown to technicians; may be left out")
    parser.add_argument(
        "--handover", type=Path, help="folder to hand a changed machine file over; else written here"
    )
    parser.add_argument("--house", type=Path, help="house file for the map and the plan; may be left out")
    parser.add_argument(
        "--host", default=THIS_MACHINE, help="address to listen at (default: this machine only)"
    )
    parser.add_argument("--port", type=_port, default=8080, help="port; 0 takes a free one")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a name this machine is reached by"
    )
    parser.add_argument("--certificate", type=Path, help="PEM file with the certificate, for https")
    parser.add_argument("--private-key", type=Path, help="PEM file with the certificate's key")
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text}: give a port from 0 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
