"""Trusses: a rachis with flowers in their real order, oldest at the stem, buds at the curled tip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sim.shapes import SIZES_M, VARIANTS, Shape, first_model
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
SHAPE_OF: Final[tuple[Shape, Shape, Shape]] = ("bud", "open", "spent")


@dataclass(frozen=True, slots=True)
class Truss:
    """What grows on one rachis; labels of parts count this truss's own flowers."""

    parts: NDArray[np.void]
    twigs: NDArray[np.void]
    flowers: NDArray[np.void]


def grow_truss(
    config: WorldConfig, rng: Generator, base: NDArray[np.float64], group: int, age: float
) -> Truss:
    """Return a flowering truss that leaves the stem at `base`; `age` 0..1 shifts buds towards fruits."""
    stages = _stages(config, rng, age)
    spacing = _even(rng, config.flower_spacing_mm, len(stages))
    buds = stages == Stage.BUD
    spacing[buds] = _even(rng, config.bud_spacing_mm, int(buds.sum()))
    line = _rachis(rng, base, spacing * 1e-3)
    centres, axes = _flowers(config, rng, line, stages)
    shift_h, shrink = _fit(config, base, centres)
    for points in (line, centres):
        points[:, 1] += shift_h
        points[:, 2] = base[2] + (points[:, 2] - base[2]) * shrink
    weight = np.linspace(0.15, 1.0, len(stages))
    parts, flowers = _parts(rng, stages, centres, axes, weight, group)
    twigs = _twigs(line, centres, axes, stages, weight, group)
    return Truss(parts, twigs, flowers)


def grow_fruit_truss(rng: Generator, base: NDArray[np.float64], group: int, ripe: float) -> Truss:
    """Return a truss of grown fruit, riper towards the stem; it carries no flowers."""
    count = int(rng.integers(4, 8))
    line = _rachis(rng, base, 0.03 + 0.01 * rng.random(count))
    stages = np.full(count, FRUIT)
    radius = 0.014 + 0.012 * rng.random() + 0.004 * rng.random(count)
    side = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    centres = line[2:] + np.stack([0.02 * side, -0.02 - radius, -0.01 * rng.random(count)], axis=-1)
    weight = np.linspace(0.05, 0.3, count)
    ripeness = np.clip(ripe + 0.5 - np.linspace(0.0, 0.8, count) + 0.2 * rng.random(count), 0.0, 1.0)
    parts = _fruit_parts(rng, centres, radius, ripeness, weight, group)
    twigs = _twigs(line, centres, np.broadcast_to(-UP, (count, 3)), stages, weight, group)
    return Truss(parts, twigs, np.zeros(0, FLOWER))


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
    """Return the line (n + 2, 3): out towards the path first, then along the row and down, curled at the tip."""
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


