"""Draws up the house as it stands now: every row-side with its state, from house file, ledger and clock."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path as File

from robot.clock import Clock
from robot.config import ConfigError
from robot.dashboard.house_view import HouseShelf, dues_by_side, last_forecast, state_of, visits_of
from robot.dashboard.ledger_reader import LedgerUnreadError
from robot.dashboard.pages_models import Path, RowLine, SideLine, Spot, Today, WindowLine
from robot.dashboard.plan_desk import PlanDesk, finish_of
from robot.dashboard.row_passes import Pass, last_passes, read_passes
from robot.mission.day import Visits
from robot.mission.due import HOUR_S, Due, LastVisit
from robot.mission.house_map import House, Row
from robot.mission.visits import window_at
from vision.types import Side

Passes = dict[tuple[str, Side], Pass]
Dues = dict[tuple[str, Side], Due]


def local_now(clock: Clock) -> datetime:
    """Return the wall time of the robot's own place."""
    return clock.wall().astimezone()


def today_of(shelf: HouseShelf, ledger: File, desk: PlanDesk, clock: Clock, row: str, length: float) -> Today:
    """Return the house today; `row` is the one being worked, for a robot without a house file."""
    now = local_now(clock)
    try:
        house = shelf.house(row, length)
    except ConfigError as error:
        return Today(problem=str(error), now=now.timestamp(), house="", has_house=True, window=None)
    problem, passes = _passes(ledger)
    visits, window = visits_of(ledger, house), window_at(house.config.climate, now)
    dues = dues_by_side(house, visits, window)
    finish = finish_of(*desk.plan(house, visits, window)) if shelf.has_file and dues else None
    return Today(
        problem=problem,
        now=now.timestamp(),
        house=house.config.name,
        has_house=shelf.has_file,
        window=_window(house, now),
        paths=tuple(Path(name=one.name, start=one.start, end=one.end) for one in house.config.headlands),
        docks=tuple(Spot(name=name, at=(place.x, place.y)) for name, place in house.docks.items()),
        rows=tuple(_row(one, house, visits, passes, dues, now.timestamp()) for one in house.rows.values()),
        finish=finish,
        robots=len(house.config.robots),
        forecast=last_forecast(ledger),
    )


def _passes(ledger: File) -> tuple[str, Passes]:
    try:
        return "", last_passes(read_passes(ledger))
    except LedgerUnreadError as error:
        return str(error), {}


def _window(house: House, now: datetime) -> WindowLine:
    opens, closes = house.config.climate.hours_today(now)
    return WindowLine(
        opens=opens.timestamp(),
        closes=closes.timestamp(),
        open=opens <= now < closes,
        source=house.config.climate.source,
    )


def _row(row: Row, house: House, visits: Visits, passes: Passes, dues: Dues, now: float) -> RowLine:
    return RowLine(
        name=row.name,
        start=(row.head.x, row.head.y),
        end=row.end,
        length=row.length,
        pitch=row.pitch,
        infected=row.infected,
        blocked="no_entry" if row.no_go else "",
        sides=[_side(row, side, house, visits, passes, dues, now) for side in row.sides],
    )


def _side(
    row: Row, side: Side, house: House, visits: Visits, passes: Passes, dues: Dues, now: float
) -> SideLine:
    key = (row.name, side)
    last, due, one = visits.get(key, LastVisit()), dues.get(key), passes.get(key)
    config = house.config.due
    return SideLine.model_validate(
        {
            "side": side,
            "state": state_of(house, row.name, due, last, one, now),
            "last": last.wall,
            "due_from": None if last.wall is None else last.wall + config.rest_h * HOUR_S,
            "due_by": None if last.wall is None else last.wall + config.deadline_h * HOUR_S,
            "expected": None if due is None else round(due.flowers, 1),
            "ready": None if one is None else one.open,
            "treated": None if one is None else one.treated,
        }
    )
