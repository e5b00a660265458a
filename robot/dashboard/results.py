"""What the robot achieved, from the ledger: coverage with interval, flowers a square metre; by row, cultivar, week."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import sqrt
from pathlib import Path

from robot.dashboard.ledger_reader import LedgerUnreadError
from robot.dashboard.pages_models import ResultLine, Results, Share
from robot.dashboard.row_passes import Pass, read_passes
from robot.mission.due import DAY_S
from robot.mission.house_map import House

Z_95 = 1.959964
"""Two-sided 95 % of the normal distribution."""


def results_of(ledger: Path, house: House | None, days: int, now: datetime) -> Results:
    """Return sums over the last `days`; flowers a square metre only for rows whose measures are known."""
    try:
        passes = read_passes(ledger, now.timestamp() - days * DAY_S)
    except LedgerUnreadError as error:
        return Results(problem=str(error), days=days)
    areas = _areas(house)
    weeks: defaultdict[str, list[Pass]] = defaultdict(list)
    rows: defaultdict[str, list[Pass]] = defaultdict(list)
    cultivars: defaultdict[str, list[Pass]] = defaultdict(list)
    for one in passes:
        if house is not None and one.row in house.rows and house.rows[one.row].cultivar:
            cultivars[house.rows[one.row].cultivar].append(one)
        weeks[_week(one.ended, now)].append(one)
        rows[one.row].append(one)
    return Results(
        problem="",
        days=days,
        total=_line("all", passes, areas) if passes else None,
        weeks=tuple(_line(week, weeks[week], areas) for week in sorted(weeks)),
        rows=tuple(_line(row, rows[row], areas) for row in sorted(rows)),
        cultivars=tuple(_line(name, cultivars[name], areas) for name in sorted(cultivars)),
    )


def _week(wall: float, now: datetime) -> str:
    year, week, _ = datetime.fromtimestamp(wall, now.tzinfo).isocalendar()
    return f"{year}-W{week:02d}"


def _areas(house: House | None) -> Mapping[str, float]:
    """Return the square metres of crop along each metre of one row-side."""
    return {} if house is None else {row.name: row.pitch / 2.0 for row in house.rows.values()}


def _line(key: str, passes: Iterable[Pass], areas: Mapping[str, float]) -> ResultLine:
    passes = list(passes)
    ready, treated = sum(one.open for one in passes), sum(one.treated for one in passes)
    missed: Counter[str] = Counter()
    for one in passes:
        missed.update(one.missed)
    known = [one for one in passes if one.row in areas and one.end_m > one.start_m]
    area = sum(areas[one.row] * (one.end_m - one.start_m) for one in known)
    return ResultLine(
        key=key,
        passes=len(passes),
        open=ready,
        treated=treated,
        coverage=share(treated, ready),
        per_m2=sum(one.ready for one in known) / area if area > 0 else None,
        missed=dict(missed),
    )


def share(part: int, whole: int) -> Share | None:
    """Return part / whole with Wilson's 95 % score interval (E. B. Wilson 1927), or None for nothing."""
    if whole <= 0:
        return None
    p, z2 = part / whole, Z_95**2
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z_95 / (1 + z2 / whole) * sqrt(p * (1 - p) / whole + z2 / (4 * whole**2))
    return Share(value=p, low=min(p, max(0.0, middle - half)), high=max(p, min(1.0, middle + half)))
