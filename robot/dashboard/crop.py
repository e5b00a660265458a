"""Fruit set and truss rate from people's counts, by row, cultivar and week, and the robot's rows against control rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import sqrt
from typing import Literal, TypeVar

from scipy.stats import t as student

from robot.dashboard.counts import Count
from robot.dashboard.crop_models import CropLine, Difference, Rate
from robot.dashboard.results import share

Name = TypeVar("Name", bound=Hashable)
WEEK_DAYS = 7.0
LEAST_ROWS = 2
"""Rows in each arm without which no interval can be given: rows, not flowers, were told apart."""


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What the house file says of a row."""

    cultivar: str = ""
    control: bool = False


def by_row(counts: Sequence[Count], facts: Mapping[str, RowFacts]) -> list[CropLine]:
    """Return a line a row, by name."""
    rows = _grouped(counts, lambda one: one.row)
    return [_line(row, mine, control=_of(facts, row).control) for row, mine in sorted(rows.items())]


def by_cultivar(counts: Sequence[Count], facts: Mapping[str, RowFacts]) -> list[CropLine]:
    """Return a line a cultivar and arm; rows of which none is known are left out."""
    known = [one for one in counts if _of(facts, one.row).cultivar]
    return _by_arm(known, facts, lambda one: _of(facts, one.row).cultivar)


def by_week(counts: Sequence[Count], facts: Mapping[str, RowFacts]) -> list[CropLine]:
    """Return a line a week and arm; a truss rate belongs to the week in which its later count was made."""
    lines = _by_arm(counts, facts, lambda one: week_of(one.day))
    steps = {
        arm: _steps([one for one in counts if _of(facts, one.row).control is arm]) for arm in (False, True)
    }
    return [
        line.model_copy(update={"truss_rate": _rate(steps[line.control].get(line.key, []))}) for line in lines
    ]


def arms(counts: Sequence[Count], facts: Mapping[str, RowFacts]) -> list[CropLine]:
    """Return a line for the robot's rows and one for the control rows, as far as there are counts."""
    return _by_arm(counts, facts, lambda one: "")


def difference(counts: Sequence[Count], facts: Mapping[str, RowFacts]) -> Difference | None:
    """Return fruit set in the robot's rows less that in control rows, or None where an arm has no count.

    Each arm is a ratio of sums over rows; its variance is the linearised one over rows (Cochran, Sampling
    Techniques, 1977, ch. 6), so that flowers of one row do not count as independent.
    """
    found = []
    for control in (False, True):
        mine = [one for one in counts if _of(facts, one.row).control is control]
        rows = [
            (_sum(row, "fruits"), _sum(row, "flowers"))
            for row in _grouped(mine, lambda one: one.row).values()
        ]
        rows = [(fruits, flowers) for fruits, flowers in rows if flowers > 0]
        if not rows:
            return None
        found.append(rows)
    value = _ratio(found[0]) - _ratio(found[1])
    few = min(len(rows) for rows in found) < LEAST_ROWS
    half = None if few else _half_width(found)
    return Difference(
        value=value,
        low=None if half is None else max(-1.0, value - half),
        high=None if half is None else min(1.0, value + half),
        robot_rows=len(found[0]),
        control_rows=len(found[1]),
    )


def week_of(day: date) -> str:
    """Return the ISO week of a day, as results call it."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _half_width(arms_: Sequence[Sequence[tuple[int, int]]]) -> float:
    variance = 0.0
    for rows in arms_:
        ratio, count = _ratio(rows), len(rows)
        mean = sum(flowers for _, flowers in rows) / count
        spread = sum((fruits - ratio * flowers) ** 2 for fruits, flowers in rows) / (count - 1)
        variance += spread / (count * mean**2)
    freedom = min(len(rows) for rows in arms_) - 1  # the smaller arm's: on the safe side
    return float(student.ppf(0.975, freedom)) * sqrt(variance)


def _ratio(rows: Sequence[tuple[int, int]]) -> float:
    return sum(fruits for fruits, _ in rows) / sum(flowers for _, flowers in rows)


def _by_arm(
    counts: Iterable[Count], facts: Mapping[str, RowFacts], key: Callable[[Count], str]
) -> list[CropLine]:
    groups = _grouped(counts, lambda one: (key(one), _of(facts, one.row).control))
    return [_line(name, mine, control=control) for (name, control), mine in sorted(groups.items())]


def _line(key: str, counts: Sequence[Count], *, control: bool) -> CropLine:
    rates = [
        rate
        for row in _grouped(counts, lambda one: one.row).values()
        if (rate := _whole_rate(row)) is not None
    ]
    flowers, fruits = _sum(counts, "flowers"), _sum(counts, "fruits")
    return CropLine(
        key=key,
        control=control,
        rows=len({one.row for one in counts}),
        flowers=flowers,
        fruits=fruits,
        fruit_set=share(fruits, flowers),
        truss_rate=_rate(rates),
    )


def _whole_rate(counts: Sequence[Count]) -> float | None:
    """Return trusses a week of one row, from its first to its last count."""
    told = [(one.day, one.truss) for one in counts if one.truss is not None]
    if not told:
        return None
    (first, before), (last, after) = min(told), max(told)
    days = (last - first).days
    return None if days <= 0 else WEEK_DAYS * (after - before) / days


def _steps(counts: Iterable[Count]) -> dict[str, list[float]]:
    """Return week -> trusses a week between two counts of a row, one number a row and pair."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for row in _grouped(counts, lambda one: one.row).values():
        told = sorted((one.day, one.truss) for one in row if one.truss is not None)
        for (first, before), (last, after) in pairwise(told):
            if (days := (last - first).days) > 0:
                found[week_of(last)].append(WEEK_DAYS * (after - before) / days)
    return found


def _rate(rates: Sequence[float]) -> Rate | None:
    """Return the mean of rows with its 95 % interval (Student's t), which needs two rows."""
    if not rates:
        return None
    mean, count = sum(rates) / len(rates), len(rates)
    if count < LEAST_ROWS:
        return Rate(value=mean, low=None, high=None)
    deviation = sqrt(sum((one - mean) ** 2 for one in rates) / (count - 1))
    half = float(student.ppf(0.975, count - 1)) * deviation / sqrt(count)
    return Rate(value=mean, low=mean - half, high=mean + half)


def _grouped(counts: Iterable[Count], key: Callable[[Count], Name]) -> dict[Name, list[Count]]:
    groups: defaultdict[Name, list[Count]] = defaultdict(list)
    for one in counts:
        groups[key(one)].append(one)
    return dict(groups)


def _sum(counts: Iterable[Count], what: Literal["flowers", "fruits"]) -> int:
    return sum(one.flowers if what == "flowers" else one.fruits for one in counts)


def _of(facts: Mapping[str, RowFacts], row: str) -> RowFacts:
    return facts.get(row, RowFacts())
