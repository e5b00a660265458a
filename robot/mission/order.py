"""The fast plan that is always there: visits go one by one where they bring most value a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from robot.mission.gaps import NEVER, Gaps, costs, gaps_of
from robot.mission.problem import Flags, Floats, Indices, Problem
from robot.mission.walk import walk


class Orders:
    """Each robot's jobs in order, and what each job left out would cost at its best place in each route."""

    def __init__(
        self, problem: Problem, orders: Sequence[Sequence[int]] = (), keep: Floats | None = None
    ) -> None:
        """`keep` (jobs, robots) is added to a job's rank at that robot: what a change of robot is not worth."""
        self.problem = problem
        count, robots = len(problem.jobs), len(problem.robots)
        self.orders: list[list[int]] = [list(order) for order in orders] or [[] for _ in range(robots)]
        self.rank = problem.rank
        self.keep = keep
        self.open = np.ones(count, dtype=bool)
        """The jobs in no route."""
        self.open[[job for order in self.orders for job in order]] = False
        self.cost: Floats = np.full((count, robots), NEVER)
        self.gap: Indices = np.zeros((count, robots), dtype=np.intp)
        self._gaps: list[Gaps | None] = [None] * robots
        for robot in range(robots):
            self.refresh(robot)

    def refresh(self, robot: int) -> None:
        """Work out one route's costs anew for the jobs left out."""
        self.cost[:, robot] = NEVER
        self._gaps[robot] = gaps_of(self.problem, robot, self.orders[robot])
        self.price(np.flatnonzero(self.open), robot)

    def price(self, jobs: Indices, robot: int) -> None:
        """Work out what these jobs would cost in one route as it is."""
        gaps = self._gaps[robot]
        if gaps is None or not len(jobs):
            return
        found = costs(self.problem, robot, gaps, jobs)
        best = np.argmin(found, axis=1)
        self.gap[jobs, robot] = best
        self.cost[jobs, robot] = found[np.arange(len(jobs)), best]

    def take_out(self, jobs: Iterable[int]) -> set[int]:
        """Take jobs out of their routes and return the robots touched; refresh them when all is out."""
        gone = set(jobs)
        touched = {k for k, order in enumerate(self.orders) if not gone.isdisjoint(order)}
        for robot in touched:
            self.orders[robot] = [job for job in self.orders[robot] if job not in gone]
        self.open[list(gone)] = True
        return touched

    def fill(self, noise: Floats | None = None) -> set[int]:
        """Put in what fits, most pull a second first; returns the robots touched."""
        weight = self.problem.pull if noise is None else self.problem.pull * noise
        touched: set[int] = set()
        while self.open.any():
            score = self._score(weight)
            best = int(np.argmax(score))
            job, robot = divmod(best, score.shape[1])
            if score[job, robot] <= 0.0:
                return touched
            if self.put(job, robot, int(self.gap[job, robot])):
                touched.add(robot)
        return touched

    def _score(self, weight: Floats) -> Floats:
        worth = weight[:, None] if self.keep is None else weight[:, None] + self.keep
        with np.errstate(invalid="ignore"):
            score: Floats = np.where(np.isfinite(self.cost), worth / self.cost, 0.0)
        return score

    def put(self, job: int, robot: int, gap: int) -> bool:
        """Put a job into a route when the exact walk confirms it; else rule it out there for now."""
        order = self.orders[robot]
        trial = [*order[:gap], job, *order[gap:]]
        if walk(self.problem, robot, trial) is None:
            self.cost[job, robot] = NEVER
            return False
        self.orders[robot] = trial
        self.open[job] = False
        self.cost[job, :] = NEVER
        self.refresh(robot)
        return True

    def exchange(self, robot: int) -> bool:
        """Replace one visit of a route by a better one left out, when there is one; True when it did."""
        gaps = gaps_of(self.problem, robot, self.orders[robot], skip=True)
        jobs = np.flatnonzero(self.open & self.problem.allowed[robot])
        order = np.array(self.orders[robot], dtype=np.intp)
        if gaps is None or not len(jobs) or not len(order):
            return False
        fits = np.isfinite(_without_hygiene(self.problem, robot, gaps, jobs, order))
        gain = np.where(fits, self.rank[jobs][:, None] - self.rank[order][None, :], 0.0)
        if self.keep is not None:
            gain += np.where(fits, self.keep[jobs, robot][:, None] - self.keep[order, robot][None, :], 0.0)
        for best in np.argsort(-gain, axis=None)[:4]:
            row, gap = divmod(int(best), len(order))
            if gain[row, gap] <= 1e-9:
                return False
            trial = [*self.orders[robot]]
            out, trial[gap] = trial[gap], int(jobs[row])
            if walk(self.problem, robot, trial) is not None:
                self.orders[robot] = trial
                self.open[jobs[row]], self.open[out] = False, True
                self.cost[jobs[row], :] = NEVER
                self.refresh(robot)
                for other in range(len(self.orders)):
                    if other != robot:
                        self.price(np.array([out], dtype=np.intp), other)
                return True
        return False

    def saved(self) -> tuple[list[list[int]], Flags, Floats, Indices, list[Gaps | None]]:
        """Return what `restore` takes back."""
        orders = [list(order) for order in self.orders]
        return orders, self.open.copy(), self.cost.copy(), self.gap.copy(), list(self._gaps)

    def restore(self, saved: tuple[list[list[int]], Flags, Floats, Indices, list[Gaps | None]]) -> None:
        """Go back to a saved state."""
        self.orders, self.open, self.cost, self.gap, self._gaps = saved

    @property
    def worth(self) -> float:
        """The rank of all jobs that are in, with what keeping them at their robots counts."""
        total = float(self.rank[~self.open].sum())
        if self.keep is not None:
            total += sum(float(self.keep[order, k].sum()) for k, order in enumerate(self.orders))
        return total


def _without_hygiene(problem: Problem, robot: int, gaps: Gaps, jobs: Indices, order: Indices) -> Floats:
    """Return the costs of replacing each visit; a clean visit stands only for a clean one."""
    found = costs(problem, robot, gaps, jobs)
    return np.where(problem.infected[jobs][:, None] == problem.infected[order][None, :], found, NEVER)