def _flowers(
    config: WorldConfig, rng: Generator, line: NDArray[np.float64], stages: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return flower centres and axes (n, 3): pedicels leave the rachis in turn to either side and nod."""
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
    droop = np.where(young, 0.35, 0.35 + 1.1 * rng.random((count, 1)))
    toward = np.where(young, 0.1, 0.9) * rng.random((count, 1))
    axes = unit(0.7 * way - droop * UP + toward * AISLE + 0.9 * (rng.random((count, 3)) - 0.5))
    return centres, axes


def _fit(config: WorldConfig, base: NDArray[np.float64], centres: NDArray[np.float64]) -> tuple[float, float]:
    """Return the height to add and the factor on d from the stem that bring the flowers into their zone."""
    low, high = config.flower_zone_h_m
    least, most = float(centres[:, 1].min()), float(centres[:, 1].max())
    shift = max(0.0, low - least) if most < high else min(0.0, high - most)
    nearest, reach = config.flower_zone_d_m[0], float(base[2] - centres[:, 2].min())
    allowed = float(base[2]) - nearest
    return shift, 1.0 if reach <= allowed or reach <= 0.0 else max(0.0, allowed / reach)


def _parts(
    rng: Generator,
    stages: NDArray[np.int64],
    centres: NDArray[np.float64],
    axes: NDArray[np.float64],
    weight: NDArray[np.float64],
    group: int,
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    chosen = np.flatnonzero(stages != FRUIT)
    parts = np.zeros(len(chosen), dtype=PART)
    flowers = np.zeros(len(chosen), dtype=FLOWER)
    variant, scale = rng.random(len(chosen)), 0.88 + 0.24 * rng.random(len(chosen))
    kinds = stages[chosen]
    models = np.array([first_model(shape) for shape in SHAPE_OF])[kinds]
    counts = np.array([VARIANTS[shape] for shape in SHAPE_OF])[kinds]
    parts["mesh"] = models + (variant * counts).astype(np.int32)
    parts["label"] = np.arange(len(chosen))
    parts["group"], parts["weight"], parts["position"] = group, weight[chosen], centres[chosen]
    parts["axes"] = facing(axes[chosen], rng.random(len(chosen))) * scale[:, None, None]
    parts["tint"] = (0.85 + 0.25 * rng.random((len(chosen), 1))) * (0.95 + 0.1 * rng.random((len(chosen), 3)))
    flowers["position"], flowers["axis"], flowers["stage"] = centres[chosen], axes[chosen], kinds
    flowers["radius"] = np.array([SIZES_M[shape] for shape in SHAPE_OF])[kinds] * scale
    flowers["weight"], flowers["group"] = weight[chosen], group
    young = stages == FRUIT
    radius = 0.004 + 0.008 * rng.random(int(young.sum()))
    fruits = _fruit_parts(rng, centres[young], radius, np.zeros(len(radius)), weight[young], group)
    return np.concatenate([parts, fruits]), flowers


def _fruit_parts(
    rng: Generator,
    centres: NDArray[np.float64],
    radius: NDArray[np.float64],
    ripeness: NDArray[np.float64],
    weight: NDArray[np.float64],
    group: int,
) -> NDArray[np.void]:
    count = len(centres)
    parts = np.zeros(2 * count, dtype=PART)
    parts["label"], parts["group"] = -1, group
    parts["position"], parts["weight"] = np.tile(centres, (2, 1)), np.tile(weight, 2)
    upright = unit(UP + 0.5 * (rng.random((count, 3)) - 0.5))
    parts["axes"] = np.tile(facing(upright, rng.random(count)) * radius[:, None, None], (2, 1, 1))
    parts["mesh"][:count] = first_model("fruit")
    parts["mesh"][count:] = first_model("calyx") + rng.integers(0, VARIANTS["calyx"], count)
    green, orange, red = (
        np.array([0.22, 0.34, 0.1]),
        np.array([0.6, 0.2, 0.03]),
        np.array([0.55, 0.03, 0.015]),
    )
    first, then = np.clip(2 * ripeness, 0, 1)[:, None], np.clip(2 * ripeness - 1, 0, 1)[:, None]
    parts["tint"][:count] = green + (orange - green) * first + (red - orange) * then
    parts["tint"][count:] = 0.9
    return parts


def _twigs(
    line: NDArray[np.float64],
    centres: NDArray[np.float64],
    axes: NDArray[np.float64],
    stages: NDArray[np.int64],
    weight: NDArray[np.float64],
    group: int,
) -> NDArray[np.void]:
    nodes = line[2:]
    full = np.concatenate([[0.0, weight[0] * 0.6], weight])
    rachis = strands(line, np.linspace(0.0026, 0.0013, len(line)), RACHIS_GREEN, group, full)
    ends = centres - 0.004 * axes
    knees = 0.5 * (nodes + ends) + 0.0035 * UP
    radius = np.where(stages == Stage.BUD, 0.0007, 0.00095)
    first = pairs(nodes, knees, radius, RACHIS_GREEN, group, weight)
    return np.concatenate([rachis, first, pairs(knees, ends, radius, RACHIS_GREEN, group, weight)])
