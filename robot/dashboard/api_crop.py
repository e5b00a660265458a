"""Routes of people's counts in the crop: fruit set, truss rate, the robot's rows against control rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path
from starlette.concurrency import run_in_threadpool

from robot.config import ConfigError
from robot.dashboard.api_models import Done
from robot.dashboard.board import Board
from robot.dashboard.counts import Count
from robot.dashboard.crop import RowFacts, arms, by_cultivar, by_row, by_week, difference
from robot.dashboard.crop_models import CountBody, CountLine, Crop
from robot.dashboard.identity import Who
from robot.dashboard.ledger_reader import LedgerUnreadError
from robot.dashboard.pages_models import Days, Share
from robot.dashboard.results import share
from robot.dashboard.rights import Right, needs
from robot.dashboard.row_passes import Pass, read_passes
from robot.dashboard.today import local_now
from robot.mission.due import DAY_S
from robot.mission.house_map import House

CountNumber = Annotated[int, Path(ge=1, le=2**53)]
OLDEST_DAYS = 3660


def add_crop_routes(app: FastAPI, board: Board) -> None:
    """Add counting, and what the counts tell."""

    @app.get("/api/v1/crop", tags=["pages"])
    @needs(Right.LOOK)
    def crop(days: Days = 28) -> Crop:
        """Return fruit set and truss rate from people's counts, and the robot's rows against control rows."""
        return crop_of(board, days)

    @app.post("/api/v1/crop/counts", tags=["pages"], status_code=201)
    @needs(Right.OPERATE)
    async def add_count(body: CountBody, who: Who) -> Done:
        """Keep what was counted in one row on one day."""
        now = local_now(board.clock)
        if not timedelta(0) <= now.date() - body.day <= timedelta(days=OLDEST_DAYS):
            raise HTTPException(422, f"day = {body.day}: lies ahead, or over ten years back; mend it")
        name = body.row.strip()
        if not name or not name.isprintable():
            raise HTTPException(422, f"row = {body.row!r}: is no row's name; mend it")
        count = Count(0, body.day, name, body.flowers, body.fruits, body.truss, who.actor.who)
        await run_in_threadpool(board.counts.add, count, now.timestamp())
        await run_in_threadpool(board.audit.note, who.actor, "add_count", f"{name} {body.day}")
        return Done(text=f"kept for {name}, {body.day}")

    @app.delete("/api/v1/crop/counts/{number}", tags=["pages"])
    @needs(Right.OPERATE)
    async def remove_count(number: CountNumber, who: Who) -> Done:
        """Take a count back."""
        gone = await run_in_threadpool(board.counts.remove, number)
        if not gone:
            raise HTTPException(404, f"count {number}: there is none")
        await run_in_threadpool(board.audit.note, who.actor, "remove_count", gone)
        return Done(text=f"taken back: {gone}")


def crop_of(board: Board, days: int) -> Crop:
    """Return what the counts of the last `days` tell; raises StoreError."""
    now, house = local_now(board.clock), _house(board)
    counts = board.counts.since((now - timedelta(days=days)).date())
    facts = facts_of(house)
    try:
        passes, problem = read_passes(board.ledger, now.timestamp() - days * DAY_S), ""
    except LedgerUnreadError as error:
        passes, problem = [], str(error) if counts else ""
    counted = {one.row for one in counts}
    return Crop(
        problem=problem,
        days=days,
        rows=tuple(by_row(counts, facts)),
        cultivars=tuple(by_cultivar(counts, facts)),
        weeks=tuple(by_week(counts, facts)),
        arms=tuple(arms(counts, facts)),
        difference=difference(counts, facts),
        treated_in_control=sum(one.treated for one in passes if facts.get(one.row, RowFacts()).control),
        coverage_robot=_coverage(passes, counted, facts),
        names=sorted(facts) or sorted(counted | {one.row for one in passes}),
        counts=tuple(_line(one, facts.get(one.row, RowFacts())) for one in reversed(counts)),
    )


def facts_of(house: House | None) -> dict[str, RowFacts]:
    """Return what the house file says of each row."""
    if house is None:
        return {}
    return {row.name: RowFacts(row.cultivar, row.control) for row in house.rows.values()}


def _house(board: Board) -> House | None:
    try:
        return board.house.house("row", 1.0) if board.house.has_file else None
    except ConfigError:
        return None


def _coverage(passes: list[Pass], counted: set[str], facts: Mapping[str, RowFacts]) -> Share | None:
    mine = [one for one in passes if one.row in counted and not facts.get(one.row, RowFacts()).control]
    return share(sum(one.treated for one in mine), sum(one.open for one in mine))


def _line(one: Count, facts: RowFacts) -> CountLine:
    return CountLine(
        id=one.id,
        day=one.day,
        row=one.row,
        flowers=one.flowers,
        fruits=one.fruits,
        truss=one.truss,
        who=one.who,
        control=facts.control,
        cultivar=facts.cultivar,
    )
