"""One tomato plant as parts, twigs, flowers and leaf blades; `World` joins plants into rows.

A plant depends on the seed, the side and its own number only, never on the length of the row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from sim.foliage import Leaves, grow_leaves
from sim.trigonometry import cos_turns, sin_turns
from sim.truss import FLOWER, Truss, grow_fruit_truss, grow_truss
from sim.twigs import strands
from sim.world_config import WorldConfig

STEM_GREEN = (0.085, 0.15, 0.055)
STRING_WHITE = (0.55, 0.55, 0.5)

SWAY = np.dtype([("reach", "3f8"), ("hz", "f8"), ("phase", "f8")])
"""How one group of parts swings: reach (m) at weight one, frequency, phase in turns."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A stem and all that grows on it; group 0 stands still, the others index `sway`."""

    parts: NDArray[np.void]
    twigs: NDArray[np.void]
    flowers: NDArray[np.void]
    blades: NDArray[np.void]
    sway: NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Stem:
    """A leaning stem: where it is at a height."""

    s: float
    d: float
    lean_s: float
    lean_d: float

    def at(self, h: float) -> NDArray[np.float64]:
        """Return the stem's point (3,) at height h."""
        return np.array([self.s + self.lean_s * (h - 1.6), h, self.d + self.lean_d * (h - 1.6)])


def grow(config: WorldConfig, seed: int, side_number: int, stem_number: int) -> Plant:
    """Return plant `stem_number` of a side (0 left, 1 right)."""
    rng = Generator(PCG64([seed, side_number, stem_number]))
    stem = _stem(config, rng, stem_number)
    trusses = _trusses(config, rng, stem)
    leaves = grow_leaves(config, rng, stem.at, first_group=1 + len(trusses))
    parts = [truss.parts for truss in trusses] + [leaves.parts]
    twigs = [_stem_twigs(stem), *(truss.twigs for truss in trusses), leaves.twigs]
    flowers = [truss.flowers for truss in trusses]
    return Plant(
        parts=_numbered(parts, flowers, len(trusses)),
        twigs=np.concatenate(twigs),
        flowers=np.concatenate(flowers) if flowers else np.zeros(0, FLOWER),
        blades=leaves.blades,
        sway=_sway(config, rng, len(trusses), leaves),
    )


def _stem(config: WorldConfig, rng: Generator, number: int) -> Stem:
    jitter = rng.random(4) * 2.0 - 1.0
    return Stem(
        s=(number + 0.5 + 0.3 * jitter[0]) / config.stems_per_m,
        d=config.stem_d_m + config.stem_d_spread_m * jitter[1],
        lean_s=config.stem_lean * jitter[2],
        lean_d=0.03 * jitter[3],
    )


def _trusses(config: WorldConfig, rng: Generator, stem: Stem) -> list[Truss]:
    low, high = config.truss_height_m
    first = low + (high - low) * float(rng.random())
    heights = [first]
    if rng.random() < config.second_truss_share:
        gap = config.truss_gap_m[0] + (config.truss_gap_m[1] - config.truss_gap_m[0]) * float(rng.random())
        heights.append(first - gap if first - gap > low - 0.05 else first + gap)
    trusses = [
        grow_truss(config, rng, stem.at(h), group=1 + k, age=0.65 if h == min(heights) else 0.3)
        for k, h in enumerate(heights)
    ]
    for k in range(config.fruit_trusses):
        base = stem.at(1.34 - 0.24 * k - 0.1 * float(rng.random()))
        trusses.append(grow_fruit_truss(rng, base, group=1 + len(trusses), ripe=0.35 + 0.4 * k))
    return trusses


def _numbered(
    parts: list[NDArray[np.void]], flowers: list[NDArray[np.void]], truss_count: int
) -> NDArray[np.void]:
    """Join parts; labels of a truss count from 0 and are raised to the plant's own count."""
    start = 0
    for k in range(truss_count):
        label = parts[k]["label"]
        label[label >= 0] += start
        start += len(flowers[k])
    return np.concatenate(parts)


def _stem_twigs(stem: Stem) -> NDArray[np.void]:
    heights = np.linspace(0.55, 2.45, 20)
    points = np.stack([stem.at(float(h)) for h in heights])
    bend = 0.006 * sin_turns(heights[:, None] * np.array([1.7, 0.0, 2.3]) + stem.s)
    radius = np.interp(heights, (0.55, 1.8, 2.45), (0.008, 0.0068, 0.004))
    green = strands(points + bend, radius, STEM_GREEN)
    string = np.stack([stem.at(0.5), stem.at(3.2)])
    string[:, 2] += 0.008
    return np.concatenate([green, strands(string, np.array([0.0011, 0.0011]), STRING_WHITE)])


def _sway(config: WorldConfig, rng: Generator, truss_count: int, leaves: Leaves) -> NDArray[np.void]:
    sway = np.zeros(1 + truss_count + leaves.count, dtype=SWAY)
    moving = sway[1:]
    low, high = config.sway_mm
    reach = 1e-3 * (low + (high - low) * rng.random(len(moving)))
    reach[truss_count:] *= 2.0
    turn = rng.random(len(moving))
    direction = np.stack([cos_turns(turn), 0.35 * np.ones_like(turn), 0.7 * sin_turns(turn)], axis=-1)
    moving["reach"] = direction * reach[:, None]
    moving["hz"] = config.sway_hz[0] + (config.sway_hz[1] - config.sway_hz[0]) * rng.random(len(moving))
    moving["phase"] = rng.random(len(moving))
    return sway
