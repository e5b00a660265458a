"""The day that `bombus plan` plans: a house with its history, the planner asked for, and the result to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from robot.clock import MonotonicClock
from robot.mission.baselines import boustrophedon, nearest_due
from robot.mission.bound import most_musts, relax
from robot.mission.check import conflicts_of, faults_of
from robot.mission.day import dues_of, problem_of
from robot.mission.due import Due, Window
from robot.mission.house import load_house
from robot.mission.house_map import House, lay_out
from robot.mission.lagrange import tighten
from robot.mission.made_up import made_up_house, made_up_robots, made_up_visits, made_up_window
from robot.mission.plan_types import Plan, Stop, StopKind
from robot.mission.planning import Planned, fast_plan, plan_day
from robot.mission.problem import Problem
from robot.mission.visits import read_visits, window_at

DEFAULT_ROBOTS = 8
PROOF_S = 1.0


@dataclass(frozen=True)
class Day:
    """A house, what is due in it and the problem to plan."""

    house: House
    dues: Mapping[str, Sequence[Due]]
    problem: Problem
    window: Window


def made(
    file: Path | None, rows: int, robots: int | None, seed: int, ledgers: Sequence[Path], scattered: bool
) -> Day:
    """Return the day: of a house file or a made-up house; its history from ledgers or made up from `seed`."""
    if file is None:
        house = lay_out(made_up_house(rows, robots or DEFAULT_ROBOTS, seed))
    else:
        house = lay_out(load_house(file), str(file))
    fleet = house.config.robots
    if robots is not None and file is not None:
        fleet = made_up_robots(robots, list(house.docks))
        house = replace(house, config=house.config.model_copy(update={"robots": fleet}))
    if ledgers:
        now = MonotonicClock().wall().astimezone()
        window = window_at(house.config.climate, now)
        last = read_visits(ledgers, house)
    else:
        window, last = made_up_window(house), made_up_visits(house, seed, scattered)
    dues = {row.name: dues_of(row, house, last, window) for row in house.rows.values() if not row.no_go}
    return Day(house, dues, problem_of(house, fleet, last, window), window)


def planned_by(method: str, problem: Problem, seconds: float, seed: int, proof_s: float = PROOF_S) -> Planned:
    """Return the plan that one of the methods makes, with the bound; a quick one has `proof_s` for its bound."""
    clock = MonotonicClock()
    if method in {"full", "own"}:
        return plan_day(problem, clock, seconds, seed, optimiser=method == "full")
    makers = {"fast": fast_plan, "nearest-due": nearest_due, "boustrophedon": boustrophedon}
    began = clock.now()
    plan = makers[method](problem)
    took = clock.now() - began
    bound = tighten(
        problem, relax(problem, problem.value), plan.value, clock, clock.now() + min(proof_s, seconds)
    )
    return Planned(plan, bound, int(problem.must.sum()) - most_musts(problem), took)


def faults_in(plan: Plan) -> list[str]:
    """Return what the independent checker finds wrong with a plan."""
    return faults_of(plan)


def result_of(planned: Planned, day: Day) -> dict[str, Any]:
    """Return what is printed of a plan; times are seconds from the window's opening."""
    plan = planned.plan
    return {
        "value": round(plan.value, 3),
        "upper_bound": round(planned.upper_bound, 3),
        "ratio": round(planned.ratio, 6),
        "must_missed": len(plan.must_missed),
        "must_missed_least": planned.must_missed_least,
        "conflicts": len(conflicts_of(plan)),
        "faults": len(faults_of(plan)),
        "seconds": round(planned.seconds, 3),
        "visits": len(plan.visited),
        "due": len(plan.problem.jobs),
        "window_s": plan.problem.end,
        "routes": [
            {"robot": robot.name, "stops": [_stop(plan, stop) for stop in route]}
            for robot, route in zip(plan.problem.robots, plan.routes, strict=True)
        ],
    }


def _stop(plan: Plan, stop: Stop) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": stop.kind.value,
        "start_s": round(stop.start, 1),
        "end_s": round(stop.end, 1),
    }
    if stop.kind is StopKind.VISIT:
        job = plan.problem.jobs[stop.job]
        shown |= {"row": job.row, "sides": list(job.sides), "value": round(job.value, 3), "must": job.must}
    return shown
