"""In the middle of a day something happens: the new plan is sound, and most of the old one stands."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robot.clock import MonotonicClock
from robot.mission.bound import relax
from robot.mission.check import faults_of
from robot.mission.events import (
    BatteryIs,
    Event,
    Pinned,
    ReplanError,
    RobotLost,
    RowBlocked,
    Unpinned,
    WindowMoved,
)
from robot.mission.motion import MotionConfig
from robot.mission.plan_types import Plan
from robot.mission.planning import fast_plan
from robot.mission.problem import Job, Problem, Robot
from robot.mission.replan import replan
from robot.mission.schedule import timetable
from tests.robot.mission.problems import problems, random_problem
from tests.robot.mission.test_check import moved
from tests.robot.mission.test_planners import made_up

CLOCK = MonotonicClock()
NOW = 7000.0


@pytest.fixture(scope="module")
def old() -> Plan:
    return fast_plan(made_up(60, 4, seed=2))


def rows_after(plan: Plan, robot: int, now: float) -> list[str]:
    return [plan.problem.jobs[s.job].row for s in plan.routes[robot] if s.job >= 0 and s.start > now]


def test_nothing_happened_and_nothing_changes_robots(old: Plan) -> None:
    new = replan(old, NOW, [], CLOCK, 0.3)
    assert faults_of(new.plan) == []
    assert new.churn <= 0.05


def test_blocked_row_is_left_out_and_little_else_moves(old: Plan) -> None:
    row = rows_after(old, 1, NOW)[1]
    new = replan(old, NOW, [RowBlocked(row)], CLOCK, 0.3)
    assert faults_of(new.plan) == []
    assert all(new.plan.problem.jobs[job].row != row for job in new.plan.visited)
    assert new.churn <= 0.1


def test_lost_robot_does_nothing_and_the_others_keep_theirs(old: Plan) -> None:
    new = replan(old, NOW, [RobotLost("bee-02")], CLOCK, 0.3)
    assert faults_of(new.plan) == []
    assert new.plan.routes[1] == ()
    lost = len(rows_after(old, 1, NOW))
    ahead = sum(len(rows_after(old, k, NOW)) for k in range(4))
    # Its rows that must be done push out about as many that can wait, and no more.
    assert lost / ahead <= new.churn + 1e-9 <= 2.0 * lost / ahead + 1e-6


def test_window_that_ends_sooner_is_kept(old: Plan) -> None:
    new = replan(old, NOW, [WindowMoved(14_000.0)], CLOCK, 0.3)
    assert faults_of(new.plan) == []
    assert max(stop.end for route in new.plan.routes for stop in route) <= 14_000.0


def test_window_that_ends_later_is_used(old: Plan) -> None:
    new = replan(old, NOW, [WindowMoved(26_000.0)], CLOCK, 0.3)
    assert faults_of(new.plan) == []
    assert len(new.plan.visited) > sum(len(rows_after(old, k, NOW)) for k in range(4))


def test_empty_battery_sends_the_robot_to_the_dock_first(old: Plan) -> None:
    new = replan(old, NOW, [BatteryIs("bee-03", 60.0)], CLOCK, 0.3)
    assert faults_of(new.plan) == []
    assert new.plan.routes[2][0].kind == "swap"


def test_robot_whose_battery_does_not_last_to_its_dock_waits_for_a_person(old: Plan) -> None:
    robot = old.problem.robots[2]
    at = next(stop for stop in old.routes[2] if stop.end > NOW)
    home = old.problem.travel(2, at.place, robot.dock)
    assert home > 2.0
    near = replan(old, NOW, [BatteryIs("bee-03", home + 1.0)], CLOCK, 0.1)
    far = replan(old, NOW, [BatteryIs("bee-03", home - 1.0)], CLOCK, 0.1)
    assert near.plan.routes[2][0].kind == "swap" and near.stranded == ()
    assert far.plan.routes[2] == () and far.stranded == ("bee-03",)
    assert faults_of(far.plan) == []
    lost = replan(old, NOW, [BatteryIs("bee-03", 0.0), RobotLost("bee-03")], CLOCK, 0.1)
    assert lost.stranded == ()


def test_pinned_row_goes_to_the_robot_and_stays_there(old: Plan) -> None:
    row = rows_after(old, 0, NOW)[-1]
    new = replan(old, NOW, [Pinned(row, "bee-04")], CLOCK, 0.3)
    assert faults_of(new.plan) == []
    assert row in rows_after(new.plan, 3, NOW) and new.unserved_pins == ()
    again = replan(new.plan, NOW + 100.0, [], CLOCK, 0.3)
    assert row in rows_after(again.plan, 3, NOW)
    freed = replan(again.plan, NOW + 200.0, [Unpinned(row)], CLOCK, 0.1)
    assert not freed.plan.problem.pins


def test_pin_that_fits_nowhere_is_told(old: Plan) -> None:
    row = rows_after(old, 0, NOW)[-1]
    new = replan(old, NOW, [Pinned(row, "bee-04"), WindowMoved(NOW + 200.0)], CLOCK, 0.1)
    assert new.unserved_pins == (row,)


@pytest.mark.parametrize(
    ("event", "words"),
    [(RowBlocked("north-999"), "north-999"), (RobotLost("bee-9"), "bee-9"), (Pinned("x", "bee-01"), "'x'")],
)
def test_unknown_name_is_told_in_one_line(old: Plan, event: Event, words: str) -> None:
    with pytest.raises(ReplanError, match=words) as caught:
        replan(old, NOW, [event], CLOCK)
    assert "\n" not in str(caught.value)


@settings(max_examples=25, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
# A battery that does not last to the dock.
@example(problem=random_problem(np.random.default_rng(0), 4, 2), seed=1432)
def test_any_events_at_any_time_leave_a_sound_plan_below_its_bound(problem: Problem, seed: int) -> None:
    random = np.random.default_rng(seed)
    old = fast_plan(problem)
    robot = problem.robots[int(random.integers(len(problem.robots)))].name
    events: list[Event] = [
        RobotLost(robot),
        BatteryIs(robot, float(random.uniform(0.0, 3000.0))),
        WindowMoved(float(random.uniform(0.3, 1.5)) * problem.end),
        *([RowBlocked(problem.jobs[0].row)] if problem.jobs else []),
    ]
    chosen = [event for event in events if random.random() < 0.5]
    new = replan(old, float(random.uniform(0.0, problem.end)), chosen, CLOCK, 0.05).plan
    assert faults_of(new) == []
    assert new.value <= relax(new.problem, new.problem.value).value + 1e-6


def test_replanning_the_same_problem_twice_gives_the_same_plan() -> None:
    old = fast_plan(random_problem(np.random.default_rng(4), 8, 3))
    found = [replan(old, 100.0, [], CLOCK, 60.0).plan.orders for _ in range(2)]
    assert found[0] == found[1]


def test_visit_under_way_keeps_its_way_out() -> None:
    # Two rows share an entrance zone; the new plan may not send anybody in while the first robot comes out.
    whole = random_problem(np.random.default_rng(1), 0, 2)
    jobs = tuple(Job(f"row-{i}", ("left",), 10.0, 60.0, i, i, 7, 7) for i in range(2))
    motion = MotionConfig()
    robots = tuple(Robot(f"bee-{k}", 2, 2, motion, free_at=k * 550.0) for k in range(2))
    x = np.array([0.0, 2.0, 1.0])
    problem = replace(
        whole, jobs=jobs, robots=robots, distance=np.abs(x[:, None] - x[None, :]), end=9000.0, pins={}
    )
    old = timetable(problem, [[0], []])
    leave = old.routes[0][0].leave
    new = replan(old, leave - 5.0, [], CLOCK, 0.1).plan
    assert new.problem.under_way[0].row == "row-0"
    assert len(new.visited) == 1 and faults_of(new) == []
    start = next(stop.start for route in new.routes for stop in route)
    assert start >= old.routes[0][0].end - 1e-6
    pushed = tuple(tuple(moved(stop, leave + 1.0 - start) for stop in route) for route in new.routes)
    assert any("entrance zone 7" in fault for fault in faults_of(Plan(new.problem, pushed)))
