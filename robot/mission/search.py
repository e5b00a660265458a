"""Improves a plan's orders: takes neighbouring or arbitrary visits out and fills again, keeps what is better."""

from __future__ import annotations

import numpy as np

from robot.clock import Clock
from robot.mission.order import Orders
from robot.mission.problem import Floats, Indices, Problem

MOST_TAKEN_OUT = 12
ROUTES_TOUCHED = 3
ROUTES_NEAR = 6
TEMPERATURE = 0.002
"""Accepted loss of one step, as a share of the mean rank (simulated annealing; measured to do best of 0-0.02)."""


def improve(orders: Orders, clock: Clock, until: float, rounds: int, seed: int) -> Orders:
    """Return the best orders found in `rounds` steps, or fewer when the clock passes `until`."""
    random = np.random.default_rng(seed)
    for robot in range(len(orders.orders)):
        _exchange(orders, robot)
    best, best_worth = [list(order) for order in orders.orders], orders.worth
    worth = best_worth
    for _ in range(rounds):
        if clock.now() >= until or not _step_is_possible(orders):
            break
        worth = _step(orders, worth, random)
        if worth > best_worth + 1e-9:
            best, best_worth = [list(order) for order in orders.orders], worth
    return Orders(orders.problem, best, orders.keep)


def _step_is_possible(orders: Orders) -> bool:
    return bool(np.any(orders.open)) and any(orders.orders)


def _step(orders: Orders, worth: float, random: np.random.Generator) -> float:
    """Ruin and refill once; undo it when the plan got worse by more than chance accepts. Returns the new worth."""
    saved = orders.saved()
    victims, near = _victims(orders, random)
    touched = orders.take_out(victims)
    for robot in touched:
        orders.refresh(robot)
    for robot in near:
        if robot not in touched:
            orders.price(np.array(victims, dtype=np.intp), robot)
    again = orders.fill(noise=random.uniform(0.8, 1.25, len(orders.rank)))
    for robot in touched | again:
        _exchange(orders, robot)
    now = orders.worth
    loss = worth - now
    scale = TEMPERATURE * float(orders.rank.mean())
    if loss <= 0.0 or (scale > 0.0 and random.random() < np.exp(-loss / scale)):
        return now
    orders.restore(saved)
    return worth


def _exchange(orders: Orders, robot: int) -> None:
    for _ in range(MOST_TAKEN_OUT):
        if not orders.exchange(robot):
            return


def _victims(orders: Orders, random: np.random.Generator) -> tuple[list[int], list[int]]:
    """Return jobs to take out, neighbours of one that is in and of few routes, and the robots near them."""
    problem = orders.problem
    missed = np.flatnonzero(orders.open & problem.must) if problem.must_bonus > 0.0 else np.zeros(0)
    if len(missed) and random.random() < 0.5:
        # Make room around a must that is left out.
        centre = int(random.choice(missed))
        near = _nearest_routes(orders, centre, -1, random)[:ROUTES_NEAR]
    else:
        robot = int(random.choice(np.flatnonzero([bool(order) for order in orders.orders])))
        centre = int(random.choice(orders.orders[robot]))
        near = [robot, *_nearest_routes(orders, centre, robot, random)][:ROUTES_NEAR]
    pool: Indices = np.array([job for k in near[:ROUTES_TOUCHED] for job in orders.orders[k]], dtype=np.intp)
    far: Floats = problem.distance[problem.exit[centre], problem.entrance[pool]]
    far = far * random.uniform(0.3, 1.7, len(pool))
    count = int(random.integers(2, MOST_TAKEN_OUT + 1))
    return [int(job) for job in pool[np.argsort(far)[:count]]], near


def _nearest_routes(orders: Orders, centre: int, own: int, random: np.random.Generator) -> list[int]:
    place = orders.problem.exit[centre]
    metres = orders.problem.distance[place, orders.problem.entrance]
    far = {
        robot: float(metres[order].min()) * random.uniform(0.5, 1.5)
        for robot, order in enumerate(orders.orders)
        if order and robot != own
    }
    return sorted(far, key=lambda robot: far[robot])


def fast_orders(problem: Problem) -> Orders:
    """Return the first plan: filled from nothing, most rank a second first."""
    orders = Orders(problem)
    orders.fill()
    return orders
