"""Trusses: a rachis with flowers in their real order, oldest at the stem, buds at the curled tip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sim.shapes import FLOWERS_OF, SIZES_M, VARIANTS, Look, first_model
from sim.trigonometry import cos_turns, cross, sin_turns, unit
from sim.twigs import PART, facing, pairs, strands
from sim.world_config import WorldConfig
from vision.types import Stage

FLOWER = np.dtype(
    [
        ("position", "3f8"),
        ("axis", "3f8"),
        ("stage", "i4"),
        ("radius", "f8"),
        ("weight", "f8"),
        ("group", "i4"),
    ]
)
"""A flower at rest: centre (s, h, d), unit vector that it faces, Stage, radius (m), sway weight and group."""

FRUIT: Final = 3
"""The stage after Stage.SPENT: drawn, never a target."""

RACHIS_GREEN = (0.11, 0.21, 0.065)
UP, AISLE = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])

DROOP_OF: Final[dict[Look, tuple[float, float, float]]] = {
    "plain": (0.35, 0.35, 1.1),
    "photo": (0.55, 0.9, 1.3),
}
"""How far flowers nod: buds, others at least, and the span above that."""
STOUT_OF: Final[dict[Look, float]] = {"plain": 1.0, "photo": 1.35}
"""Thickness of pedicels."""


@dataclass(frozen=True, slots=True)
class Truss:
    """What grows on one rachis; labels of parts count this truss's own flowers."""

    parts: NDArray[np.void]
    twigs: NDArray[np.void]
    flowers: NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Hung:
    """What hangs on a rachis, oldest first: stages (n,), centres and axes (n, 3), sway weights (n,)."""

    stages: NDArray[np.int64]
    centres: NDArray[np.float64]
    axes: NDArray[np.float64]
    weight: NDArray[np.float64]
    group: int

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Hung:
        return Hung(
            self.stages[chosen], self.centres[chosen], self.axes[chosen], self.weight[chosen], self.group
        )


def grow_truss(
    config: WorldConfig, rng: Generator, base: NDArray[np.float64], group: int, age: float
) -> Truss:
    """Return a flowering truss that leaves the stem at `base`; `age` 0..1 shifts buds towards fruits."""
    stages = _stages(config, rng, age)
    spacing = _even(rng, config.flower_spacing_mm, len(stages))
    buds = stages == Stage.BUD
    spacing[buds] = _even(rng, config.bud_spacing_mm, int(buds.sum()))
    line = _rachis(rng, base, spacing * 1e-3)
    hung = _hang(config, rng, line, stages, group)
    centres = hung.centres
    shift_h, shrink = _fit(config, base, centres)
    for points in (line, centres):
        points[:, 1] += shift_h
        points[:, 2] = base[2] + (points[:, 2] - base[2]) * shrink
    parts, flowers = _parts(rng, hung, config.look)
    return Truss(parts, _twigs(line, hung, STOUT_OF[config.look]), flowers)


def grow_fruit_truss(rng: Generator, base: NDArray[np.float64], group: int, ripe: float) -> Truss:
    """Return a truss of grown fruit, riper towards the stem; it carries no flowers."""
    count = int(rng.integers(4, 8))
    line = _rachis(rng, base, 0.03 + 0.01 * rng.random(count))
    stages = np.full(count, FRUIT)
    radius = 0.014 + 0.012 * rng.random() + 0.004 * rng.random(count)
    side = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    centres = line[2:] + np.stack([0.02 * side, -0.02 - radius, -0.01 * rng.random(count)], axis=-1)
    down = np.tile(-UP, (count, 1))
    hung = Hung(stages, centres, down, np.linspace(0.05, 0.3, count), group)
    ripeness = np.clip(ripe + 0.5 - np.linspace(0.0, 0.8, count) + 0.2 * rng.random(count), 0.0, 1.0)
    parts = _fruit_parts(rng, hung, radius, ripeness)
    return Truss(parts, _twigs(line, hung), np.zeros(0, FLOWER))


