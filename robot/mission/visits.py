"""Reads the last visits to the rows of a house out of the robots' ledgers, read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from robot.ledger import LedgerError
from robot.ledger_schema import SCHEMA_VERSION
from robot.mission.climate import ClimateConfig
from robot.mission.day import Visits
from robot.mission.due import LastVisit, Window
from robot.mission.house_map import House
from robot.read_only import has_table, read_only
from robot.reasons import NOT_YET
from robot.types import Reason
from vision.types import SIDES, Side

SAME_VISIT_S = 600.0
WORKED_SHARE = 0.9
"""A row counts as visited when this much of its length was worked; a broken-off visit does not (assumed)."""

PASSED = """
SELECT s.row, f.side, max(f.wall), max(f.s), sum(f.reason NOT IN ({not_ready}))
FROM flower f JOIN session s ON s.id = f.session
WHERE NOT EXISTS (SELECT 1 FROM intent i WHERE i.session = s.id AND i.row <> s.row)
GROUP BY s.row, f.side, s.id
"""
"""A session that went on into another row does not say which of them a flower stood in: it is left out."""

TREATED = """
SELECT i.row, i.side, max(i.wall), max(i.aim_s), count(DISTINCT f.flower)
FROM intent i JOIN intent_flower f USING (pulse_id) LEFT JOIN outcome o USING (pulse_id)
WHERE o.outcome IS NULL OR o.outcome NOT IN ('not_fired', 'refused')
GROUP BY i.row, i.side, i.session
"""

DONE = "SELECT row, sides, ended FROM visit WHERE outcome = 'done' AND row <> '' AND ended IS NOT NULL ORDER BY id"


def window_at(climate: ClimateConfig, now: datetime) -> Window:
    """Return the window that is open at local time `now`, or the next one; an open one counts from now."""
    opens, closes = climate.hours_today(now)
    if now >= closes:
        opens, closes = climate.hours_today(now + timedelta(days=1))
    later, _ = climate.hours_today(opens + timedelta(days=1))
    return Window(max(now, opens).timestamp(), closes.timestamp(), later.timestamp())


def read_visits(ledgers: Iterable[Path], house: House) -> Visits:
    """Return each row-side's last visit in all the ledgers together; raises LedgerError in one line.

    A visit is one that a mission has done, or a session that got to the row's end (`WORKED_SHARE` of it); its
    ready flowers are those treated, or those passed when they are more.
    """
    found: dict[tuple[str, Side], LastVisit] = {}
    for path in ledgers:
        lines, done = _lines_of(path)
        strangers = {line[0] for line in lines} - house.rows.keys()
        if lines and len(strangers) == len({line[0] for line in lines}):
            raise LedgerError(
                f"ledger {path}: none of its rows ({', '.join(sorted(strangers)[:3])}) is in the house; "
                "give rows the same names in machine file and house file"
            )
        for row, side, wall, farthest, ready in sorted(lines, key=lambda line: float(line[2])):
            if row in house.rows and side in SIDES and farthest >= WORKED_SHARE * house.rows[row].length:
                found[row, side] = _later(found.get((row, side)), float(wall), float(ready))
        for row, sides, ended in done:
            for side in (side for side in SIDES if side in sides.split() and row in house.rows):
                known = found.get((row, side), LastVisit())
                if known.wall is None or known.wall < ended:
                    found[row, side] = LastVisit(float(ended), known.ready)
    return found


def _later(known: LastVisit | None, wall: float, ready: float) -> LastVisit:
    """Lines of one visit lie minutes apart: the flowers of the fuller one count."""
    if known is None or known.wall is None or known.ready is None or wall - known.wall > SAME_VISIT_S:
        return LastVisit(wall, ready)
    return LastVisit(max(wall, known.wall), max(ready, known.ready))


def _lines_of(path: Path) -> tuple[Sequence[tuple[Any, ...]], Sequence[tuple[Any, ...]]]:
    """Return what the flowers tell of each session, and the visits that missions have done."""
    if not path.is_file():
        raise LedgerError(f"ledger {path}: there is no such file; name a robot's ledger")
    not_ready = ", ".join(f"'{reason.value}'" for reason in sorted(NOT_YET, key=lambda r: Reason(r).value))
    try:
        with read_only(path) as db:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if not 1 <= version <= SCHEMA_VERSION:
                raise LedgerError(
                    f"ledger {path}: schema {version}, this Bombus reads up to {SCHEMA_VERSION}; "
                    "name a robot's ledger, or update Bombus"
                )
            passed = db.execute(PASSED.format(not_ready=not_ready)).fetchall()
            done = db.execute(DONE).fetchall() if has_table(db, "visit") else []
            return [*passed, *db.execute(TREATED).fetchall()], done
    except sqlite3.Error as error:
        raise LedgerError(f"ledger {path}: cannot be read ({error}); name a robot's ledger") from error
