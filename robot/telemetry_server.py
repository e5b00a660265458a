"""The telemetry socket's server: one thread, many clients, each with room for the newest of everything."""

from __future__ import annotations

import contextlib
import grp
import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simplejpeg

from robot.commands import CommandRequest
from robot.snapshot import FlowerMark, FrameMessage, ShotMark, Snapshot
from robot.telemetry_wire import (
    MAX_FROM_CLIENT,
    MessageBuffer,
    WireError,
    decode_from_client,
    pack,
)
from vision.types import Frame, Side

MAX_CLIENTS = 8
MAX_ANSWERS = 64
MAX_STALLED = 100
"""Snapshots in a row (ten a second) of which a client takes no byte, before it must make room."""

JPEG_QUALITY = 75
"""Only for pictures that no camera has encoded; looked at by people, never by the detector."""


class TelemetryError(Exception):
    """The socket cannot be used; the text names path, cause and remedy."""


@dataclass(frozen=True, slots=True)
class PendingFrame:
    """A picture that is due, with its marks; encoded by the server's thread."""

    side: Side
    frame: Frame
    flowers: tuple[FlowerMark, ...]
    shots: tuple[ShotMark, ...]


class Client:
    """One connection. Newer snapshots and pictures replace unsent ones, so a slow reader costs nothing."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.wants_frames = False
        self.incoming = MessageBuffer(MAX_FROM_CLIENT)
        self.answers: deque[bytes] = deque(maxlen=MAX_ANSWERS)
        self.snapshot: bytes | None = None
        self.frames: dict[Side, bytes] = {}
        self.stalled = 0
        self._sending = memoryview(b"")

    @property
    def has_output(self) -> bool:
        """Whether anything waits to be sent."""
        return bool(self._sending or self.answers or self.snapshot or self.frames)

    def send_some(self) -> None:
        """Send what the socket takes now: answers first, then state, then pictures; raises OSError."""
        while self.has_output:
            if not self._sending:
                self._sending = memoryview(self._next())
            try:
                sent = self.connection.send(self._sending)
            except BlockingIOError:
                return
            self._sending = self._sending[sent:]
            self.stalled = 0

    def _next(self) -> bytes:
        if self.answers:
            return self.answers.popleft()
        if self.snapshot is not None:
            message, self.snapshot = self.snapshot, None
            return message
        return self.frames.pop(next(iter(self.frames)))


class TelemetryServer:
    """Serves snapshots and pictures to every client and hands their commands to `offer`."""

    def __init__(self, path: Path, offer: Callable[[CommandRequest], bytes], group: str = "") -> None:
        """Listen at `path`, for the owner and for `group`; raises TelemetryError."""
        self._path = path
        self._offer = offer
        self._listener = _listen(path, group)
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self._clients: dict[socket.socket, Client] = {}
        self._lock = threading.Lock()
        self._new_snapshot: Snapshot | None = None
        self._last_snapshot = b""
        self._new_frames: dict[Side, PendingFrame] = {}
        self._closing = False
        self.frames_wanted = False
        self._thread = threading.Thread(target=self._serve, name="telemetry", daemon=True)
        self._thread.start()

    def show(self, snapshot: Snapshot, frames: list[PendingFrame]) -> None:
        """Make these the newest; returns at once. Called by the loop's thread."""
        with self._lock:
            self._new_snapshot = snapshot
            self._new_frames.update({frame.side: frame for frame in frames})
        self._wake()

    def close(self) -> None:
        """Hang up and remove the socket."""
        self._closing = True
        self._wake()
        self._thread.join(timeout=2.0)
        self._wake_in.close()

    def _wake(self) -> None:
        # A full pipe means that the thread has been woken already; a closed one, that it has ended.
        with contextlib.suppress(OSError):
            self._wake_in.send(b"\0")

    def _serve(self) -> None:
        while not self._closing:
            for key, events in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wake_out:
                    with contextlib.suppress(BlockingIOError):
                        self._wake_out.recv(4096)
                    self._spread()
                else:
                    self._attend(key.data, events)
        for client in list(self._clients.values()):
            self._hang_up(client)
        self._selector.close()
        self._listener.close()
        self._wake_out.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self._clients) >= MAX_CLIENTS:
            connection.close()
            return
        connection.setblocking(False)
        client = Client(connection)
        client.snapshot = self._last_snapshot or None
        self._clients[connection] = client
        self._selector.register(connection, selectors.EVENT_READ, client)
        self._update_interest(client)

    def _spread(self) -> None:
        with self._lock:
            snapshot, self._new_snapshot = self._new_snapshot, None
            frames, self._new_frames = self._new_frames, {}
        if snapshot is not None:
            self._last_snapshot = pack(snapshot)
        encoded = {side: _encode(frame) for side, frame in frames.items()} if self.frames_wanted else {}
        for client in list(self._clients.values()):
            if snapshot is not None:
                client.snapshot = self._last_snapshot
                client.stalled += 1
            if client.wants_frames:
                client.frames.update({side: data for side, data in encoded.items() if data})
            self._push(client)

    def _attend(self, client: Client, events: int) -> None:
        if client.connection not in self._clients:
            return  # hung up earlier in this round
        if events & selectors.EVENT_READ and not self._read(client):
            self._hang_up(client)
            return
        self._push(client)

    def _read(self, client: Client) -> bool:
        """Take what the client sent; False ends the connection."""
        try:
            data = client.connection.recv(65536)
            for body in client.incoming.feed(data):
                message = decode_from_client(body)
                if isinstance(message, CommandRequest):
                    client.answers.append(self._offer(message))
                else:
                    client.wants_frames = message.frames
                    self._count_wants()
        except BlockingIOError:
            return True
        except (OSError, WireError):
            return False
        return bool(data)

    def _push(self, client: Client) -> None:
        try:
            client.send_some()
        except OSError:
            self._hang_up(client)
            return
        if client.stalled > MAX_STALLED:
            self._hang_up(client)
            return
        self._update_interest(client)

    def _update_interest(self, client: Client) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.has_output else 0)
        if self._selector.get_key(client.connection).events != wanted:
            self._selector.modify(client.connection, wanted, client)

    def _hang_up(self, client: Client) -> None:
        self._selector.unregister(client.connection)
        del self._clients[client.connection]
        client.connection.close()
        self._count_wants()

    def _count_wants(self) -> None:
        self.frames_wanted = any(client.wants_frames for client in self._clients.values())


