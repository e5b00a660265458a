"""Every planner's every plan passes the independent checker, stays below the bound, and beats doing nothing."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.clock import MonotonicClock
from robot.mission.baselines import boustrophedon, nearest_due
from robot.mission.bound import relax
from robot.mission.check import faults_of, infected_before_clean
from robot.mission.day import problem_of
from robot.mission.house_map import lay_out
from robot.mission.made_up import made_up_house, made_up_visits, made_up_window
from robot.mission.order import Orders
from robot.mission.plan_types import Plan
from robot.mission.planning import fast_plan, plan_day
from robot.mission.problem import Problem
from robot.mission.search import fast_orders, improve
from tests.robot.mission.problems import best_value, problems, random_problem

CLOCK = MonotonicClock()
PLANNERS: dict[str, Callable[[Problem], Plan]] = {
    "fast": fast_plan,
    "nearest": nearest_due,
    "sweep": boustrophedon,
    "searched": lambda problem: plan_day(problem, CLOCK, 0.05, optimiser=False).plan,
}


def made_up(rows: int, robots: int, seed: int = 1, scattered: bool = False) -> Problem:
    house = lay_out(made_up_house(rows, robots, seed))
    last = made_up_visits(house, seed, scattered)
    return problem_of(house, house.config.robots, last, made_up_window(house))


@pytest.mark.parametrize("name", PLANNERS)
@settings(max_examples=25, deadline=None)
@given(problem=problems())
def test_plan_of_any_small_day_passes_the_checker_and_stays_below_the_bound(
    name: str, problem: Problem
) -> None:
    plan = PLANNERS[name](problem)
    assert faults_of(plan) == []
    assert plan.value <= relax(problem, problem.value).value + 1e-6


@pytest.mark.parametrize("name", PLANNERS)
@pytest.mark.parametrize("scattered", [False, True])
def test_plan_of_a_made_up_day_passes_the_checker(name: str, scattered: bool) -> None:
    problem = made_up(60, 4, seed=3, scattered=scattered)
    plan = PLANNERS[name](problem)
    assert faults_of(plan) == []
    assert infected_before_clean(plan) == []
    assert plan.value > 0.0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_search_comes_close_to_the_best_plan_of_a_tiny_day(seed: int) -> None:
    problem = random_problem(np.random.default_rng(seed), 4, 2)
    problem = Problem(problem.jobs, problem.robots, problem.distance, problem.end)
    plan = plan_day(problem, CLOCK, 0.03, optimiser=False).plan
    assert plan.value <= best_value(problem) + 1e-6


def test_search_never_loses_what_it_started_from() -> None:
    problem = made_up(60, 4)
    start = fast_orders(problem)
    worth = start.worth
    better = improve(start, CLOCK, CLOCK.now() + 60.0, 40, seed=5)
    assert better.worth >= worth


def test_same_seed_and_rounds_give_the_same_orders() -> None:
    problem = made_up(40, 2)
    found = [improve(fast_orders(problem), CLOCK, CLOCK.now() + 60.0, 25, seed=7).orders for _ in range(2)]
    assert found[0] == found[1]


def test_day_with_room_for_all_treats_all_and_proves_it() -> None:
    problem = made_up(24, 4)
    planned = plan_day(problem, CLOCK, 0.3, optimiser=False)
    assert len(planned.plan.visited) == len(problem.jobs)
    assert planned.ratio == pytest.approx(1.0)
    assert planned.plan.must_missed == []


def test_planner_beats_what_people_do_without_one() -> None:
    problem = made_up(100, 4)
    ours = plan_day(problem, CLOCK, 1.0, optimiser=False)
    assert ours.plan.value > 1.1 * max(nearest_due(problem).value, boustrophedon(problem).value)
    assert ours.ratio > 0.93


def test_optimiser_starts_from_our_plan_and_its_own_passes_the_checker() -> None:
    pytest.importorskip("pyvrp")
    from robot.mission.optimise import optimise

    problem = made_up(60, 4, scattered=True)
    start = fast_orders(problem)
    worth = start.worth
    orders = optimise(Orders(problem, start.orders), 0.8, seed=1)
    after = Orders(problem, orders)
    assert after.worth > 0.95 * worth
    planned = plan_day(problem, CLOCK, 1.5, optimiser=True)
    assert faults_of(planned.plan) == []
    assert planned.plan.value >= fast_plan(problem).value


@pytest.mark.slow
def test_release_sizes_reach_the_aimed_share_of_the_bound() -> None:
    for rows, robots, aim in ((200, 8, 0.98), (600, 30, 0.98), (200, 1, 0.92), (600, 8, 0.90)):
        planned = plan_day(made_up(rows, robots), CLOCK, 20.0)
        assert planned.ratio >= aim, (rows, robots, planned.ratio)
        assert faults_of(planned.plan) == []
