"""Everything live over one WebSocket a tab: state as JSON text, pictures as bytes; a slow tab skips, never waits."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from robot.clock import Clock
from robot.dashboard.control_link import ControlLink
from robot.dashboard.events import Feed
from robot.snapshot import FlowerMark, FrameMessage, ShotMark, Snapshot
from robot.telemetry_wire import ServerMessage
from vision.types import Side

MAX_TABS = 32
BEAT_S = 0.5
"""A tab hears this often that the dashboard lives, also when the robot is silent."""

LOOK_UP_S = 2.0
"""How soon a tab ends after its session has."""

NOT_ANY_MORE = 4401
"""The WebSocket's closing code when the session has ended."""


class State(msgspec.Struct, tag="state", frozen=True):
    """What a tab is told: whether the control process is there, how old the snapshot is, and the snapshot."""

    control: bool
    age_s: float | None
    snapshot: Snapshot | None


class FrameHeader(msgspec.Struct, frozen=True):
    """What stands before a picture's bytes; `u32 length (little-endian), this as JSON, JPEG`."""

    side: Side
    seq: int
    width: int
    height: int
    flowers: tuple[FlowerMark, ...]
    shots: tuple[ShotMark, ...]


class Tab:
    """One WebSocket, with room for the newest state and the newest picture of each side."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._state: str | None = None
        self._frames: dict[Side, bytes] = {}
        self._news = asyncio.Event()
        self.wants_frames = True

    def show_state(self, state: str) -> None:
        """Replace the unsent state."""
        self._state = state
        self._news.set()

    def show_frame(self, side: Side, picture: bytes) -> None:
        """Replace the unsent picture of that side."""
        self._frames[side] = picture
        self._news.set()

    async def send_news(self) -> None:
        """Send what is new, for ever; state goes first. Ends when the tab is gone."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._state is not None or self._frames:
                if self._state is not None:
                    state, self._state = self._state, None
                    await self._websocket.send_text(state)
                else:
                    side = next(iter(self._frames))
                    await self._websocket.send_bytes(self._frames.pop(side))


class Live:
    """The tabs and the line to the control process."""

    def __init__(self, socket_path: Path, clock: Clock) -> None:
        self.link = ControlLink(socket_path, clock, self._spread)
        self.feed = Feed()
        self._tabs: set[Tab] = set()
        self._watched = False
        self.on_picture: Callable[[FrameMessage], None] = lambda message: None
        """Hears of each picture, too."""

    async def run(self) -> None:
        """Keep the line and the beat; until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run())
            group.create_task(self._beat())

    def watch_for(self, wanted: bool) -> None:
        """Have pictures come although no tab wants any, for `on_picture`."""
        self._watched = wanted
        self._count_wants()

    def state(self) -> State:
        """Return what a new tab, or the status page, is told."""
        return State(self.link.connected, self.link.age_s, self.link.snapshot)

    async def serve_tab(self, websocket: WebSocket, may_look: Callable[[], bool]) -> None:
        """Serve one tab until it leaves, or may look no more."""
        if len(self._tabs) >= MAX_TABS:
            await websocket.close(1013, f"{MAX_TABS} pages are open already; close one")
            return
        await websocket.accept()
        tab = Tab(websocket)
        tab.show_state(self._encoded_state())
        self._tabs.add(tab)
        self._count_wants()
        sender = asyncio.create_task(tab.send_news())
        receiver = asyncio.create_task(self._hear(tab, websocket))
        keeper = asyncio.create_task(_until_not(may_look))
        tasks = {sender, receiver, keeper}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._tabs.discard(tab)
            self._count_wants()
            code = NOT_ANY_MORE if keeper.done() else 1000
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if websocket.client_state is WebSocketState.CONNECTED:
                with suppress(RuntimeError, WebSocketDisconnect):
                    await websocket.close(code)

    async def _hear(self, tab: Tab, websocket: WebSocket) -> None:
        """Take what a tab says: only whether it wants pictures. Anything else ends it."""
        with suppress(WebSocketDisconnect, KeyError, RuntimeError):
            while True:
                said = await websocket.receive_text()
                if said not in ("frames on", "frames off"):
                    return
                tab.wants_frames = said == "frames on"
                self._count_wants()

    def _spread(self, message: ServerMessage) -> None:
        if isinstance(message, Snapshot):
            self.feed.observe(True, message)
            self._tell_all()
        elif isinstance(message, FrameMessage):
            self.on_picture(message)
            picture = encode_frame(message)
            for tab in self._tabs:
                if tab.wants_frames:
                    tab.show_frame(message.side, picture)

    async def _beat(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.link.changed.wait(), BEAT_S)
            self.link.changed.clear()
            self.feed.observe(self.link.connected, None)
            age = self.link.age_s
            if not self.link.connected or age is None or age > BEAT_S:
                self._tell_all()

    def _tell_all(self) -> None:
        if self._tabs:
            state = self._encoded_state()
            for tab in self._tabs:
                tab.show_state(state)

    def _encoded_state(self) -> str:
        return msgspec.json.encode(self.state()).decode()

    def _count_wants(self) -> None:
        self.link.want_frames(self._watched or any(tab.wants_frames for tab in self._tabs))


async def _until_not(may_look: Callable[[], bool]) -> None:
    """Return once a tab's session has ended, its account has lost the right, or its token was revoked."""
    while may_look():
        await asyncio.sleep(LOOK_UP_S)


def encode_frame(message: FrameMessage) -> bytes:
    """Return one picture as a tab reads it."""
    header = msgspec.json.encode(
        FrameHeader(message.side, message.seq, message.width, message.height, message.flowers, message.shots)
    )
    return struct.pack("<I", len(header)) + header + message.jpeg
