"""Which straight ways leaves block: many at once, from one place, as a camera looks at all flowers in its view."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.native._native import ffi, lib
from sim.world import SideWorld

Floats = NDArray[np.float64]
_FLOATS = ("normal", "along", "centre", "weight", "half")


class LeafScreen:
    """One side's leaf blades, in columns. Cost of a question: ways x blades of the plants between."""

    def __init__(self, plants: SideWorld) -> None:
        self._plants = plants
        blades = plants.blades
        self._begin = np.ascontiguousarray(plants.bounds[:, 3])
        columns = {name: np.ascontiguousarray(blades[name]) for name in ("group", *_FLOATS)}
        self._leaves = ffi.new(
            "native_blades *",
            {
                "begin": ffi.from_buffer("int64_t[]", self._begin),
                "group": ffi.from_buffer("int32_t[]", columns["group"]),
                "spans": ffi.from_buffer("double[]", plants.spans),
                **{name: ffi.from_buffer("double[]", columns[name]) for name in _FLOATS},
            },
        )
        self._columns = columns
        """Kept: the leaves point into them."""

    def blocks(self, start: Floats, ends: Floats, t: float) -> NDArray[np.bool_]:
        """Return (M,) whether a leaf lies in the straight way from `start` (3,) to each of `ends` (M, 3) at `t`."""
        found = np.zeros(len(ends), np.bool_)
        if not len(ends):
            return found
        s, lens_s = ends[:, 0], float(start[0])
        first, last = self._plants.plants_between(min(float(s.min()), lens_s), max(float(s.max()), lens_s))
        group = int(self._plants.bounds[first, 4])
        swayed = self._plants.offsets(t, group, int(self._plants.bounds[last, 4]))
        centres = np.empty((int(self._begin[last] - self._begin[first]), 3))
        lib.native_blocked(
            self._leaves,
            ffi.from_buffer("double[]", swayed),
            group,
            first,
            last,
            ffi.from_buffer("double[]", np.ascontiguousarray(start, np.float64)),
            ffi.from_buffer("double[]", np.ascontiguousarray(ends, np.float64)),
            len(ends),
            ffi.from_buffer("double[]", centres),
            ffi.from_buffer("bool[]", found),
        )
        return found
