"""An upper bound on what any plan can be worth: a linear programme over time slots. `lagrange.py` tightens it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from robot.mission.capacity import ROUNDING, Fleet, fleets_of, most_work_s
from robot.mission.problem import Flags, Floats, Problem

SLOT_S = 900.0
MOST_SLOTS = 48
MOST_DIVISORS = 6


@dataclass(frozen=True)
class Relaxation:
    """The solved linear programme."""

    value: float
    """No plan is worth more."""
    price: Floats
    """What one more robot-visit to each job would be worth at most, (jobs,): the dual of 'once each'."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One inequality: the coefficients of a fleet's jobs, and the limit."""

    fleet: int
    coefficient: Floats
    limit: float


def relax(problem: Problem, worth: Floats) -> Relaxation:
    """Return the best fractional plan for a worth per job, (jobs,): an upper bound on every plan's.

    Variables are the shares x of each job that each fleet does. For every span of slots [a, b]: the jobs whose
    release and deadline lie within it take no more than the fleet's time there (`most_work_s`). These are all
    the cuts of the flow of jobs into slots, so the bound is that of the programme with a variable per job and
    slot, with fewer columns. Rounded versions (see `_rows`) use that a robot does whole rows only.
    """
    fleets = fleets_of(problem)
    columns = [(number, job) for number, fleet in enumerate(fleets) for job in fleet.jobs]
    if not columns:
        return Relaxation(0.0, np.zeros(len(problem.jobs)))
    begin = np.cumsum([0, *(len(fleet.jobs) for fleet in fleets)])
    rows = [row for number, fleet in enumerate(fleets) for row in _rows(problem, fleet, number)]
    count = len(problem.jobs)
    index = [np.array([job for _, job in columns], dtype=np.intp)]
    column = [np.arange(len(columns), dtype=np.intp)]
    share = [np.ones(len(columns))]
    for number, row in enumerate(rows):
        at = np.flatnonzero(row.coefficient)
        index.append(np.full(len(at), count + number, dtype=np.intp))
        column.append(begin[row.fleet] + at)
        share.append(row.coefficient[at])
    matrix: Any = coo_matrix(
        (np.concatenate(share), (np.concatenate(index), np.concatenate(column))),
        shape=(count + len(rows), len(columns)),
    ).tocsr()
    solved = linprog(
        -worth[index[0]],
        A_ub=matrix,
        b_ub=np.concatenate([np.ones(count), [row.limit for row in rows]]),
        bounds=(0.0, None),
        method="highs",
    )
    if solved.status != 0 or solved.fun is None:
        # Everything that can be reached is a bound too, only a weak one.
        return Relaxation(float(worth[np.unique(index[0])].sum()), worth.copy())
    price = -np.asarray(solved.ineqlin.marginals[: len(problem.jobs)])
    return Relaxation(float(-solved.fun), np.maximum(price, 0.0))


def _rows(problem: Problem, fleet: Fleet, number: int) -> Iterator[_Row]:
    """Yield the fleet's inequalities: time, and whole rows.

    A set S of visits fits into one robot's time C only if the sum of floor(w / d) over S is at most
    floor(C / d), for any d > 0: rounding down each term rounds down the sum. With d = the shortest visit this
    says how many rows a robot can do at all.
    """
    release, deadline = problem.release[fleet.jobs], problem.deadline[fleet.jobs]
    seen: set[bytes] = set()
    for start, end in _spans(problem, release):
        inside: Flags = (release >= start - ROUNDING) & (deadline <= end + ROUNDING)
        key = np.packbits(inside).tobytes()
        if not inside.any() or key in seen:
            continue
        seen.add(key)
        times = np.array([most_work_s(problem.robots[k], start, end) for k in fleet.robots])
        # The way to a row that is due from `start` on may be driven before it.
        weight = fleet.weight if start <= 0.0 else problem.work[fleet.robots[0], fleet.jobs]
        yield _Row(number, np.where(inside, weight, 0.0), float(times.sum()))
        for divisor in _divisors(weight[inside]):
            whole = np.floor(weight / divisor - ROUNDING)
            limit = np.floor(times / divisor + ROUNDING)
            yield _Row(number, np.where(inside, np.maximum(whole, 0.0), 0.0), float(limit.sum()))


def _spans(problem: Problem, release: Floats) -> Iterator[tuple[float, float]]:
    """Yield the spans of slots to look at, shortest end first, so that equal sets of jobs get the tightest."""
    slots = min(MOST_SLOTS, max(1, int(np.ceil(problem.end / SLOT_S))))
    edges = np.linspace(0.0, problem.end, slots + 1)
    earliest = float(min(release.min(initial=0.0), 0.0))
    starts = [earliest, *(float(edge) for edge, after in pairwise(edges) if _any_in(release, edge, after))]
    for end in edges[1:]:
        for start in sorted({s for s in starts if s < end}, reverse=True):
            yield start, float(end)


def _any_in(release: Floats, start: float, end: float) -> bool:
    return bool(np.any((release > start) & (release <= end)))


def _divisors(weight: Floats) -> list[float]:
    """Return the divisors to round with: the lengths of visit that occur, and their halves."""
    found = np.unique(np.floor(weight))
    if len(found) > MOST_DIVISORS:
        found = np.unique(np.quantile(found, np.linspace(0.0, 1.0, MOST_DIVISORS), method="lower"))
    return [float(d) for d in found if d >= 1.0] + [float(d) / 2.0 for d in found if d >= 2.0]


def most_musts(problem: Problem) -> int:
    """Return how many musts any plan can do at most."""
    must = problem.must.astype(np.float64)
    return int(np.floor(relax(problem, must).value + ROUNDING))
