"""What the flower map believed of each flower of simulated rows, beside what the flower was."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.lockstep import LockstepRow, machine_for
from sim.scenario import ScenarioConfig
from sim.troubles import SimLedger

NOTHING: Final = -1


class Judged(NamedTuple):
    """N flowers of the map: beliefs (N, 3) over the stages, and the true stages (N,), -1 where nothing is."""

    beliefs: NDArray[np.float64]
    stages: NDArray[np.int64]


def judge_rows(
    scenario: ScenarioConfig,
    seeds: Sequence[int],
    machine: Path | None,
    detector: str,
    progress: Callable[[float], None],
) -> Judged:
    """Drive a row for each seed and return what the map ended with in the jets' reach; `progress` takes 0..1."""
    parts = []
    for done, seed in enumerate(seeds):
        with tempfile.TemporaryDirectory(prefix="bombus-") as folder:
            config = machine_for(scenario, machine, Path(folder) / "ledger.sqlite")
            row = LockstepRow(scenario, seed, config, detector, SimLedger(config.ledger.path))
            row.run(_part_of(progress, done, len(seeds)))
            parts.append(_judged(row))
    return Judged(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _part_of(progress: Callable[[float], None], done: int, rows: int) -> Callable[[float], None]:
    return lambda share: progress((done + share) / rows)


def _judged(row: LockstepRow) -> Judged:
    beliefs, stages = [], []
    known, jet = row.config.planner, row.config.machine.jet
    length, owners = row.scenario.world.row_length_m, row.witness.owners()
    for side, sight in row.loop.sights.items():
        true_stages = row.world.side(side).stages
        for flower in sight.flowers(0.0, length):
            before_mouth = float(flower.position[2]) - row.config.banks[side].d_mouth
            in_reach = jet.nearest <= before_mouth <= jet.farthest
            seen = (side, flower.flower_id) in owners
            if not seen or not in_reach or not flower.place_known or flower.views < known.min_views:
                continue
            owner, _ = owners[side, flower.flower_id].most_common(1)[0]
            beliefs.append(flower.belief)
            stages.append(int(true_stages[owner]) if owner >= 0 else NOTHING)
    return Judged(np.array(beliefs, np.float64).reshape(-1, 3), np.array(stages, np.int64))
