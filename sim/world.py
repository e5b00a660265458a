"""A row of tomato plants on both sides of the path: where every flower is, and what stands in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.native._native import ffi, lib
from sim.plants import SWAY, Plant, grow
from sim.shakes import Shakes
from sim.world_config import WorldConfig
from vision.types import SIDES, Side


@dataclass(frozen=True, slots=True)
class SideWorld:
    """One side's N flowers at rest, and all its geometry in order of plants."""

    positions: NDArray[np.float64]
    """Flower centres (N, 3): s, h, d."""
    axes: NDArray[np.float64]
    """Unit vectors (N, 3) that the flowers face."""
    stages: NDArray[np.int32]
    """vision.types.Stage of each flower (N,)."""
    radii: NDArray[np.float64]
    """Flower radius (N,) in m."""
    trusses: NDArray[np.int32]
    """Truss of each flower (N,), counted along the side."""
    stems: NDArray[np.int32]
    """Stem of each flower (N,), counted along the side."""
    groups: NDArray[np.int32]
    """Sway group of each flower (N,)."""
    weights: NDArray[np.float64]
    """Share of its group's sway that a flower makes (N,)."""
    sway: NDArray[np.void]
    parts: NDArray[np.void]
    twigs: NDArray[np.void]
    blades: NDArray[np.void]
    bounds: NDArray[np.int64]
    """Where each plant's flowers, parts, twigs, blades and groups begin, (stems + 1, 5)."""
    spans: NDArray[np.float64]
    """Least and most s that each plant reaches (stems, 2)."""
    shakes: Shakes = field(default_factory=Shakes)
    """What jets have pushed, the one thing here that changes."""

    def plants_between(self, low: float, high: float) -> tuple[int, int]:
        """Return the first and one past the last plant that may reach into s in low..high."""
        near = np.flatnonzero((self.spans[:, 1] >= low) & (self.spans[:, 0] <= high))
        return (int(near[0]), int(near[-1]) + 1) if len(near) else (0, 0)

    def offsets(self, t: float, first: int = 0, last: int | None = None) -> NDArray[np.float64]:
        """Return how far groups first..last have swayed at time t, (G, 3)."""
        sway = self.sway[first:last]
        result = np.empty((len(sway), 3))
        lib.native_swayed(
            ffi.from_buffer("native_sway[]", sway), len(sway), t, ffi.from_buffer("double[]", result)
        )
        if self.shakes:
            self.shakes.swing(result, t, first)
        return result


@dataclass(frozen=True, slots=True)
class World:
    """Both sides of a row, from a config and a seed; a seed gives the same plants in any length of row."""

    config: WorldConfig
    seed: int
    left: SideWorld
    right: SideWorld

    @classmethod
    def build(cls, config: WorldConfig, seed: int) -> World:
        """Grow the row; takes about 3 ms for each stem."""
        left, right = (_grow_side(config, seed, number) for number in range(len(SIDES)))
        return cls(config, seed, left, right)

    def side(self, side: Side) -> SideWorld:
        """Return one side's plants."""
        return self.left if side == "left" else self.right

    def flower_positions(self, side: Side, t: float) -> NDArray[np.float64]:
        """Return the flower centres (N, 3) of a side as they sway at time t."""
        plants = self.side(side)
        return plants.positions + plants.weights[:, None] * plants.offsets(t)[plants.groups]

    def leaf_blocks(
        self, side: Side, start: tuple[float, float, float], end: tuple[float, float, float], t: float
    ) -> bool:
        """Return whether a leaf lies in the straight way from start to end, both (s, h, d), at time t."""
        plants = self.side(side)
        first, last = plants.plants_between(min(start[0], end[0]), max(start[0], end[0]))
        blades = plants.blades[plants.bounds[first, 3] : plants.bounds[last, 3]]
        if not len(blades):
            return False
        group = int(plants.bounds[first, 4])
        swayed = plants.offsets(t, group, int(plants.bounds[last, 4]))
        centres = blades["centre"] + blades["weight"][:, None] * swayed[blades["group"] - group]
        return _crosses(blades, centres, np.asarray(start, np.float64), np.asarray(end, np.float64))


def _crosses(
    blades: NDArray[np.void],
    centres: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
) -> bool:
    """Whether the way from start to end goes through any of the ellipses."""
    way = end - start
    normal, along = blades["normal"], blades["along"]
    slope = (normal * way).sum(axis=-1)
    rise = (normal * (centres - start)).sum(axis=-1)
    safe = np.where(np.abs(slope) > 1e-9, slope, 1e-9)
    at = rise / safe
    offset = start + at[:, None] * way - centres
    u = (offset * along).sum(axis=-1)
    v2 = np.maximum((offset * offset).sum(axis=-1) - u * u, 0.0)
    half = blades["half"]
    inside = (u / half[:, 0]) ** 2 + v2 / half[:, 1] ** 2 <= 1.0
    return bool((inside & (at > 0.0) & (at < 1.0) & (np.abs(slope) > 1e-9)).any())


def _grow_side(config: WorldConfig, seed: int, number: int) -> SideWorld:
    count = max(1, round(config.row_length_m * config.stems_per_m))
    plants = [grow(config, seed, number, stem) for stem in range(count)]
    bounds = np.zeros((count + 1, 5), dtype=np.int64)
    bounds[1:] = np.cumsum([_sizes(plant) for plant in plants], axis=0)
    flowers = np.concatenate([plant.flowers for plant in plants])
    parts = np.concatenate([plant.parts for plant in plants])
    twigs = np.concatenate([plant.twigs for plant in plants])
    blades = np.concatenate([plant.blades for plant in plants])
    for array, column in ((flowers, 0), (parts, 1), (twigs, 2), (blades, 3)):
        array["group"] += np.repeat(bounds[:-1, 4], np.diff(bounds[:, column])).astype(np.int32)
    first_flower = np.repeat(bounds[:-1, 0], np.diff(bounds[:, 1])).astype(np.int32)
    parts["label"] += np.where(parts["label"] >= 0, first_flower, 0)
    return SideWorld(
        positions=np.ascontiguousarray(flowers["position"]),
        axes=np.ascontiguousarray(flowers["axis"]),
        stages=np.ascontiguousarray(flowers["stage"]),
        radii=np.ascontiguousarray(flowers["radius"]),
        trusses=np.unique(flowers["group"], return_inverse=True)[1].astype(np.int32),
        stems=np.repeat(np.arange(count, dtype=np.int32), np.diff(bounds[:, 0])),
        groups=np.ascontiguousarray(flowers["group"]),
        weights=np.ascontiguousarray(flowers["weight"]),
        sway=np.concatenate([plant.sway for plant in plants]).astype(SWAY),
        parts=parts,
        twigs=twigs,
        blades=blades,
        bounds=bounds,
        spans=np.array(list(_spans(plants))),
    )


def _sizes(plant: Plant) -> tuple[int, int, int, int, int]:
    return len(plant.flowers), len(plant.parts), len(plant.twigs), len(plant.blades), len(plant.sway)


def _spans(plants: list[Plant]) -> Iterator[tuple[float, float]]:
    """Least and most s of each plant, with room for a leaflet and for sway."""
    for plant in plants:
        s = np.concatenate([plant.parts["position"][:, 0], plant.twigs["from"][:, 0]])
        yield float(s.min()) - 0.15, float(s.max()) + 0.15
