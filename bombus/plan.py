"""Plan a day: which robot treats which rows when, with a proof of how good the plan is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bombus.output import WorkFailedError, WrongUseError, people, print_json, print_table

if TYPE_CHECKING:
    from robot.mission.planning import Planned

METHODS = ("full", "own", "fast", "nearest-due", "boustrophedon")


def plan(
    rows: Annotated[int, typer.Option(min=1, max=2000, help="rows of the made-up house")] = 200,
    robots: Annotated[int | None, typer.Option(min=1, max=500, help="how many robots")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="seed of the made-up history")] = 1,
    seconds: Annotated[float, typer.Option(min=0.0, max=600.0, help="time to plan in")] = 5.0,
    method: Annotated[str, typer.Option(help=", ".join(METHODS))] = "full",
    house: Annotated[Path | None, typer.Option(help="house file (TOML) instead of a made-up house")] = None,
    ledger: Annotated[
        list[Path] | None, typer.Option(help="a robot's ledger, for the last visits; may be given often")
    ] = None,
    scattered: Annotated[
        bool, typer.Option("--scattered", help="made-up deadlines fall anywhere: a harder day")
    ] = False,
    draw: Annotated[Path | None, typer.Option(help="draw the house and the plan into this SVG file")] = None,
    table: Annotated[
        bool, typer.Option("--table", help="compare planners over sizes of house and fleet, and end")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Print the plan's value, the upper bound, and each robot's way."""
    if method not in METHODS:
        raise WrongUseError(f"--method {method}: unknown; choose from {', '.join(METHODS)}")
    if table:
        from bombus.plan_table import compare

        compare(seed, seconds, scattered, json)
        return
    from bombus.plan_day import faults_in, made, planned_by, result_of

    day = made(house, rows, robots, seed, ledger or [], scattered)
    planned = planned_by(method, day.problem, seconds, seed)
    faults = faults_in(planned.plan)
    if draw is not None:
        _draw(draw, day, planned)
    result = result_of(planned, day)
    if json:
        print_json(result)
    else:
        _show(result, day.house.config.name)
    if faults:
        raise WorkFailedError(f"the checker found {len(faults)} faults in the plan; the first: {faults[0]}")


def _draw(path: Path, day: Any, planned: Planned) -> None:
    from robot.mission.drawing import drawing

    try:
        path.write_text(drawing(day.house, day.dues, planned.plan), encoding="utf-8")
    except OSError as error:
        raise WrongUseError(
            f"--draw {path}: cannot be written ({error.strerror}); name another file"
        ) from error


def _show(result: dict[str, Any], name: str) -> None:
    from rich.table import Table

    print_table(
        f"plan for {name}",
        {
            "value, expected flowers weighted": f"{result['value']:,.0f}",
            "upper bound": f"{result['upper_bound']:,.0f}",
            "plan quality (ratio)": f"{result['ratio']:.4f}",
            "rows to treat / due": f"{result['visits']} / {result['due']}",
            "musts missed / proved least": f"{result['must_missed']} / {result['must_missed_least']}",
            "conflicts": result["conflicts"],
            "s of planning": f"{result['seconds']:.1f}",
        },
    )
    shown = Table(title="routes", title_justify="left")
    for column in ("robot", "rows", "swaps", "ends", "way"):
        shown.add_column(column, overflow="ellipsis", no_wrap=column != "way")
    for route in result["routes"]:
        visits = [stop for stop in route["stops"] if stop["kind"] == "visit"]
        swaps = sum(stop["kind"] == "swap" for stop in route["stops"])
        end = f"{visits[-1]['end_s'] / 3600:.2f} h" if visits else "-"
        way = " ".join(stop["row"] for stop in visits)
        shown.add_row(route["robot"], str(len(visits)), str(swaps), end, way)
    people.print(shown)
