"""`python -m sim.power_cuts`: cuts the power of a day's mission at random moments, and holds the ledger to its word."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from robot.mission.house import load_house
from robot.mission.house_map import lay_out
from robot.read_only import read_only
from sim.day import LockstepDay, machine_of
from sim.day_config import DayConfig
from sim.scenario import load_scenario

DONE, FAILED = 0, 1
MEAN_S = 9.0
"""Mean time from one cut to the next."""

KILL_SHARE = 0.3
"""Cuts that only end the program; the others take the controller along."""

DAY_LIMIT_S = 3000.0


class CutsResult(msgspec.Struct, frozen=True):
    """What a campaign came to. `problems` must be empty; `wall_s` in s."""

    cuts: int
    of_the_program_alone: int
    days: int
    rows_done: int
    pulses: int
    maybe_fired: int
    treated_twice: int
    rows_done_twice: int
    asked_home_again: int
    """Days after which a cut made the robot forget that it stands at its dock."""
    unfinished_days: int
    damaged_ledgers: int
    wall_s: float
    problems: tuple[str, ...]


def run_cuts(cuts: int, seed: int, console: Console | None = None) -> CutsResult:
    """Work days on three tiny rows until `cuts` cuts are made."""
    started, counts = perf_counter(), Counter[str]()
    problems: list[str] = []
    day = DayConfig(house="three_tiny_rows", move_s=0.5, serve_s=1.0)
    number = 0
    while counts["cuts"] < cuts:
        with tempfile.TemporaryDirectory(prefix="bombus-cuts-") as folder:
            ledger = Path(folder) / "ledger.sqlite"
            _one_day(day, ledger, seed * 10_000 + number, cuts, counts)
            problems += [f"day {number}: {text}" for text in _audit(ledger, counts)]
        number += 1
        if console is not None:
            console.print(f"{counts['cuts']} of {cuts} cuts, {number} days")
    if counts["twice"]:
        problems.append(f"{counts['twice']} flowers were aimed at twice")
    if counts["asked home again"]:
        problems.append(f"{counts['asked home again']} carts at their dock were asked for there again")
    if counts["unfinished"]:
        problems.append(f"{counts['unfinished']} days were not finished")
    return CutsResult(
        cuts=counts["cuts"],
        of_the_program_alone=counts["kills"],
        days=number,
        rows_done=counts["rows"],
        pulses=counts["pulses"],
        maybe_fired=counts["maybe"],
        treated_twice=counts["twice"],
        rows_done_twice=counts["rows twice"],
        asked_home_again=counts["asked home again"],
        unfinished_days=counts["unfinished"],
        damaged_ledgers=counts["damaged"],
        wall_s=round(perf_counter() - started, 1),
        problems=tuple(problems),
    )


def _one_day(day: DayConfig, ledger: Path, seed: int, cuts: int, counts: Counter[str]) -> None:
    """Work one day; a day is cut eight times at most, so that it comes to its end."""
    random = np.random.default_rng((seed, 0xC07))
    scenario = load_scenario("day")
    config = machine_of(scenario, day, None, ledger)
    sim = LockstepDay(scenario, day, lay_out(load_house(day.path), str(day.path)), config, seed)
    left, next_cut = 8, float(random.exponential(MEAN_S))
    while not sim.done and sim.clock.now() < DAY_LIMIT_S:
        sim.step()
        if left and counts["cuts"] < cuts and sim.clock.now() >= next_cut:
            left -= 1
            alone = bool(random.random() < KILL_SHARE)
            sim.kill(dead_s=float(random.uniform(0.3, 2.0)), power=not alone)
            counts["cuts"] += 1
            counts["kills"] += alone
            next_cut = sim.clock.now() + float(random.exponential(MEAN_S))
    counts["unfinished"] += not sim.done
    counts["twice"] += sim.twice
    if sim.done:
        counts["asked home again"] += _forgets_its_dock(sim)
    sim.loop.close()


def _forgets_its_dock(sim: LockstepDay) -> bool:
    """Cut the power once more when the day is done; return whether the cart is asked for at its dock again."""
    before, until = len(sim.porter.said), sim.clock.now() + 20.0
    sim.kill(dead_s=0.5, power=True)
    while not sim.done and sim.clock.now() < until:
        sim.step()
    return not sim.done or any("to dock" in said for said in sim.porter.said[before:])


def _audit(ledger: Path, counts: Counter[str]) -> list[str]:
    """Return what is wrong with a day's ledger; its numbers are added to `counts`."""
    with read_only(ledger) as db:
        verdict = str(db.execute("PRAGMA integrity_check").fetchone()[0])
        pulses = int(db.execute("SELECT count(*) FROM intent").fetchone()[0])
        settled = int(db.execute("SELECT count(*) FROM outcome").fetchone()[0])
        maybe = int(db.execute("SELECT count(*) FROM outcome WHERE outcome = 'maybe_fired'").fetchone()[0])
        done = [row for (row,) in db.execute("SELECT row FROM visit WHERE outcome = 'done' AND row <> ''")]
        open_ones = int(db.execute("SELECT count(*) FROM visit WHERE ended IS NULL").fetchone()[0])
    counts.update(
        {
            "pulses": pulses,
            "maybe": maybe,
            "rows": len(done),
            "rows twice": len(done) - len(set(done)),
            "damaged": verdict != "ok",
        }
    )
    found = [
        (verdict != "ok", f"the ledger is damaged: {verdict}"),
        (settled < pulses, f"{pulses - settled} pulses have no outcome"),
        (len(done) != len(set(done)), f"a row was done twice: {done}"),
        (open_ones > 0, f"{open_ones} visits never ended"),
    ]
    return [text for wrong, text in found if wrong]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign from the command line; 0 when the ledger kept its word, 1 when not, 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m sim.power_cuts", description=__doc__)
    parser.add_argument("--cuts", type=int, default=500, help="power cuts (500)")
    parser.add_argument("--seed", type=int, default=1, help="of plants and moments (1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if not 1 <= options.cuts <= 100_000:
        parser.error(f"--cuts {options.cuts}: give 1 to 100000")
    people = Console(stderr=True, highlight=False)
    result = run_cuts(options.cuts, options.seed, people)
    if options.json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(result)) + "\n")
    else:
        table = Table(title="power cuts", show_header=False, title_justify="left")
        for name, value in msgspec.to_builtins(result).items():
            if name != "problems":
                table.add_row(name.replace("_", " "), str(value))
        people.print(table)
    for problem in result.problems:
        people.print(problem)
    return FAILED if result.problems else DONE


if __name__ == "__main__":
    sys.exit(main())
