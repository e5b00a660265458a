"""The true flowers of one side, indexed along the row, as the air jets and the score need them."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from sim.native._native import ffi, lib
from sim.shakes import ShakeConfig, push
from sim.world import World
from vision.types import Side

SWAY_REACH_M = 0.05
"""Farther than any flower sways from its rest place."""


class TrueFlowers:
    """One side of a world; each query costs O(log N + found)."""

    def __init__(self, world: World, side: Side) -> None:
        self._world = world
        self._side: Side = side
        self._plants = world.side(side)
        plants = self._plants
        self._order = np.argsort(plants.positions[:, 0], kind="stable")
        self._sorted_s: list[float] = plants.positions[self._order, 0].tolist()
        self.stage: NDArray[np.int32] = plants.stages
        self._flowers = ffi.new(
            "native_flowers *",
            {
                "rest": ffi.from_buffer("double[]", plants.positions),
                "weight": ffi.from_buffer("double[]", plants.weights),
                "group": ffi.from_buffer("int32_t[]", plants.groups),
                "sway": ffi.from_buffer("native_sway[]", plants.sway),
            },
        )

    def near(self, s: float, reach: float) -> NDArray[np.intp]:
        """Return the indices of flowers whose swaying place may lie within `reach` of `s`."""
        low = bisect_left(self._sorted_s, s - reach - SWAY_REACH_M)
        return self._order[low : bisect_left(self._sorted_s, s + reach + SWAY_REACH_M, low)]

    def positions(self, index: NDArray[np.intp], t: float) -> NDArray[np.float64]:
        """Return (M, 3) places (s, h, d) at `t`."""
        plants = self._plants
        if not plants.shakes or not index.size:
            moved = np.empty((index.size, 3))
            at = ffi.from_buffer("int64_t[]", np.ascontiguousarray(index, np.int64))
            lib.native_places(self._flowers, at, index.size, t, ffi.from_buffer("double[]", moved))
            return moved
        groups = plants.groups[index]
        first, last = int(groups.min()), int(groups.max()) + 1
        swayed = plants.offsets(t, first, last)[groups - first]
        shaken: NDArray[np.float64] = plants.positions[index] + plants.weights[index, None] * swayed
        return shaken

    def blown_on(
        self, config: ShakeConfig, mouth: NDArray[np.float64], reach_m: tuple[float, float], t: float
    ) -> None:
        """Let the air of one opening at `mouth` (3,), along +d, push the trusses in and beside it at `t`."""
        plants = self._plants
        index = self.near(float(mouth[0]), config.reach_m)
        offset = self.positions(index, t) - mouth
        met = (offset[:, 2] >= reach_m[0]) & (offset[:, 2] <= reach_m[1])
        index, offset = index[met], offset[met]
        off_axis = np.hypot(offset[:, 0], offset[:, 1])
        for group, share in push(config, off_axis, plants.groups[index]).items():
            metres = 1e-3 * config.push_mm * share
            beside = float(offset[plants.groups[index] == group, 0].mean())
            plants.shakes.add(config, group, t, (0.3 * metres * (1.0 if beside >= 0 else -1.0), 0.0, metres))

    def axes(self, index: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return (M, 3) unit vectors along which the flowers look."""
        return self._plants.axes[index]

    def blocked(self, start: NDArray[np.float64], end: NDArray[np.float64], t: float) -> bool:
        """Tell whether a leaf swallows the air between two points."""
        s0, h0, d0 = start.tolist()
        s1, h1, d1 = end.tolist()
        return self._world.leaf_blocks(self._side, (s0, h0, d0), (s1, h1, d1), t)
