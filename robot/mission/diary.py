"""What the mission did today, in the ledger: a killed program reads here where it was."""

from __future__ import annotations

from datetime import datetime

from robot.ledger import Ledger, LedgerError, VisitLine, WishLine
from robot.mission.agenda import Agenda
from robot.mission.leg import Leg
from robot.mission.motion import MotionConfig

DONE, BROKEN_OFF, BLOCKED = "done", "broken_off", "blocked"
HOME, AWAY = "home", "away"
"""The cart stands at its dock, with nothing to be done there; it drives off by itself, to a row."""


class Diary:
    """Begins, turns and ends visits; a ledger that fails is `problem`, and the visit is worked all the same."""

    def __init__(self, ledger: Ledger, wall: datetime) -> None:
        """Read today's lines; raises LedgerError."""
        self._ledger = ledger
        self._open: int | None = None
        self._told = ""
        self.problem = ""
        midnight = _midnight(wall)
        self.today: list[VisitLine] = ledger.visits(midnight)
        self.wishes: list[WishLine] = ledger.wishes(midnight)
        """What people wished today, oldest first."""

    @property
    def interrupted(self) -> VisitLine | None:
        """The visit that was under way when the program ended, or None."""
        return next((line for line in reversed(self.today) if line.ended is None), None)

    def resume(self, line: VisitLine) -> None:
        """Go on with a visit of before."""
        self._open = line.id

    def begin(self, leg: Leg | None, wall: datetime) -> None:
        """Begin a row, or a stay at the dock without one; goes on with one that is open."""
        if self._open is not None:
            return
        try:
            row, sides = ("", ()) if leg is None else (leg.row, leg.sides)
            self._open = self._ledger.begin_visit(row, sides, wall.timestamp())
            self.problem = ""
        except LedgerError as error:
            self.problem = str(error)

    def turn(self, wall: datetime) -> None:
        """Begin the way back."""
        try:
            if self._open is not None:
                self._ledger.turn_visit(self._open, wall.timestamp())
        except LedgerError as error:
            self.problem = str(error)

    def end(self, outcome: str, wall: datetime) -> None:
        """End what is open."""
        try:
            if self._open is not None:
                self._ledger.end_visit(self._open, outcome, wall.timestamp())
        except LedgerError as error:
            self.problem = str(error)
        self._open = None

    def wish(self, kind: str, row: str, who: str, wall: datetime) -> None:
        """Keep what a person wishes for today; it holds all the same where it cannot be written."""
        line = WishLine(kind, row, who, wall.timestamp())
        self.wishes.append(line)
        try:
            self._ledger.wish(line)
        except LedgerError as error:
            self.problem = str(error)

    def compare(self, agenda: Agenda, now: float, wall: datetime) -> None:
        """Keep the day's first forecast, and once the work is over, when it was; a restart changes neither."""
        over = agenda.house_error_s is not None
        state = "over" if over else "told" if agenda.house_ends is not None else ""
        if state == self._told:
            return
        self._told = state
        try:
            if over:
                self._ledger.came_true(wall.timestamp(), _midnight(wall))
            elif agenda.house_ends is not None:
                told = wall.timestamp() + agenda.house_ends - now
                self._ledger.foretell(told, wall.timestamp(), _midnight(wall))
        except LedgerError as error:
            self.problem = str(error)

    def block(self, row: str, wall: datetime) -> None:
        """Note a row that nobody can enter today."""
        self._note(row, BLOCKED, wall)

    def home(self, wall: datetime) -> None:
        """Note that the cart has come home."""
        self._note("", HOME, wall)

    def away(self, row: str, wall: datetime) -> None:
        """Note that the cart drives to a row by itself: from now on it may stand anywhere on the headland."""
        self._note(row, AWAY, wall)

    def _note(self, row: str, outcome: str, wall: datetime) -> None:
        try:
            self._ledger.note_visit(row, outcome, wall.timestamp())
        except LedgerError as error:
            self.problem = str(error)

    def battery_left_s(self, motion: MotionConfig) -> float:
        """Return what the battery still holds by today's lines: full at the last swap, less the work since."""
        used = 0.0
        for line in self.today:
            used = 0.0 if line.outcome == "swap" else used + (line.ended or line.begun) - line.begun
        return max(0.0, motion.battery_s - used)


def _midnight(wall: datetime) -> float:
    return wall.astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
