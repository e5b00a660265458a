"""The checker sees every kind of broken rule: a sound plan is broken in one way, and the checker says so."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from robot.mission.check import conflicts_of, faults_of, infected_before_clean
from robot.mission.motion import MotionConfig
from robot.mission.plan_types import Plan, Stop, StopKind
from robot.mission.problem import Job, Problem, Robot
from robot.mission.schedule import timetable

MOTION = MotionConfig(battery_h=0.5)
SIDES = ("left", "right")


def problem() -> Problem:
    """Four rows 10 m apart and two robots at a dock; three rows empty a battery; the last row is infected."""
    x = np.array([0.0, 10.0, 20.0, 30.0, 5.0])
    jobs = tuple(
        Job(f"row-{i}", ("left", "right"), 10.0, 50.0, i, i, i, i, infected=i == 3) for i in range(4)
    )
    fleet = (Robot("bee-1", 4, 4, MOTION, 0.0, 1800.0), Robot("bee-2", 4, 4, MOTION, 0.0, 1800.0))
    return Problem(jobs, fleet, np.abs(x[:, None] - x[None, :]), 9000.0)


def sound() -> Plan:
    plan = timetable(problem(), [[0, 1, 2, 3], []])
    assert faults_of(plan) == []
    assert [stop.kind.value for stop in plan.routes[0]] == ["visit", "visit", "visit", "swap", "visit"]
    return plan


def moved(stop: Stop, seconds: float) -> Stop:
    times = {name: getattr(stop, name) + seconds for name in ("arrive", "start", "leave", "end")}
    return replace(stop, **times)


def with_stop(plan: Plan, index: int, **changes: object) -> Plan:
    route = list(plan.routes[0])
    route[index] = replace(route[index], **changes)  # type: ignore[arg-type]
    return Plan(plan.problem, (tuple(route), plan.routes[1]))


def with_problem(plan: Plan, **changes: object) -> Plan:
    return Plan(replace(plan.problem, **changes), plan.routes)  # type: ignore[arg-type]


def with_job(plan: Plan, index: int, **changes: object) -> Plan:
    jobs = list(plan.problem.jobs)
    jobs[index] = replace(jobs[index], **changes)  # type: ignore[arg-type]
    return with_problem(plan, jobs=tuple(jobs))


def second_does(plan: Plan, *stops: Stop) -> Plan:
    return Plan(plan.problem, (plan.routes[0], stops))


def without(plan: Plan, kind: StopKind) -> Plan:
    return Plan(plan.problem, (tuple(s for s in plan.routes[0] if s.kind is not kind), ()))


BROKEN: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "twice": (lambda p: second_does(p, moved(p.routes[0][0], 5000.0)), "treated twice"),
    "both at once": (lambda p: second_does(p, p.routes[0][0]), "bee-2 is in row row-0"),
    "too early": (lambda p: with_stop(p, 0, arrive=0.0), "before it can be there"),
    "not due": (lambda p: with_job(p, 0, release=500.0), "begun before it is reached or due"),
    "too short": (lambda p: with_stop(p, 4, leave=p.routes[0][4].start + 1.0), "takes"),
    "too late": (lambda p: with_job(p, 1, deadline=700.0), "after 700"),
    "after the window": (lambda p: with_problem(p, end=2000.0), "after 2000"),
    "wrong way out": (lambda p: with_stop(p, 4, place=0), "no way out"),
    "pinned": (lambda p: with_problem(p, pins={2: 1}), "pinned to bee-2"),
    "no swap": (lambda p: without(p, StopKind.SWAP), "battery does not last"),
    "short swap": (lambda p: with_stop(p, 3, end=p.routes[0][3].start + 10.0), "swap takes 300 s"),
    "swap elsewhere": (lambda p: with_stop(p, 3, place=2), "swap away from the dock"),
    "clean after infected": (lambda p: with_job(p, 1, infected=True), "was not disinfected"),
    "missing side": (
        lambda p: with_problem(
            p, robots=(replace(p.problem.robots[0], sides=("left",)), p.problem.robots[1])
        ),
        "cannot treat",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rule_is_named(name: str) -> None:
    breaking, words = BROKEN[name]
    faults = faults_of(breaking(sound()))
    assert any(words in fault for fault in faults), faults


def test_two_robots_at_one_entrance_are_a_conflict() -> None:
    plan = sound()
    first = plan.routes[0][0]
    zones = with_job(plan, 1, zone=0, exit_zone=0)
    clash = second_does(zones, replace(first, job=1, place=1))
    assert any("entrance zone 0" in text for text in conflicts_of(clash))
    assert conflicts_of(plan) == []


def test_infected_before_clean_is_told_apart_from_a_fault() -> None:
    plan = timetable(replace(problem(), end=20_000.0), [[3, 0], []])
    assert faults_of(plan) == []
    assert infected_before_clean(plan) == ["bee-1"]
    assert StopKind.DISINFECT in {stop.kind for stop in plan.routes[0]}


def test_second_robot_waits_for_the_entrance() -> None:
    shared = replace(
        problem(), jobs=tuple(replace(job, zone=0, exit_zone=0, infected=False) for job in problem().jobs)
    )
    plan = timetable(shared, [[0], [1]])
    assert faults_of(plan) == []
    starts = sorted(route[0].start for route in plan.routes)
    assert starts[1] - starts[0] >= MOTION.entrance_s
    assert plan.waits_s > 0.0


def test_two_sides_of_one_row_are_not_treated_at_the_same_time() -> None:
    jobs = tuple(
        Job("row", (side,), 10.0, 60.0, 0, 0, 0, 0)  # type: ignore[arg-type]
        for side in SIDES
    )
    base = problem()
    plan = timetable(replace(base, jobs=jobs), [[0], [1]])
    assert faults_of(plan) == []
    first, second = sorted((route[0] for route in plan.routes), key=lambda stop: stop.start)
    assert second.start >= first.end
