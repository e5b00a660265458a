"""Which straight ways leaves block: many at once, from one place, as a camera looks at all flowers in its view."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.world import SideWorld

Floats = NDArray[np.float64]
EDGE_ON = 1e-9
"""A blade seen edge on, to this slope, hides nothing."""


class LeafScreen:
    """One side's leaf blades, in columns. Cost of a question: ways x blades of the plants between."""

    def __init__(self, plants: SideWorld) -> None:
        self._plants = plants
        blades = plants.blades
        self._normal = tuple(np.ascontiguousarray(blades["normal"][:, k]) for k in range(3))
        self._along = tuple(np.ascontiguousarray(blades["along"][:, k]) for k in range(3))
        self._centre = np.ascontiguousarray(blades["centre"])
        self._weight = np.ascontiguousarray(blades["weight"])
        self._group = np.ascontiguousarray(blades["group"])
        self._half = np.ascontiguousarray(blades["half"])

    def blocks(self, start: Floats, ends: Floats, t: float) -> NDArray[np.bool_]:
        """Return (M,) whether a leaf lies in the straight way from `start` (3,) to each of `ends` (M, 3) at `t`."""
        found = np.zeros(len(ends), np.bool_)
        low = np.minimum(ends[:, 0], start[0])
        high = np.maximum(ends[:, 0], start[0])
        bounds = self._plants.bounds
        if not len(ends):
            return found
        nearest, farthest = self._plants.plants_between(float(low.min()), float(high.max()))
        spans = self._plants.spans[nearest:farthest]
        meets = (spans[:, 1] >= low[:, None]) & (spans[:, 0] <= high[:, None])
        some = meets.any(axis=1)
        if not some.any():
            return found
        first = nearest + np.where(some, meets.argmax(axis=1), 0)
        last = nearest + np.where(some, meets.shape[1] - meets[:, ::-1].argmax(axis=1), 0)
        plant_low, plant_high = int(first[some].min()), int(last[some].max())
        begin, end = int(bounds[plant_low, 3]), int(bounds[plant_high, 3])
        if begin == end:
            return found
        number = np.arange(begin, end)
        between = (number >= bounds[first, 3][:, None]) & (number < bounds[last, 3][:, None])
        crossed = self._crossed(start, ends, self._centres(plant_low, plant_high, t), slice(begin, end))
        blocked: NDArray[np.bool_] = (crossed & between).any(axis=1)
        return blocked

    def _centres(self, plant_low: int, plant_high: int, t: float) -> Floats:
        """Return the blades' swayed centres (B, 3) from one plant to another."""
        bounds = self._plants.bounds
        chosen = slice(int(bounds[plant_low, 3]), int(bounds[plant_high, 3]))
        group = int(bounds[plant_low, 4])
        swayed = self._plants.offsets(t, group, int(bounds[plant_high, 4]))
        centres: Floats = (
            self._centre[chosen] + self._weight[chosen, None] * swayed[self._group[chosen] - group]
        )
        return centres

    def _crossed(self, start: Floats, ends: Floats, centres: Floats, chosen: slice) -> NDArray[np.bool_]:
        """Return (M, B) whether each way goes through each ellipse."""
        n0, n1, n2 = (column[chosen] for column in self._normal)
        a0, a1, a2 = (column[chosen] for column in self._along)
        c0, c1, c2 = centres.T
        w0, w1, w2 = (ends - start).T[:, :, None]
        slope = n0 * w0 + n1 * w1 + n2 * w2
        steep = np.abs(slope) > EDGE_ON
        rise = n0 * (c0 - start[0]) + n1 * (c1 - start[1]) + n2 * (c2 - start[2])
        at = rise / np.where(steep, slope, EDGE_ON)
        # Few ways meet a blade's plane between their ends: the ellipse is looked at for those alone.
        way, blade = np.nonzero(steep & (at > 0.0) & (at < 1.0))
        on_way = at[way, blade]
        x = start[0] + on_way * w0[way, 0] - c0[blade]
        y = start[1] + on_way * w1[way, 0] - c1[blade]
        z = start[2] + on_way * w2[way, 0] - c2[blade]
        u = x * a0[blade] + y * a1[blade] + z * a2[blade]
        v2 = np.maximum(x * x + y * y + z * z - u * u, 0.0)
        half = self._half[chosen][blade]
        crossed = np.zeros(slope.shape, np.bool_)
        crossed[way, blade] = (u / half[:, 0]) ** 2 + v2 / half[:, 1] ** 2 <= 1.0
        return crossed
