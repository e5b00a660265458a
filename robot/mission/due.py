"""What each row-side is worth today and by when, from its last visit; turns that into visits to plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from robot.mission.problem import Job
from vision.types import SIDES, Side

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class DueConfig(BaseModel):
    """When a row-side is due again, and how many ready flowers it is expected to hold by then."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rest_h: float = Field(
        18.0, ge=0, le=240, description="h after a visit before the next (assumed, as dose)"
    )
    deadline_h: float = Field(
        48.0, gt=0, le=480, description="h after a visit by which the next is due: 1-2 days (Pressman 1999)"
    )
    must_weight: float = Field(
        3.0, ge=1, le=100, description="worth of a flower that cannot wait for the next window (assumed)"
    )
    stems_per_m2: float = Field(3.0, gt=0, le=20, description="stems/m² (hydroponics guides)")
    flowers_per_truss: float = Field(8.0, gt=0, le=100, description="5-12 (hydroponics guides); 8 is assumed")
    truss_days: float = Field(9.0, gt=0, le=90, description="days from truss to truss (hydroponics guides)")
    receptive_days: float = Field(
        2.5, gt=0, le=10, description="days a flower stays open: 2-3 (Shakya, ASHS)"
    )


@dataclass(frozen=True, slots=True)
class LastVisit:
    """What the ledger knows of a row-side: wall time (POSIX s) of its last visit, and the flowers then ready."""

    wall: float | None = None
    ready: float | None = None


@dataclass(frozen=True, slots=True)
class RowSide:
    """One side of a row as the day begins."""

    row: str
    side: Side
    length: float
    pitch: float
    last: LastVisit = LastVisit()


@dataclass(frozen=True, slots=True)
class Due:
    """When a row-side may and must be visited (POSIX s; an endless deadline is the window's end), and its worth."""

    side: Side
    release: float
    deadline: float
    flowers: float
    value: float
    must: bool
    late: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Today's window and the beginning of the next one, POSIX seconds."""

    opens: float
    closes: float
    next_opens: float


def expected_ready(state: RowSide, at: float, config: DueConfig) -> float:
    """Return the untreated, receptive flowers to expect on a row-side at wall time `at`.

    Flowers open at a steady rate since the last visit and stay receptive for `receptive_days`. The rate is the
    one seen at the last visit (ready flowers found / receptive days), else stems x flowers a truss / truss days.
    """
    stems = config.stems_per_m2 * state.length * state.pitch / 2.0
    rate = stems * config.flowers_per_truss / config.truss_days
    if state.last.ready is not None:
        rate = state.last.ready / config.receptive_days
    since = config.receptive_days if state.last.wall is None else max(0.0, at - state.last.wall) / DAY_S
    return rate * min(since, config.receptive_days)


def due(
    state: RowSide, window: Window, config: DueConfig, fastest_s: float, hygiene_first: bool = False
) -> Due | None:
    """Return what a row-side asks of this window, or None when it is not due in it.

    `fastest_s` is the shortest time in which a visit can be over after the window opens: a deadline that nobody
    could keep makes the row-side late, and then it is wanted until the window closes. So is an infected one
    (`hygiene_first`): it comes last, whatever its deadline.
    """
    release = window.opens if state.last.wall is None else state.last.wall + config.rest_h * HOUR_S
    deadline = window.opens if state.last.wall is None else state.last.wall + config.deadline_h * HOUR_S
    release = max(release, window.opens)
    if release + fastest_s > window.closes:
        return None
    must = deadline < window.next_opens
    late = deadline < max(release, window.opens) + fastest_s
    flowers = expected_ready(state, window.opens, config)
    value = flowers * (config.must_weight if must else 1.0)
    end = float("inf") if late or hygiene_first else deadline
    return Due(state.side, release, end, flowers, value, must, late)


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a row's visit begins and ends: indices of places, and their zones."""

    row: str
    length: float
    entrance: int
    exit: int
    zone: int
    exit_zone: int
    infected: bool


def jobs_of(
    visits: Sequence[Visit], dues: Mapping[str, Sequence[Due]], zero: float, one_side_a_visit: bool
) -> list[Job]:
    """Return the visits to plan, times in seconds from wall time `zero`.

    A visit treats all sides of its row that are due; with carts that have one side only, each side has its own.
    """
    jobs = []
    for visit in visits:
        sides = [side for side in dues.get(visit.row, ()) if side.value > 0.0]
        groups = [[side] for side in sides] if one_side_a_visit else [sides]
        jobs += [_job(visit, group, zero) for group in groups if group]
    return jobs


def _job(visit: Visit, sides: Sequence[Due], zero: float) -> Job:
    return Job(
        row=visit.row,
        sides=tuple(side for side in SIDES if any(due.side == side for due in sides)),
        value=sum(due.value for due in sides),
        length=visit.length,
        entrance=visit.entrance,
        exit=visit.exit,
        zone=visit.zone,
        exit_zone=visit.exit_zone,
        release=max(due.release for due in sides) - zero,
        deadline=min(due.deadline for due in sides) - zero,
        must=any(due.must for due in sides),
        late=any(due.late for due in sides),
        infected=visit.infected,
    )
