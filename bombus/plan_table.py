"""`bombus plan --table`: sizes of house and fleet against planners, each plan checked, with the bound beside it."""

from __future__ import annotations

from collections.abc import Sequence
from resource import RUSAGE_SELF, getrusage
from typing import Any

from rich.progress import track
from rich.table import Table

from bombus.output import people, print_json
from bombus.plan_day import faults_in, made, planned_by
from robot.mission.planning import Planned

SIZES = ((50, 1), (50, 2), (100, 2), (100, 4), (200, 1), (200, 4), (200, 8), (400, 16), (600, 8), (600, 30))
METHODS = ("full", "own", "fast", "nearest-due", "boustrophedon")

HEADINGS = {"must_missed": "missed", "proved_least": "least", "seconds": "s", "cpu_s": "CPU s"}
"""Short, so that the table fits 80 columns."""


def compare(seed: int, seconds: float, scattered: bool, json: bool) -> None:
    """Print the table; every line of one size stands against the same, lowest bound."""
    lines: list[dict[str, Any]] = []
    for rows, robots in track(SIZES, description="planning", console=people, transient=True):
        problem = made(None, rows, robots, seed, [], scattered).problem
        plans, cpu_s = {}, {}
        for method in METHODS:
            began = _cpu_s()
            plans[method] = planned_by(method, problem, seconds, seed, proof_s=0.0)
            cpu_s[method] = _cpu_s() - began
        lines += _lines(rows, robots, plans, cpu_s)
    if json:
        print_json({"seed": seed, "seconds": seconds, "scattered": scattered, "lines": lines})
        return
    people.print(table_of(f"seed {seed}, {seconds:g} s a plan", lines))


def table_of(title: str, lines: Sequence[dict[str, Any]]) -> Table:
    """Return the lines as a table of 80 columns."""
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for column in lines[0]:
        words = column == "method"
        table.add_column(
            HEADINGS.get(column, column),
            justify="left" if words else "right",
            no_wrap=words,
        )
    for line in lines:
        table.add_row(
            *(f"{cell:,.4g}" if column == "ratio" else _cell(cell) for column, cell in line.items())
        )
    return table


def _cpu_s() -> float:
    """Return the processor seconds of this process: what planning takes however busy the machine is."""
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _lines(
    rows: int, robots: int, plans: dict[str, Planned], cpu_s: dict[str, float]
) -> list[dict[str, Any]]:
    bound = min(planned.upper_bound for planned in plans.values())
    return [
        {
            "rows": rows,
            "robots": robots,
            "method": method,
            "value": round(planned.plan.value),
            "bound": round(bound),
            "ratio": round(planned.plan.value / bound, 4),
            "must_missed": len(planned.plan.must_missed),
            "proved_least": planned.must_missed_least,
            "faults": len(faults_in(planned.plan)),
            "seconds": round(planned.seconds, 2),
            "cpu_s": round(cpu_s[method], 2),
        }
        for method, planned in plans.items()
    ]


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