def _encode(pending: PendingFrame) -> bytes | None:
    """Return the packed picture, or None when it cannot be encoded."""
    frame = pending.frame
    height, width = frame.image.shape[:2]
    try:
        jpeg = frame.jpeg or simplejpeg.encode_jpeg(
            np.ascontiguousarray(frame.image), JPEG_QUALITY, "BGR", "420"
        )
    except (ValueError, RuntimeError):
        return None
    return pack(
        FrameMessage(pending.side, frame.seq, width, height, pending.flowers, pending.shots, bytes(jpeg))
    )


def _listen(path: Path, group: str) -> socket.socket:
    _remove_if_dead(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        listener.bind(str(path))
        _let_in(path, group)
        listener.listen(128)
        listener.setblocking(False)
    except TelemetryError:
        listener.close()
        path.unlink(missing_ok=True)
        raise
    except OSError as error:
        listener.close()
        raise TelemetryError(
            f"telemetry socket {path}: {error.strerror or error}; name another path of at most 100 characters"
        ) from error
    return listener


def _let_in(path: Path, group: str) -> None:
    """Open the socket to its owner and, if one is named, to a group; raises TelemetryError or OSError."""
    if not group:
        path.chmod(0o600)
        return
    try:
        number = int(group) if group.isascii() and group.isdigit() else grp.getgrnam(group).gr_gid
        # Only where it has another one: a confined service may not change owners at all.
        if path.stat().st_gid != number:
            os.chown(path, -1, number)
    except (LookupError, OverflowError, PermissionError) as error:
        raise TelemetryError(
            f"dashboard.group = '{group}': the socket cannot be given to it ({error}); "
            "name a group that exists and that this user is in"
        ) from error
    path.chmod(0o660)


def _remove_if_dead(path: Path) -> None:
    """Remove the socket that a killed process left behind; raises TelemetryError when it is in use."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError:
            return  # nothing there; or bind will say what is wrong with it
    raise TelemetryError(f"telemetry socket {path}: another control process uses it; stop that one first")
