import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.clock import MonotonicClock
from robot.mission.bound import most_musts, relax
from robot.mission.capacity import most_work_s
from robot.mission.lagrange import tighten
from robot.mission.motion import MotionConfig
from robot.mission.problem import Job, Problem, Robot
from tests.robot.mission.problems import best_value, problems, random_problem

CLOCK = MonotonicClock()


@settings(max_examples=120, deadline=None)
@given(problems(most_jobs=5, most_robots=3))
def test_no_plan_of_a_small_house_is_worth_more_than_either_bound(problem: Problem) -> None:
    best = best_value(problem)
    relaxed = relax(problem, problem.value)
    assert best <= relaxed.value + 1e-6
    lower = tighten(problem, relaxed, 0.0, CLOCK, CLOCK.now() + 60.0, rounds=15)
    assert best - 1e-6 <= lower <= relaxed.value + 1e-9


@settings(max_examples=60, deadline=None)
@given(problems(most_jobs=5, most_robots=2))
def test_no_plan_does_more_musts_than_proved(problem: Problem) -> None:
    from dataclasses import replace

    counted = replace(problem, jobs=tuple(replace(job, value=float(job.must)) for job in problem.jobs))
    assert best_value(counted) <= most_musts(problem) + 1e-6


def alike(count: int, robots: int, length: float, end: float) -> Problem:
    """Rows of one length beside one another, carts without a need for a battery."""
    motion = MotionConfig(battery_h=48.0, entrance_s=0.0, treat_speed=0.1, return_speed=1.0)
    jobs = tuple(
        Job(f"row-{i}", ("left", "right"), 10.0, length, i, i, zone=i, exit_zone=i) for i in range(count)
    )
    x = np.arange(count + 1, dtype=np.float64) * 1e-3
    fleet = tuple(Robot(f"bee-{k}", count, count, motion) for k in range(robots))
    return Problem(jobs, fleet, np.abs(x[:, None] - x[None, :]), end)


def test_bound_of_rows_all_alike_counts_whole_rows() -> None:
    # A visit takes 11 s of 60 s: 5 whole rows a robot, though 5.45 would fill the time.
    problem = alike(count=40, robots=3, length=1.0, end=60.0)
    assert relax(problem, problem.value).value <= 3 * 5 * 10.0 + 1e-6
    assert best_value(alike(count=6, robots=1, length=1.0, end=60.0)) == 50.0


def test_bound_is_the_whole_value_when_all_fits() -> None:
    problem = alike(count=10, robots=2, length=1.0, end=1000.0)
    assert abs(relax(problem, problem.value).value - 100.0) < 1e-6


def test_bound_of_nothing_to_do_is_zero() -> None:
    problem = random_problem(np.random.default_rng(1), 0, 2)
    relaxed = relax(problem, problem.value)
    assert relaxed.value == 0.0
    assert tighten(problem, relaxed, 0.0, CLOCK, CLOCK.now() + 1.0) == 0.0
    assert most_musts(problem) == 0


@settings(deadline=None)
@given(
    st.floats(0.05, 3.0),
    st.floats(0.0, 600.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 20_000.0),
    st.integers(0, 9),
)
def test_work_that_some_number_of_swaps_allows_is_never_above_the_capacity(
    battery_h: float, swap_s: float, charge: float, time: float, swaps: int
) -> None:
    motion = MotionConfig(battery_h=battery_h, swap_s=swap_s)
    robot = Robot("bee", 0, 0, motion, 0.0, charge * motion.battery_s)
    work = min(time - swaps * swap_s, robot.battery_s + swaps * motion.battery_s)
    assert work <= most_work_s(robot, 0.0, time) + 1e-6


def test_no_work_before_the_robot_is_free() -> None:
    robot = Robot("bee", 0, 0, MotionConfig(), free_at=100.0)
    assert most_work_s(robot, 0.0, 90.0) == 0.0
    assert most_work_s(robot, 0.0, 130.0) == 30.0


def test_way_to_a_row_that_is_driven_before_it_is_due_costs_nothing_in_its_slot() -> None:
    # 890 s of work fit between 901 and 1799 s; the 100 s on the way there lie before.
    motion = MotionConfig(battery_h=48.0, entrance_s=0.0, treat_speed=0.1, return_speed=1.0)
    job = Job("row", ("left",), 10.0, 890.0 / 11.0, 0, 0, 0, 0, release=901.0, deadline=1799.0)
    metres = np.array([[0.0, 50.0], [50.0, 0.0]])
    problem = Problem((job,), (Robot("bee", 1, 1, motion),), metres, 3600.0)
    assert best_value(problem) == 10.0
    relaxed = relax(problem, problem.value)
    assert relaxed.value >= 10.0 - 1e-6
    assert tighten(problem, relaxed, 0.0, CLOCK, CLOCK.now() + 1.0) >= 10.0 - 1e-6