def _even(rng: Generator, span: tuple[float, float], count: int) -> NDArray[np.float64]:
    return span[0] + (span[1] - span[0]) * rng.random(count)


def _stages(config: WorldConfig, rng: Generator, age: float) -> NDArray[np.int64]:
    count, ready, spent = (
        int(rng.integers(low, high + 1))
        for low, high in (config.flowers_per_truss, config.open_per_truss, config.spent_per_truss)
    )
    spent = min(spent, max(count - ready, 0))
    ready = min(ready, count)
    rest = count - ready - spent
    fruits = min(rest, int(rest * age * (0.4 + 1.2 * float(rng.random()))))
    order = (FRUIT,) * fruits + (Stage.SPENT,) * spent + (Stage.OPEN,) * ready
    return np.array(order + (Stage.BUD,) * (rest - fruits), dtype=np.int64)


def _rachis(rng: Generator, base: NDArray[np.float64], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the line (n + 2, 3): towards the path first, then along the row and down, curled at the tip."""
    count = len(spacing) + 1
    t = np.linspace(0.0, 1.0, count)
    side = 1.0 if rng.random() < 0.5 else -1.0
    swing, rise, fall = rng.random(3)
    azimuth = side * (0.04 + 0.05 * swing + (0.15 + 0.05 * swing) * np.minimum(1.0, 2.2 * t))
    elevation = 0.02 + 0.07 * rise - (0.12 + 0.14 * fall) * t - 0.1 * np.maximum(0.0, t - 0.75) * 4.0
    elevation += 0.03 * (rng.random(count) - 0.5)
    flat = cos_turns(elevation)
    way = np.stack([sin_turns(azimuth) * flat, sin_turns(elevation), -cos_turns(azimuth) * flat], axis=-1)
    lengths = np.concatenate([[0.028 + 0.025 * rng.random()], spacing])
    return np.concatenate([base[None, :], base + np.cumsum(way * lengths[:, None], axis=0)])


def _hang(
    config: WorldConfig, rng: Generator, line: NDArray[np.float64], stages: NDArray[np.int64], group: int
) -> Hung:
    """Hang flowers on the rachis `line`: pedicels leave it to either side in turn, and the flowers nod."""
    count = len(stages)
    along = unit(line[2:] - line[1:-1])
    across = unit(cross(along, UP[None, :]))
    turn = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)[:, None] * (0.6 + 0.5 * rng.random((count, 1)))
    wild = rng.random((count, 3)) - 0.5
    young = (stages == Stage.BUD)[:, None]
    nod = np.where(young, 0.1, 0.35)
    way = unit(turn * across + np.where(young, 0.6, 0.35) * along - nod * UP + 0.3 * AISLE + 0.5 * wild)
    length = _even(rng, config.pedicel_mm, count) * 1e-3 * np.where(stages == Stage.BUD, 0.7, 1.0)
    centres = line[2:] + way * length[:, None] - np.where(young, 0.0, 0.004) * UP
    bud_nods, least, span = DROOP_OF[config.look]
    droop = np.where(young, bud_nods, least + span * rng.random((count, 1)))
    toward = np.where(young, 0.1, 0.9) * rng.random((count, 1))
    axes = unit(0.7 * way - droop * UP + toward * AISLE + 0.9 * (rng.random((count, 3)) - 0.5))
    return Hung(stages, centres, axes, np.linspace(0.15, 1.0, count), group)


def _fit(config: WorldConfig, base: NDArray[np.float64], centres: NDArray[np.float64]) -> tuple[float, float]:
    """Return the height to add and the factor on d from the stem that bring the flowers into their zone."""
    low, high = config.flower_zone_h_m
    least, most = float(centres[:, 1].min()), float(centres[:, 1].max())
    shift = max(0.0, low - least) if most < high else min(0.0, high - most)
    nearest, reach = config.flower_zone_d_m[0], float(base[2] - centres[:, 2].min())
    allowed = float(base[2]) - nearest
    return shift, 1.0 if reach <= allowed or reach <= 0.0 else max(0.0, allowed / reach)


def _parts(rng: Generator, hung: Hung, look: Look) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return the parts of flowers and young fruits, and the flowers."""
    alive = hung[hung.stages != FRUIT]
    kinds = alive.stages
    parts = np.zeros(len(kinds), dtype=PART)
    flowers = np.zeros(len(kinds), dtype=FLOWER)
    variant, scale = rng.random(len(kinds)), 0.88 + 0.24 * rng.random(len(kinds))
    models = np.array([first_model(shape) for shape in FLOWERS_OF[look]])[kinds]
    counts = np.array([VARIANTS[shape] for shape in FLOWERS_OF[look]])[kinds]
    parts["mesh"] = models + (variant * counts).astype(np.int32)
    parts["label"] = np.arange(len(kinds))
    parts["group"], parts["weight"], parts["position"] = alive.group, alive.weight, alive.centres
    parts["axes"] = facing(alive.axes, rng.random(len(kinds))) * scale[:, None, None]
    parts["tint"] = (0.85 + 0.25 * rng.random((len(kinds), 1))) * (0.95 + 0.1 * rng.random((len(kinds), 3)))
    flowers["position"], flowers["axis"], flowers["stage"] = alive.centres, alive.axes, kinds
    flowers["radius"] = np.array([SIZES_M[shape] for shape in FLOWERS_OF[look]])[kinds] * scale
    flowers["weight"], flowers["group"] = alive.weight, alive.group
    young = hung[hung.stages == FRUIT]
    radius = 0.004 + 0.008 * rng.random(len(young.stages))
    return np.concatenate([parts, _fruit_parts(rng, young, radius, np.zeros(len(radius)))]), flowers


def _fruit_parts(
    rng: Generator, hung: Hung, radius: NDArray[np.float64], ripeness: NDArray[np.float64]
) -> NDArray[np.void]:
    count = len(radius)
    parts = np.zeros(2 * count, dtype=PART)
    parts["label"], parts["group"] = -1, hung.group
    parts["position"], parts["weight"] = np.tile(hung.centres, (2, 1)), np.tile(hung.weight, 2)
    upright = unit(UP + 0.5 * (rng.random((count, 3)) - 0.5))
    parts["axes"] = np.tile(facing(upright, rng.random(count)) * radius[:, None, None], (2, 1, 1))
    parts["mesh"][:count] = first_model("fruit")
    parts["mesh"][count:] = first_model("calyx") + rng.integers(0, VARIANTS["calyx"], count)
    green, orange, red = np.array([[0.22, 0.34, 0.1], [0.6, 0.2, 0.03], [0.55, 0.03, 0.015]])
    first, then = np.clip(2 * ripeness, 0, 1)[:, None], np.clip(2 * ripeness - 1, 0, 1)[:, None]
    parts["tint"][:count] = green + (orange - green) * first + (red - orange) * then
    parts["tint"][count:] = 0.9
    return parts


def _twigs(line: NDArray[np.float64], hung: Hung, stout: float = 1.0) -> NDArray[np.void]:
    """Return the rachis, and two twigs for each pedicel that meet at its knee."""
    full = np.concatenate([[0.0, hung.weight[0] * 0.6], hung.weight])
    rachis = strands(line, np.linspace(0.0026, 0.0013, len(line)), RACHIS_GREEN, hung.group, full)
    ends = hung.centres - 0.004 * hung.axes
    knees = 0.5 * (line[2:] + ends) + 0.0035 * UP
    radius = stout * np.where(hung.stages == Stage.BUD, 0.0007, 0.00095)
    pedicels = [
        pairs(start, end, radius=radius, colour=RACHIS_GREEN, group=hung.group, weight=hung.weight)
        for start, end in ((line[2:], knees), (knees, ends))
    ]
    return np.concatenate([rachis, *pedicels])
