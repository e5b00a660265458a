"""The dashboard's line to the control process: reconnects by itself, keeps the newest state, carries commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from robot.clock import Clock
from robot.commands import CommandAnswer, CommandRequest
from robot.snapshot import FrameMessage, Snapshot
from robot.telemetry_wire import (
    MAX_FROM_SERVER,
    MessageBuffer,
    ServerMessage,
    Want,
    WireError,
    decode_from_server,
    pack,
)

RETRY_S = 0.25
ANSWER_S = 1.0
"""How long a command may wait for its answer; the loop itself answers within a few ms."""


class NoControlError(Exception):
    """The control process cannot be reached, or does not answer; the text says which."""


class ControlLink:
    """One connection to the telemetry socket. All methods belong to the event loop's thread."""

    def __init__(self, socket_path: Path, clock: Clock, on_message: Callable[[ServerMessage], None]) -> None:
        self._path = socket_path
        self._clock = clock
        self._on_message = on_message
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[str, asyncio.Future[CommandAnswer]] = {}
        self._frames_wanted = False
        self.snapshot: Snapshot | None = None
        self.snapshot_at = float("-inf")
        self.changed = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the socket is open now."""
        return self._writer is not None

    @property
    def age_s(self) -> float | None:
        """Seconds since the newest snapshot came, None before the first."""
        return None if self.snapshot is None else self._clock.now() - self.snapshot_at

    async def run(self) -> None:
        """Connect, listen, and again; until cancelled."""
        while True:
            # A socket that is missing, closed, or speaks nonsense: try again a little later.
            with suppress(OSError, WireError, asyncio.IncompleteReadError):
                await self._listen()
            await asyncio.sleep(RETRY_S)

    async def send(self, request: CommandRequest) -> CommandAnswer:
        """Hand over one command and return its answer; raises NoControlError."""
        if self._writer is None:
            raise NoControlError("the robot's control program does not run; use the red e-stop button")
        future = self._waiting.get(request.request_id)
        try:
            if future is None:
                future = asyncio.get_running_loop().create_future()
                self._waiting[request.request_id] = future
                self._writer.write(pack(request))
            # A retry while the first try still waits gets the same answer; one that gives up leaves the other.
            return await asyncio.wait_for(asyncio.shield(future), ANSWER_S)
        except (TimeoutError, OSError) as error:
            raise NoControlError(
                "the robot's control program does not answer; use the red e-stop button"
            ) from error
        finally:
            if self._waiting.get(request.request_id) is future:
                del self._waiting[request.request_id]

    def want_frames(self, wanted: bool) -> None:
        """Ask for pictures, or for none."""
        if wanted != self._frames_wanted:
            self._frames_wanted = wanted
            if self._writer is not None:
                self._writer.write(pack(Want(wanted)))

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        self._writer = writer
        self.changed.set()
        try:
            writer.write(pack(Want(self._frames_wanted)))
            buffer = MessageBuffer(MAX_FROM_SERVER)
            while data := await reader.read(262_144):
                for body in buffer.feed(data):
                    self._take(decode_from_server(body))
        finally:
            self._writer = None
            self._fail_waiting()
            self.changed.set()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _take(self, message: ServerMessage) -> None:
        if isinstance(message, CommandAnswer):
            future = self._waiting.get(message.request_id)
            if future is not None and not future.done():
                future.set_result(message)
            return
        if isinstance(message, Snapshot):
            self.snapshot, self.snapshot_at = message, self._clock.now()
        self._on_message(message)

    def _fail_waiting(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError("the control process hung up"))


__all__ = ["ControlLink", "FrameMessage", "NoControlError"]
