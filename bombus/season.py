"""Model a season in a whole house: robot, wand, bees and nothing, on coverage and fruit set."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bombus.output import WrongUseError, people, print_json

if TYPE_CHECKING:
    from sim.season.season import Tally

MODEL = (
    "A model, not a trial: coverage follows from the measured simulator, fruit set from assumed pollen figures; "
    "it compares ways of working and promises no yield."
)


def season(
    days: Annotated[int, typer.Option(min=4, max=366, help="days of the season")] = 14,
    rows: Annotated[int | None, typer.Option(min=1, max=2000, help="rows of the made-up house: 60")] = None,
    robots: Annotated[
        int | None, typer.Option(min=1, max=500, help="how many robots: 5, or the file's")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="seasons, each with its own seed")] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="the first of the seeds")] = 1,
    house: Annotated[Path | None, typer.Option(help="house file (TOML) instead of a made-up house")] = None,
    scenario: Annotated[str, typer.Option(help="spring, winter, heat, or a season file (TOML)")] = "spring",
    response: Annotated[
        Path | None, typer.Option(help="what a pass does, as bombus measure robot wrote it")
    ] = None,
    methods: Annotated[str, typer.Option(help="which ones, with commas")] = "robot,wand,bees,nothing",
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Print coverage and fruit set of each method, with their spread over the seeds."""
    from rich.progress import Progress

    from sim.season.config import load_season, season_house
    from sim.season.response import SHIPPED, load_response
    from sim.season.season import METHODS, hectares, run_all, summary

    wanted = tuple(dict.fromkeys(methods.split(",")))
    for name in wanted:
        if name not in METHODS:
            raise WrongUseError(f"--methods {name}: unknown; choose from {', '.join(METHODS)}")
    plan, place = load_season(scenario), season_house(house, rows, robots)
    if "robot" in wanted and not place.config.robots:
        raise WrongUseError(f"--house {house}: no robots in it; add [[robots]], or give --robots")
    measured = load_response(response or SHIPPED)
    began = perf_counter()
    tallies: dict[str, list[Tally]] = {name: [] for name in wanted}
    with Progress(console=people, transient=True, disable=not people.is_terminal) as progress:
        task = progress.add_task("seasons", total=seeds * len(wanted))
        for name, _, tally in run_all(place, plan, measured, days, range(seed, seed + seeds), wanted):
            tallies[name].append(tally)
            progress.advance(task)
    result = {
        "model": MODEL,
        "season": plan.name,
        "house": place.config.name,
        "rows": len(place.rows),
        "hectares": round(hectares(place), 3),
        "robots": len(place.config.robots),
        "days": days,
        "seeds": list(range(seed, seed + seeds)),
        "response": measured.measured_by,
        "methods": summary(tallies, days, hectares(place)),
        "seconds": round(perf_counter() - began, 2),
        "most_memory_mb": most_memory_mb(),
    }
    if json:
        print_json(result)
    else:
        _show(result)


def most_memory_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1)


def _show(result: dict[str, Any]) -> None:
    from rich.table import Table

    shown = Table(
        title=f"{result['season']}, {result['days']} days, {result['house']}, {result['robots']} robots, "
        f"{len(result['seeds'])} seeds",
        title_justify="left",
    )
    for column in ("", "coverage %", "fruit set %", "visits", "too often %", "h/ha/week"):
        shown.add_column(column, justify="right" if column else "left", no_wrap=True)
    for name, found in result["methods"].items():
        shown.add_row(
            name,
            _percent(found["coverage"]),
            _percent(found["fruit_set"]),
            f"{found['visits_per_flower']:.1f}",
            _percent(found["over_treated"]),
            f"{found['labour_h_per_ha_week']:.0f}",
        )
    people.print(shown)
    robot = result["methods"].get("robot")
    if robot is not None:
        work = robot["work"]
        people.print(
            f"robot: {work.get('plan_faults', 0):.0f} faults in its plans (the independent checker's), "
            f"{work.get('treated_again_early', 0):.0f} flowers treated again within their interval"
        )
    people.print(result["model"], markup=False)
    people.print(f"{result['seconds']:.1f} s, at most {result['most_memory_mb']:.0f} MB", markup=False)


def _percent(figures: dict[str, float]) -> str:
    return f"{100 * figures['mean']:.1f} ± {100 * figures['sd']:.1f}"
