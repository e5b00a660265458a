"""What the ledger tells of each pass along a row-side: how many flowers were ready, treated, missed and why."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from robot.dashboard.ledger_reader import reading
from robot.reasons import NOT_YET, TREATED
from robot.snapshot_builder import NOT_A_MISS
from vision.types import SIDES, Side

# A session that went on into another row does not say which of them a flower stood in: it is left out.
PASSES = """
SELECT s.id, s.row, f.side, f.reason, count(*), min(f.wall), max(f.wall), min(f.s), max(f.s)
FROM flower f JOIN session s ON s.id = f.session
WHERE f.wall >= ? AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.session = s.id AND i.row <> s.row)
GROUP BY s.id, s.row, f.side, f.reason ORDER BY s.id
"""


@dataclass(slots=True)
class Pass:
    """One session's way along one row-side; wall times in POSIX s, `start_m` and `end_m` where flowers stood."""

    session: int
    row: str
    side: Side
    began: float
    ended: float
    start_m: float
    end_m: float
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def treated(self) -> int:
        """Flowers that got their pulse."""
        return self.reasons.get(TREATED, 0)

    @property
    def ready(self) -> int:
        """Flowers that were in bloom, whatever became of them."""
        return sum(count for reason, count in self.reasons.items() if reason not in NOT_YET)

    @property
    def missed(self) -> dict[str, int]:
        """Flowers that were ready and got nothing, by reason; spared and rested ones are not missed."""
        return {reason: count for reason, count in self.reasons.items() if reason not in NOT_A_MISS}

    @property
    def open(self) -> int:
        """Flowers that should have been treated."""
        return self.treated + sum(self.missed.values())


def read_passes(ledger: Path, since: float = 0.0) -> list[Pass]:
    """Return all passes with flowers since wall time `since`, oldest first; raises LedgerUnreadError."""
    with reading(ledger) as db:
        return list(_passes(db.execute(PASSES, (since,))))


def _passes(
    lines: Iterable[tuple[int, str, str, str, int, float, float, float, float]] | sqlite3.Cursor,
) -> Iterable[Pass]:
    found: dict[tuple[int, str], Pass] = {}
    for session, row, side, reason, count, began, ended, start, end in lines:
        if side not in SIDES:
            continue
        one = found.get((session, side))
        if one is None:
            one = found[session, side] = Pass(session, row, side, began, ended, start, end)
        one.began, one.ended = min(one.began, began), max(one.ended, ended)
        one.start_m, one.end_m = min(one.start_m, start), max(one.end_m, end)
        one.reasons[reason] = count
    return found.values()


def last_passes(passes: Iterable[Pass]) -> dict[tuple[str, Side], Pass]:
    """Return the newest pass of each row-side."""
    return {(one.row, one.side): one for one in passes}
