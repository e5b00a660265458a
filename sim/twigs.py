"""Parts and twigs: the two kinds of things that the rasteriser draws, laid out as in render/raster.h."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.trigonometry import cos_turns, cross, sin_turns, unit

PART = np.dtype(
    [
        ("mesh", "i4"),
        ("label", "i4"),
        ("group", "i4"),
        ("reserved", "i4"),
        ("weight", "f8"),
        ("position", "3f8"),
        ("axes", "(3,3)f8"),
        ("tint", "3f8"),
    ],
    align=True,
)
"""A placed model: world = position + weight * sway of its group + axes @ model; label is a flower or -1."""

TWIG = np.dtype(
    [
        ("group", "i4"),
        ("reserved", "i4"),
        ("from", "3f8"),
        ("to", "3f8"),
        ("radius_from", "f8"),
        ("radius_to", "f8"),
        ("weight_from", "f8"),
        ("weight_to", "f8"),
        ("colour", "3f8"),
    ],
    align=True,
)
"""A straight piece of stem, rachis, pedicel, string or pipe."""


def strands(
    points: NDArray[np.float64],
    radius: NDArray[np.float64],
    colour: Sequence[float],
    group: int = 0,
    weight: NDArray[np.float64] | None = None,
) -> NDArray[np.void]:
    """Return the twigs (n - 1,) of a line through points (n, 3) with radius and sway weight (n,) on them."""
    twigs = np.zeros(len(points) - 1, dtype=TWIG)
    twigs["group"] = group
    twigs["from"], twigs["to"] = points[:-1], points[1:]
    twigs["radius_from"], twigs["radius_to"] = radius[:-1], radius[1:]
    if weight is not None:
        twigs["weight_from"], twigs["weight_to"] = weight[:-1], weight[1:]
    twigs["colour"] = colour
    return twigs


def pairs(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    *,
    radius: NDArray[np.float64] | float,
    colour: Sequence[float],
    group: NDArray[np.int32] | int,
    weight: NDArray[np.float64],
) -> NDArray[np.void]:
    """Return one twig for each pair of points (n, 3) that sways as a whole with `weight` (n,)."""
    twigs = np.zeros(len(start), dtype=TWIG)
    twigs["group"], twigs["from"], twigs["to"] = group, start, end
    twigs["radius_from"] = twigs["radius_to"] = radius
    twigs["weight_from"] = twigs["weight_to"] = weight
    twigs["colour"] = colour
    return twigs


def facing(axis: NDArray[np.float64], spin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rotations (n, 3, 3) that take a model's z to axis (n, 3), turned by spin (n,) about it."""
    helper = np.where(np.abs(axis[:, 1:2]) < 0.9, np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    x = unit(cross(helper, axis))
    y = cross(axis, x)
    c, s = cos_turns(spin)[:, None], sin_turns(spin)[:, None]
    return np.stack([c * x + s * y, c * y - s * x, axis], axis=-1)
