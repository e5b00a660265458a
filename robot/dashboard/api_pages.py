"""The grower's routes: the house today, a row metre by metre, the plan and what if, results, exports."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.responses import StreamingResponse

from robot.config import ConfigError
from robot.dashboard.board import Board
from robot.dashboard.export import Table, as_csv, as_json, as_xlsx, head_of, lines_of
from robot.dashboard.house_view import visits_of
from robot.dashboard.ledger_reader import LedgerUnreadError
from robot.dashboard.pages_models import Days, Flowers, PlanView, Results, RowView, Today, VisitLine, WhatIf
from robot.dashboard.plan_desk import Asked, finish_of, left_out, visits_in
from robot.dashboard.results import results_of
from robot.dashboard.rights import Right, needs
from robot.dashboard.row_view import flowers_of, row_view
from robot.dashboard.today import local_now, today_of
from robot.mission.due import DAY_S, DueConfig
from robot.mission.events import ReplanError
from robot.mission.house_map import House
from robot.mission.plan_types import Plan
from robot.mission.visits import window_at
from vision.types import Side

Name = Annotated[str, Query(max_length=80)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def add_page_routes(app: FastAPI, board: Board) -> None:
    """Add what the grower's pages read."""
    _add_rows(app, board)
    _add_plan(app, board)
    _add_results(app, board)


def _row_now(board: Board) -> tuple[str, float]:
    """Return the row being worked, or a row of no name before anything is known."""
    snapshot = board.live.link.snapshot
    return ("row", 1.0) if snapshot is None else (snapshot.row.name, snapshot.row.length)


def _house(board: Board) -> House | None:
    try:
        return board.house.house(*_row_now(board))
    except ConfigError:
        return None


def _add_rows(app: FastAPI, board: Board) -> None:
    @app.get("/api/v1/today", tags=["pages"])
    @needs(Right.LOOK)
    def today() -> Today:
        """Return the house and how each row-side stands: treated, due, overdue or closed."""
        return today_of(board.house, board.ledger, board.plans, board.clock, *_row_now(board))

    @app.get("/api/v1/row", tags=["pages"])
    @needs(Right.LOOK)
    def row(name: Name = "") -> RowView:
        """Return a row metre by metre; without a name, the one being worked."""
        house, (working, _) = _house(board), _row_now(board)
        lengths = {} if house is None else {one.name: one.length for one in house.rows.values()}
        due = DueConfig() if house is None else house.config.due
        return row_view(board.ledger, name or working, lengths, due)

    @app.get("/api/v1/flowers", tags=["pages"])
    @needs(Right.LOOK)
    def flowers(
        session: Annotated[int, Query(ge=0, le=2**53)],
        side: Side,
        start: Annotated[float, Query(ge=-100, le=1000)],
        end: Annotated[float, Query(ge=-100, le=1000)],
    ) -> Flowers:
        """Return the flowers of a stretch (m) of one side in one session, with what became of each."""
        return flowers_of(board.ledger, session, side, start, end)


def _add_plan(app: FastAPI, board: Board) -> None:
    def planned() -> tuple[Plan, float]:
        if not board.house.has_file:
            raise HTTPException(409, "plan: no house file is named; set mission.house in the machine file")
        try:
            house = board.house.house(*_row_now(board))
            window = window_at(house.config.climate, local_now(board.clock))
            return board.plans.plan(house, visits_of(board.ledger, house), window)
        except ConfigError as error:
            raise HTTPException(409, str(error)) from error

    @app.get("/api/v1/plan", tags=["pages"])
    @needs(Right.LOOK)
    def plan() -> PlanView:
        """Return the day's plan, made from house file and ledger."""
        try:
            return _view(*planned())
        except HTTPException as error:
            return PlanView(problem=str(error.detail))

    @app.post("/api/v1/plan/what-if", tags=["pages"])
    @needs(Right.OPERATE)
    def what_if(body: WhatIf) -> PlanView:
        """Return the plan that would be; nothing is changed by it."""
        found, zero = planned()
        orders = {robot: tuple(rows) for robot, rows in body.orders.items()}
        try:
            return _view(board.plans.what_if(found, Asked(tuple(body.block), tuple(body.lose), orders)), zero)
        except ReplanError as error:
            raise HTTPException(409, str(error)) from error


def _view(plan: Plan, zero: float) -> PlanView:
    return PlanView(
        problem="",
        zero=zero,
        finish=finish_of(plan, zero),
        value=round(plan.value, 1),
        robots=tuple(robot.name for robot in plan.problem.robots),
        visits=tuple(VisitLine.model_validate(one, from_attributes=True) for one in visits_in(plan, zero)),
        left_out=tuple(left_out(plan)),
        must_missed=tuple(sorted({plan.problem.jobs[job].row for job in plan.must_missed})),
    )


def _add_results(app: FastAPI, board: Board) -> None:
    @app.get("/api/v1/results", tags=["pages"])
    @needs(Right.LOOK)
    def results(days: Days = 28) -> Results:
        """Return coverage with its interval and open flowers a m², in all, by week and by row."""
        house = _house(board) if board.house.has_file else None
        return results_of(board.ledger, house, days, local_now(board.clock))

    @app.get(
        "/api/v1/export/{table}", tags=["pages"], response_class=Response,
        responses={200: {"content": {"text/csv": {}, "application/json": {}, XLSX: {}}}},
    )  # fmt: skip
    @needs(Right.LOOK)
    def export(table: Table, form: Literal["csv", "xlsx", "json"] = "csv", days: Days = 28) -> Response:
        """Return a table of the ledger as a file: passes, flowers, pulses or journal."""
        now = local_now(board.clock)
        lines = lines_of(board.ledger, table, now.timestamp() - days * DAY_S, now.tzinfo)
        name = f"bombus-{table.value}-{now:%Y-%m-%d}.{form}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        try:
            if form == "xlsx":
                return Response(as_xlsx(table, head_of(table), lines), media_type=XLSX, headers=headers)
            text = (as_json if form == "json" else as_csv)(head_of(table), lines)
            first = next(text)  # a ledger that cannot be read is told before the file begins
        except LedgerUnreadError as error:
            raise HTTPException(409, str(error)) from error
        kind = "application/json" if form == "json" else "text/csv"
        return StreamingResponse(chain([first], _until_unread(text, form)), media_type=kind, headers=headers)


def _until_unread(text: Iterator[str], form: str) -> Iterator[str]:
    """Yield what can be read; a table that is cut short says so, JSON by an array that does not end."""
    try:
        yield from text
    except LedgerUnreadError as error:
        yield f'"cut short: {error}"\n' if form == "csv" else ""
