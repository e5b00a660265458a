"""The mission's lines of the ledger: visits, and what people wished for a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robot import ledger_schema as sql
from robot.ledger_file import LedgerFile
from vision.types import SIDES, Side


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit of the mission, or one stay at the dock (`row` ''); wall times in POSIX seconds."""

    id: int
    row: str
    sides: tuple[Side, ...]
    begun: float
    turned: float | None
    ended: float | None
    outcome: str


@dataclass(frozen=True, slots=True)
class WishLine:
    """What a person wished: block, pin or unpin a `row`, end the day or go on with it; wall time in POSIX seconds."""

    kind: str
    row: str
    who: str
    wall: float


class MissionLedger(LedgerFile):
    """Writes and reads them."""

    def begin_visit(self, row: str, sides: Sequence[Side], wall: float) -> int:
        """Write that the mission begins a row, or a stay at the dock (row ''); returns the visit's id."""
        with self._transaction() as db:
            return int(db.execute(sql.BEGIN_VISIT, (row, " ".join(sides), wall)).lastrowid or 0)

    def note_visit(self, row: str, outcome: str, wall: float) -> None:
        """Write what took no time, in one piece: a row blocked, the cart come home to its dock or gone from it."""
        with self._transaction() as db:
            db.execute(sql.NOTE_VISIT, (row, wall, wall, outcome))

    def turn_visit(self, visit: int, wall: float) -> None:
        """Write that the way back of a visit begins."""
        with self._transaction() as db:
            db.execute(sql.TURN_VISIT, (wall, visit))

    def end_visit(self, visit: int, outcome: str, wall: float) -> None:
        """Write how a visit ended: done, broken_off, blocked, swap or disinfect."""
        with self._transaction() as db:
            db.execute(sql.END_VISIT, (wall, outcome, visit))

    def visits(self, since: float) -> list[VisitLine]:
        """Return the visits begun since wall time `since`, oldest first."""
        return [
            VisitLine(number, row, tuple(side for side in SIDES if side in sides.split()), *rest)
            for number, row, sides, *rest in self._query(sql.VISITS, (since,))
        ]

    def foretell(self, told: float, wall: float, midnight: float) -> None:
        """Write when the day's rows should be done, unless a forecast since `midnight` stands there."""
        with self._transaction() as db:
            db.execute(sql.FORETELL, (wall, told, midnight))

    def came_true(self, wall: float, midnight: float) -> None:
        """Write that the rows foretold since `midnight` are done."""
        with self._transaction() as db:
            db.execute(sql.CAME_TRUE, (wall, midnight))

    def wish(self, line: WishLine) -> None:
        """Write what a person wishes."""
        with self._transaction() as db:
            db.execute(sql.WISH, (line.kind, line.row, line.who, line.wall))

    def wishes(self, since: float) -> list[WishLine]:
        """Return what people wished since wall time `since`, oldest first."""
        return [WishLine(*row) for row in self._query(sql.WISHES, (since,))]
