"""Real servers on loopback that take alerts: HTTP, and SMTP with STARTTLS and passwords."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from robot.alerts.store import Alert
from tests.robot.certificates import self_signed


def alert(number: int, code: str = "air_leak", severity: str = "stop") -> Alert:
    return Alert(number, code, "fault", severity, f"Text of {code}", "Mend it", 1e9, 1e9)


@dataclass
class HookServer:
    """Answers POSTs with the next of `answers`, then 204; keeps what came."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def hook() -> Iterator[HookServer]:
    kept = HookServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            status = kept.answers.pop(0) if kept.answers else 204
            self.send_response(status)
            self.send_header("Location", kept.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            raise AssertionError("a POST became a GET")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class MailServer:
    """A real SMTP server; keeps the mails, says `refuse` instead when that is set."""

    port: int = 0
    refuse: str = ""
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        self.mails.append((list(envelope.rcpt_tos), mail))
        return "250 taken"

    def check(self, server: SMTP, session: Session, envelope: Envelope, kind: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        name, password = data.login.decode(), data.password.decode()
        self.logins.append((name, password))
        return AuthResult(success=password == "right", handled=False)


MakeMailServer = Callable[..., MailServer]


@pytest.fixture
def mail_server() -> Iterator[MakeMailServer]:
    """Return a maker of servers: in clear, or with STARTTLS and a password."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[asyncio.Server] = []

    def make(tls: ssl.SSLContext | None = None) -> MailServer:
        kept = MailServer()
        listener = socket.create_server(("127.0.0.1", 0))
        kept.port = listener.getsockname()[1]

        def protocol() -> SMTP:
            strict = tls is not None
            return SMTP(
                kept,
                tls_context=tls,
                require_starttls=strict,
                auth_required=strict,
                authenticator=kept.check if strict else None,
                hostname="localhost",
                loop=loop,
            )

        begun = loop.create_server(protocol, sock=listener)
        servers.append(asyncio.run_coroutine_threadsafe(begun, loop).result(5.0))
        return kept

    yield make

    async def end() -> None:
        for server in servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result(5.0)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(pair: tuple[Path, Path]) -> ssl.SSLContext:
    """A server's TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context
