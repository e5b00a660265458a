"""Commands of people on their way to the loop: a bounded inbox that never takes the same press twice."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from math import isfinite

import msgspec

from firmware_bridge.core_config import MAX_NOZZLES
from robot.refusals import Refusal, Refused, refused
from robot.types import Command, CommandName
from vision.types import SIDES

MAX_WAITING = 16
"""Commands between two steps; a person cannot press faster."""

REMEMBERED_IDS = 512
"""Answers kept, so that a repeated request gets the first answer and acts once."""

NEEDS_VALUE = frozenset(
    {CommandName.SET_POSITION, CommandName.SET_SPEED, CommandName.SET_RUN, CommandName.SET_CLIMATE}
)
NEEDS_ROW = frozenset(
    {CommandName.SET_ROW, CommandName.BLOCK_ROW, CommandName.PIN_ROW, CommandName.UNPIN_ROW}
)
LONGEST_ROW_M = 500.0


class CommandRequest(msgspec.Struct, frozen=True, tag="command", forbid_unknown_fields=True):
    """One press of a button. `request_id` is chosen by the sender: the same id acts once.

    `value` and `text` are as `robot.types.Command` has them; `by` names the person or program.
    """

    request_id: str
    name: CommandName
    value: float | None = None
    text: str = ""
    by: str = ""


class CommandAnswer(msgspec.Struct, frozen=True, tag="answer"):
    """Whether a command was taken; what it did shows in the next snapshots."""

    request_id: str
    accepted: bool
    text: str
    code: str = ""
    """Of a refusal: `robot/refusals.py`."""


class CommandInbox:
    """A CommandSource. Any thread may `offer`; the loop takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Command] = deque()
        self._answers: OrderedDict[str, CommandAnswer] = OrderedDict()
        self._reload_by = ""
        self.refuses_reload: Callable[[], str] = lambda: "reload: only `bombus run` can; start the robot anew"
        """Says why the machine file cannot be taken anew, or nothing; asked in the thread that offers."""
        self.refuses_test: Callable[[str, int], Refused | None] = lambda side, nozzle: None
        """Says why the valve of that side and nozzle cannot be tested now, or nothing; asked there too."""

    def offer(self, request: CommandRequest) -> CommandAnswer:
        """Queue one request and say whether it was taken; a known id returns its first answer."""
        # Asked outside the lock: it reads a file, and the loop must not wait for that.
        text = self.refuses_reload() if request.name is CommandName.RELOAD else ""
        no_reload = Refused(Refusal.NO_RELOAD, text) if text else None
        with self._lock:
            known = self._answers.get(request.request_id)
            if known is not None:
                return known
            answer = self._decide(request, no_reload)
            # A refused request may be tried again under its id once there is room.
            if answer.accepted:
                self._answers[request.request_id] = answer
                while len(self._answers) > REMEMBERED_IDS:
                    self._answers.popitem(last=False)
            return answer

    def take(self) -> list[Command]:
        """Return and forget the waiting commands, oldest first; never blocks for longer than an offer."""
        if not self._waiting:
            return []
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        return taken

    def take_reload(self) -> str:
        """Return and forget who asked for the machine file to be taken anew, or nothing."""
        by, self._reload_by = self._reload_by, ""
        return by

    def _decide(self, request: CommandRequest, no_reload: Refused | None) -> CommandAnswer:
        problem = problem_of(request) or no_reload or self._refuses(request)
        if problem is None and len(self._waiting) >= MAX_WAITING:
            if request.name is CommandName.STOP:
                self._waiting.clear()
            else:
                text = f"{MAX_WAITING} commands wait already: the robot does not answer; press STOP"
                problem = Refused(Refusal.TOO_MANY, text)
        if problem is not None:
            return CommandAnswer(request.request_id, False, problem.text, problem.code)
        if request.name is CommandName.RELOAD:
            self._reload_by = request.by or "someone"
            return CommandAnswer(request.request_id, True, "the machine file is sound and is taken anew now")
        self._waiting.append(Command(request.name, request.value, request.text, request.by))
        return CommandAnswer(request.request_id, True, f"{request.name} was handed to the robot")

    def _refuses(self, request: CommandRequest) -> Refused | None:
        """Say why this valve is not tested; one that waits for the loop is a test under way."""
        if request.name is not CommandName.TEST_VALVE:
            return None
        if any(command.name is CommandName.TEST_VALVE for command in self._waiting):
            return refused(Refusal.TEST_ON)
        return self.refuses_test(request.text, round(request.value or 0.0))


def problem_of(request: CommandRequest) -> Refused | None:
    """Return what is wrong with a request, in one line that names the remedy, or None."""
    name, value = request.name, request.value
    if not request.request_id or len(request.request_id) > 64:
        text = "request_id: must have 1 to 64 characters; make a new one for each press"
        return Refused(Refusal.BAD_REQUEST_ID, text)
    if len(request.text) > 80 or len(request.by) > 80:
        return Refused(Refusal.TOO_LONG, f"{name}: text and by may have 80 characters at most; shorten them")
    if value is not None and not isfinite(value):
        return Refused(Refusal.NO_NUMBER, f"{name}: value {value} is not a number; give metres or m/s")
    if name is CommandName.TEST_VALVE and not _names_nozzle(request):
        text = "test_valve: give the nozzle's number as value and its side, left or right, as text"
        return Refused(Refusal.NO_NOZZLE, text)
    if name in NEEDS_VALUE and value is None:
        return Refused(Refusal.NO_VALUE, f"{name}: the value is missing; give it in metres or m/s")
    if name in NEEDS_ROW and not request.text.strip():
        return Refused(Refusal.NO_ROW_NAME, f"{name}: the row's name is missing; give it as text")
    return _problem_of_mission(request)


def _problem_of_mission(request: CommandRequest) -> Refused | None:
    """Return what is wrong with a command that the mission gives too, or that is for it alone."""
    name, value = request.name, request.value
    if name is CommandName.CORRECT:
        text = "correct: only the mission gives it; say where the cart stands with set_position"
        return Refused(Refusal.MISSION_ONLY, text)
    if name is CommandName.OUTVOTED:
        text = "outvoted: only the mission gives it; look where the cart stands, then press START"
        return Refused(Refusal.MISSION_ONLY, text)
    if name is CommandName.SET_RUN and not 0.5 <= abs(value or 0.0) <= LONGEST_ROW_M:
        text = f"set_run: {value:g} m is no row; give 0.5 to {LONGEST_ROW_M:g} m, negative to come back"
        return Refused(Refusal.NO_ROW_LENGTH, text)
    if name is CommandName.SET_CLIMATE and not _is_number(request.text):
        text = f"set_climate: humidity '{request.text}' is not a number; give % RH as text"
        return Refused(Refusal.NO_NUMBER, text)
    return None


def _names_nozzle(request: CommandRequest) -> bool:
    value = -1.0 if request.value is None else request.value
    return request.text in SIDES and value.is_integer() and 0 <= value < MAX_NOZZLES


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
