"""One row metre by metre, and the flowers of a stretch of it, from the ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import ceil
from pathlib import Path

from robot.dashboard.ledger_reader import LedgerUnreadError, reading
from robot.dashboard.pages_models import FlowerLine, Flowers, Metre, PassLine, RowView, SidePass
from robot.dashboard.row_passes import Pass, last_passes, read_passes
from robot.mission.due import HOUR_S, DueConfig
from robot.reasons import NOT_YET, TREATED
from robot.snapshot_builder import NOT_A_MISS
from vision.types import SIDES

MOST_METRES = 500
MOST_FLOWERS = 500
MOST_PASSES = 60

BINS = (
    "SELECT cast(s / ? AS INTEGER), reason, count(*) FROM flower WHERE session = ? AND side = ? GROUP BY 1, 2"
)
FLOWERS = """
SELECT f.side, f.flower, f.s, f.h, f.reason, f.wall, i.pulse_id, i.nozzle, o.outcome
FROM flower f
LEFT JOIN intent i ON i.pulse_id = (
    SELECT max(p.pulse_id) FROM intent p JOIN intent_flower q USING (pulse_id)
    WHERE p.session = f.session AND p.side = f.side AND q.flower = f.flower)
LEFT JOIN outcome o ON o.pulse_id = i.pulse_id
WHERE f.session = ? AND f.side = ? AND f.s >= ? AND f.s < ? ORDER BY f.s LIMIT ?
"""


def row_view(ledger: Path, name: str, lengths: dict[str, float], due: DueConfig) -> RowView:
    """Return row `name`; `lengths` are the house's rows. An unknown row has no passes."""
    try:
        passes = read_passes(ledger)
        mine = [one for one in passes if one.row == name]
        length = lengths.get(name) or max((one.end_m for one in mine), default=0.0)
        names = list(lengths) + sorted({one.row for one in passes} - lengths.keys())
        newest = [one for side in SIDES if (one := last_passes(mine).get((name, side))) is not None]
        sides = [_side(ledger, one, length, due) for one in newest]
    except LedgerUnreadError as error:
        return RowView(problem=str(error), name=name, names=list(lengths), length=lengths.get(name, 0.0))
    lines = [_line(one) for one in reversed(mine)][:MOST_PASSES]
    return RowView(problem="", name=name, names=names, length=length, sides=sides, passes=lines)


def _side(ledger: Path, one: Pass, length: float, due: DueConfig) -> SidePass:
    count = min(max(1, ceil(length)), MOST_METRES)
    step = length / count if length > 0 else 1.0
    reasons: defaultdict[int, Counter[str]] = defaultdict(Counter)
    with reading(ledger) as db:
        for place, reason, number in db.execute(BINS, (step, one.session, one.side)):
            reasons[min(max(int(place), 0), count - 1)][str(reason)] += int(number)
    return SidePass(
        side=one.side,
        session=one.session,
        began=one.began,
        ended=one.ended,
        ready=one.open,
        treated=one.treated,
        due_from=one.ended + due.rest_h * HOUR_S,
        metres=[_metre(place * step, (place + 1) * step, reasons[place]) for place in range(count)],
    )


def _metre(start: float, end: float, reasons: Counter[str]) -> Metre:
    missed = {reason: count for reason, count in reasons.items() if reason not in NOT_A_MISS}
    left = {r: n for r, n in reasons.items() if r in NOT_A_MISS and r != TREATED and r not in NOT_YET}
    treated = reasons.get(TREATED, 0)
    return Metre(
        start=start, end=end, ready=treated + sum(missed.values()), treated=treated, missed=missed, left=left
    )


def _line(one: Pass) -> PassLine:
    return PassLine(
        session=one.session,
        side=one.side,
        began=one.began,
        ended=one.ended,
        ready=one.open,
        treated=one.treated,
        missed=sum(one.missed.values()),
    )


def flowers_of(ledger: Path, session: int, side: str, start: float, end: float) -> Flowers:
    """Return the flowers of a stretch that were ready, or whose readiness was not sure."""
    try:
        with reading(ledger) as db:
            found = db.execute(FLOWERS, (session, side, start, end, MOST_FLOWERS)).fetchall()
    except LedgerUnreadError as error:
        return Flowers(problem=str(error))
    names = FlowerLine.model_fields
    return Flowers(
        problem="", flowers=[FlowerLine.model_validate(dict(zip(names, line, strict=True))) for line in found]
    )
