"""What happened, for programs: small events made from the snapshots; a slow reader is told that it missed some."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable

import msgspec

from robot.snapshot import CommandNote, FaultState, Snapshot

KEPT = 256
"""Events that a reader who was away may still get."""

MAX_READERS = 16
MAX_UNREAD = 64
BEAT_S = 5.0
"""A reader hears this often that the feed lives; so often, too, it is looked up whether it still may read."""

SAME_MOMENT_S = 0.05


class Event(msgspec.Struct, frozen=True):
    """`kind` is mode, fault, command, row or control; `data` is a small object."""

    kind: str
    data: dict[str, object]


class Feed:
    """Keeps the last events and hands new ones to readers. All methods belong to the event loop's thread."""

    def __init__(self) -> None:
        # Ids of two runs of the dashboard are never mistaken for each other.
        self._run = secrets.token_hex(4)
        self._count = 0
        self._kept: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self._readers: set[asyncio.Queue[str]] = set()
        self._last: Snapshot | None = None
        self._control: bool | None = None

    @property
    def has_room(self) -> bool:
        """Whether one more may read."""
        return len(self._readers) < MAX_READERS

    def observe(self, control: bool, snapshot: Snapshot | None) -> None:
        """Take the newest state; events are the differences."""
        if control != self._control:
            self._control = control
            self._put(Event("control", {"connected": control}))
        if snapshot is not None and snapshot is not self._last:
            for event in events_between(self._last, snapshot):
                self._put(event)
            self._last = snapshot

    async def read(self, last_id: str, may_read: Callable[[], bool]) -> AsyncIterator[str]:
        """Yield Server-Sent Events for ever: first how things stand, or what came after `last_id`."""
        queue: asyncio.Queue[str] = asyncio.Queue(MAX_UNREAD)
        self._readers.add(queue)
        try:
            for text in self._missed(last_id):
                yield text
            while may_read():
                try:
                    yield await asyncio.wait_for(queue.get(), BEAT_S)
                except TimeoutError:
                    yield ": beat\n\n"
                if queue not in self._readers:
                    yield "event: lost\ndata: {}\n\n"
                    return
        finally:
            self._readers.discard(queue)

    def _missed(self, last_id: str) -> list[str]:
        run, _, number = last_id.partition("-")
        if run == self._run and number.isdecimal() and len(number) < 12:
            return [text for count, text in self._kept if count > int(number)]
        now = [] if self._last is None else events_between(None, self._last)
        control = Event("control", {"connected": bool(self._control)})
        return [_as_text(event, f"{self._run}-{self._count}") for event in (control, *now)]

    def _put(self, event: Event) -> None:
        self._count += 1
        text = _as_text(event, f"{self._run}-{self._count}")
        self._kept.append((self._count, text))
        for queue in list(self._readers):
            try:
                queue.put_nowait(text)
            except asyncio.QueueFull:
                self._readers.discard(queue)  # it ends with "lost"; the reader comes again with its last id


def events_between(old: Snapshot | None, new: Snapshot) -> list[Event]:
    """Return what happened between two snapshots; with no old one, how things stand."""
    events: list[Event] = []
    if old is None or old.mode != new.mode:
        events.append(Event("mode", {"mode": new.mode.value, "reason": new.reason}))
    if old is None or (old.row.name, old.row.length) != (new.row.name, new.row.length):
        events.append(Event("row", {"name": new.row.name, "length": new.row.length}))
    before = {} if old is None else {fault.code: fault for fault in old.faults}
    now = {fault.code: fault for fault in new.faults}
    events += [
        Event("fault", _fault(fault)) for code, fault in now.items() if _differs(before.get(code), fault)
    ]
    events += [
        Event("fault", {**_fault(before[code]), "present": False}) for code in before if code not in now
    ]
    if new.last_command is not None and _is_other(old, new, new.last_command):
        events.append(Event("command", {"name": new.last_command.name.value, "by": new.last_command.by}))
    return events


def _differs(old: FaultState | None, new: FaultState) -> bool:
    return old is None or (old.present, old.acknowledged) != (new.present, new.acknowledged)


def _fault(fault: FaultState) -> dict[str, object]:
    names = ("code", "severity", "text", "remedy", "present", "acknowledged")
    return {name: getattr(fault, name) for name in names}


def _is_other(old: Snapshot | None, new: Snapshot, note: CommandNote) -> bool:
    before = old.last_command if old is not None else None
    if old is None or before is None:
        return True
    moved = (new.time - note.age_s) - (old.time - before.age_s)
    return (before.name, before.by) != (note.name, note.by) or moved > SAME_MOMENT_S


def _as_text(event: Event, number: str) -> str:
    return f"id: {number}\nevent: {event.kind}\ndata: {msgspec.json.encode(event.data).decode()}\n\n"
