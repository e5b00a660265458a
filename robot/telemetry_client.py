"""A program's line to the control process: for the command line and for what tells other systems."""

from __future__ import annotations

import socket
from pathlib import Path

from robot.commands import CommandAnswer, CommandRequest
from robot.snapshot import Snapshot
from robot.telemetry_wire import MAX_FROM_SERVER, MessageBuffer, decode_from_server, pack

LOOK_S = 0.2


class TelemetryLine:
    """A client of the telemetry socket that connects again: the socket goes and comes with the robot."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._buffer = MessageBuffer(MAX_FROM_SERVER)

    def connect(self) -> None:
        """Connect; raises OSError."""
        fresh = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        fresh.settimeout(LOOK_S)
        try:
            fresh.connect(str(self._path))
        except OSError:
            fresh.close()
            raise
        self._socket, self._buffer = fresh, MessageBuffer(MAX_FROM_SERVER)

    def send(self, request: CommandRequest) -> None:
        """Send one command; raises OSError."""
        if self._socket is not None:
            self._socket.sendall(pack(request))

    def news(self) -> list[Snapshot | CommandAnswer]:
        """Return what came within a moment; raises OSError or WireError when the line is gone."""
        if self._socket is None:
            self.connect()
            return []
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            return []
        if not data:
            raise ConnectionResetError("the control process hung up")
        messages = [decode_from_server(body) for body in self._buffer.feed(data)]
        return [message for message in messages if isinstance(message, Snapshot | CommandAnswer)]

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
