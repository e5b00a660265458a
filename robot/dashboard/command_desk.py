"""Takes commands of people and programs: each acts once, goes into the audit log, and STOP waits for nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from robot.clock import Clock
from robot.commands import CommandAnswer, CommandRequest
from robot.dashboard.audit import Actor, AuditLine, AuditLog, Outcome
from robot.dashboard.control_link import ControlLink, NoControlError
from robot.dashboard.store import StoreError
from robot.types import CommandName

SAME_REQUEST_S = 600.0
"""A request_id seen again within this time is the same press; later, it is a new one."""

SAME_STOP_S = 5.0
"""For STOP, whose retries come within a second: an id that a script uses again must stop the robot again."""

STOP_LINES_EVERY_S = 1.0
"""One person's STOPs come into the audit log at most this often: a held-down key must not fill the disk."""

MAX_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """One press: `request_id` is the sender's own key for it, or empty."""

    name: CommandName
    value: float | None
    text: str
    request_id: str

    @property
    def detail(self) -> str:
        """What was asked besides the name, for the log."""
        return " ".join(part for part in (self.text, "" if self.value is None else f"{self.value:g}") if part)


class OtherCommandError(Exception):
    """The request_id was used for another command."""


class CommandDesk:
    """All methods belong to the event loop's thread; what waits for the disk does so in another."""

    def __init__(self, link: ControlLink, audit: AuditLog, clock: Clock) -> None:
        self._link = link
        self._audit = audit
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._stops: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._stop_lines: OrderedDict[tuple[str, Outcome], float] = OrderedDict()
        self._count = 0

    async def stop(self, actor: Actor, request_id: str) -> CommandAnswer:
        """Stop first, write it down afterwards; raises NoControlError."""
        wire_id = self._stop_id(actor.who, request_id)
        try:
            answer = await self._link.send(CommandRequest(wire_id, CommandName.STOP, by=actor.who))
        except NoControlError as error:
            await self._note_stop(actor, request_id, Outcome.NO_ANSWER, str(error))
            raise
        outcome = Outcome.DONE if answer.accepted else Outcome.REFUSED
        problem = await self._note_stop(actor, request_id, outcome, answer.text)
        return CommandAnswer(
            wire_id, answer.accepted, f"{answer.text}; {problem}" if problem else answer.text
        )

    async def hand_over(self, actor: Actor, asked: Asked) -> CommandAnswer:
        """Write it down, do it, write down what became of it.

        Raises NoControlError, OtherCommandError, and StoreError: what cannot be written down is not done.
        """
        async with self._one_at_a_time:
            line, known = await asyncio.to_thread(self._begin, actor, asked)
        if known is not None and known.outcome == Outcome.DONE:
            return CommandAnswer(asked.request_id, True, known.text)
        wire_id = _wire_id(actor.who, asked.request_id, str(line))
        request = CommandRequest(wire_id, asked.name, asked.value, asked.text, actor.who)
        try:
            answer = await self._link.send(request)
        except NoControlError as error:
            await asyncio.to_thread(self._audit.end, line, Outcome.NO_ANSWER, str(error))
            raise
        outcome = Outcome.DONE if answer.accepted else Outcome.REFUSED
        await asyncio.to_thread(self._audit.end, line, outcome, answer.text)
        return answer

    def _begin(self, actor: Actor, asked: Asked) -> tuple[int, AuditLine | None]:
        known = self._audit.known(actor.who, asked.request_id, SAME_REQUEST_S)
        if known is None:
            return self._audit.begin(actor, asked.name.value, asked.detail, asked.request_id), None
        if (known.action, known.detail) != (asked.name.value, asked.detail):
            raise OtherCommandError(
                f"request_id {asked.request_id!r}: was used for {known.action}; make a new one for each press"
            )
        return known.id, known

    def _stop_id(self, who: str, request_id: str) -> str:
        now = self._clock.now()
        key = f"{who}\0{request_id}"
        at, wire_id = self._stops.get(key, (float("-inf"), ""))
        if request_id and now - at <= SAME_STOP_S:
            return wire_id
        self._count += 1
        wire_id = _wire_id(who, request_id, f"stop {self._count} {now!r}")
        self._stops[key] = (now, wire_id)
        self._stops.move_to_end(key)
        while len(self._stops) > MAX_REMEMBERED:
            self._stops.popitem(last=False)
        return wire_id

    async def _note_stop(self, actor: Actor, request_id: str, outcome: Outcome, text: str) -> str:
        """Write a STOP down; returns what went wrong with that, or an empty text."""
        now, key = self._clock.now(), (actor.who, outcome)
        if now - self._stop_lines.get(key, float("-inf")) < STOP_LINES_EVERY_S:
            return ""
        self._stop_lines[key] = now
        self._stop_lines.move_to_end(key)
        while len(self._stop_lines) > MAX_REMEMBERED:
            self._stop_lines.popitem(last=False)
        try:
            await asyncio.to_thread(
                self._audit.note, actor, CommandName.STOP.value, "", outcome, text, request_id
            )
        except StoreError as error:
            return f"but it is not in the audit log: {error}"
        return ""


def _wire_id(who: str, request_id: str, line: str) -> str:
    """Return the id that the control process sees: two people may choose the same request_id."""
    return hashlib.sha256(f"{who}\0{request_id}\0{line}".encode()).hexdigest()[:32]
