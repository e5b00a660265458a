"""Measures what one pass does to a flower: lock-step rows, each driven twice with other noise, and a model of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sim.lockstep import LockstepRow, machine_for
from sim.scenario import ScenarioConfig
from sim.season.response import FEATURES, Response, chances, features
from sim.troubles import SimLedger
from sim.world import SideWorld, World
from vision.types import SIDES, Side, Stage

Floats = NDArray[np.float64]
SECOND_DAY = 1_000_003
"""Added to a row's seed, it makes the second pass: the same crop, another cart's noise."""
FARTHEST_STEP = 3
RIDGE = 0.5
"""Strength of the pull of the weights to zero, in flowers; it settles what the rows do not show."""


class MeasureError(Exception):
    """Nothing could be measured; the text says why and what to do."""


@dataclass(slots=True)
class Seen:
    """The ready flowers of one row: their features (N, F), treated in the passes (N, 2), and the other counts."""

    rows: Floats
    treated: NDArray[np.bool_]
    doses: list[float]
    pulses: int = 0
    bud_hits: int = 0
    air_nl: float = 0.0


def steps_to_bud(side: SideWorld) -> NDArray[np.int8]:
    """Return how many flowers on a bud hangs on the same truss, 3 for farther and none; trusses run oldest first."""
    steps = np.full(len(side.stages), FARTHEST_STEP, np.int8)
    for step in (2, 1):
        bud = (side.trusses[step:] == side.trusses[:-step]) & (side.stages[step:] == Stage.BUD)
        steps[:-step][bud] = step
    return steps


def side_features(side: SideWorld) -> tuple[Floats, NDArray[np.intp]]:
    """Return the features of a side's open flowers, and their indices."""
    ready = np.flatnonzero(side.stages == Stage.OPEN)
    is_open = (side.stages == Stage.OPEN).astype(np.float64)
    crowd: Floats = np.bincount(side.trusses, weights=is_open)[side.trusses].astype(np.float64)
    places = side.positions[ready]
    return features(places[:, 1], places[:, 2], steps_to_bud(side)[ready], crowd[ready]), ready


def drive_twice(scenario: ScenarioConfig, machine: Path | None, seed: int) -> Seen:
    """Drive the row of `seed` on two days; raises MeasureError when a pass does not reach the end."""
    world = World.build(scenario.world, seed)
    found = {side: side_features(world.side(side)) for side in SIDES}
    count = sum(len(ready) for _, ready in found.values())
    seen = Seen(np.concatenate([rows for rows, _ in found.values()]), np.zeros((count, 2), bool), [])
    for day, noise in enumerate((seed, seed + SECOND_DAY)):
        doses = _pass(scenario, machine, world, noise, seen)
        treated = [
            doses.get((side, int(flower)), 0.0) >= scenario.jets.treated_dose
            for side in SIDES
            for flower in found[side][1]
        ]
        seen.treated[:, day] = treated
        seen.doses += [
            doses[side, int(flower)]
            for side in SIDES
            for flower in found[side][1]
            if doses.get((side, int(flower)), 0.0) >= scenario.jets.treated_dose
        ]
    return seen


def _pass(
    scenario: ScenarioConfig, machine: Path | None, world: World, noise: int, seen: Seen
) -> dict[tuple[Side, int], float]:
    with tempfile.TemporaryDirectory(prefix="bombus-") as folder:
        config = machine_for(scenario, machine, Path(folder) / "ledger.sqlite")
        row = LockstepRow(scenario, noise, config, "truth", SimLedger(config.ledger.path), world=world)
        finished, why = row.run()
    if not finished:
        raise MeasureError(f"row with seed {noise}: not driven to its end ({why}); mend that first")
    result = row.result(finished, why, 0.0)
    seen.pulses += result.pulses
    seen.bud_hits += result.bud_hits
    seen.air_nl += result.air_l
    most: dict[tuple[Side, int], float] = {}
    for train in row.plant.jets.trains:
        for flower, dose in train.dose.items():
            most[train.side, flower] = max(dose, most.get((train.side, flower), 0.0))
    return most


def measure_robot(
    scenario: ScenarioConfig,
    machine: Path | None,
    seeds: Sequence[int],
    measured_by: str,
    progress: Callable[[], None],
) -> Response:
    """Return the response: fitted to every second row, and tried on the others."""
    rows = []
    for seed in seeds:
        rows.append(drive_twice(scenario, machine, seed))
        progress()
    fitted, held_out = rows[0::2], rows[1::2]
    weights, hidden = fit(*_joined(fitted))
    tried, truth = _joined(held_out)
    doses = np.array([dose for row in rows for dose in row.doses])
    pulses, treated = sum(row.pulses for row in rows), len(doses)
    if not pulses or not treated:
        raise MeasureError(f"no flower was treated in {len(rows)} rows; try other seeds, or a longer row")
    return Response(
        measured_by=measured_by,
        weights=[round(float(weight), 4) for weight in weights],
        hidden=round(hidden, 4),
        doses=[round(float(dose), 3) for dose in np.quantile(doses, np.arange(0.05, 1.0, 0.1))],
        pulses_per_treated=round(pulses / treated, 4),
        bud_hits_per_pulse=round(sum(row.bud_hits for row in rows) / pulses, 4),
        air_nl_per_pulse=round(sum(row.air_nl for row in rows) / pulses, 4),
        flowers=sum(len(row.rows) for row in rows),
        passes=2 * len(rows),
        coverage=round(float(np.concatenate([row.treated for row in rows]).mean()), 4),
        held_out_flowers=len(tried),
        held_out_coverage=round(float(truth.mean()), 4),
        held_out_predicted=round(float((1.0 - hidden) * chances(weights, tried).mean()), 4),
    )


def _joined(rows: Sequence[Seen]) -> tuple[Floats, NDArray[np.bool_]]:
    return np.concatenate([row.rows for row in rows]), np.concatenate([row.treated for row in rows])


def fit(rows: Floats, treated: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return weights and hidden share of highest likelihood.

    A flower is hidden, and then never treated, or it is treated in each pass by its own logistic chance:
    two passes over the same flowers tell the one from the other.
    """
    hits = treated.sum(axis=1)
    passes = treated.shape[1]

    def loss(guess: Floats) -> float:
        hidden = 1.0 / (1.0 + np.exp(-guess[-1]))
        chance = np.clip(chances(guess[:-1], rows), 1e-9, 1.0 - 1e-9)
        seen = (1.0 - hidden) * chance**hits * (1.0 - chance) ** (passes - hits)
        pull = RIDGE * float(np.square(guess[1:-1]).sum())
        return pull - float(np.log(seen + hidden * (hits == 0)).sum())

    start = np.zeros(len(FEATURES) + 1)
    start[0], start[-1] = 2.0, -2.0
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-8.0, 8.0)] * len(start))
    return np.asarray(found.x[:-1], np.float64), float(1.0 / (1.0 + np.exp(-found.x[-1])))
