"""The list of shapes that a plant is put together from: plants refer to them, the renderer models them."""

from __future__ import annotations

from typing import Final, Literal

Shape = Literal["open", "bud", "spent", "leaflet", "fruit", "calyx"]

VARIANTS: Final[dict[Shape, int]] = {"open": 14, "bud": 10, "spent": 14, "leaflet": 6, "fruit": 1, "calyx": 3}
"""How many different models each shape has."""

SIZES_M: Final[dict[Shape, float]] = {
    "open": 0.0125,
    "bud": 0.004,
    "spent": 0.0075,
    "leaflet": 1.0,
    "fruit": 1.0,
    "calyx": 1.0,
}
"""Radius of a model at scale one; leaflets, fruits and calyces are of unit length and scaled to size."""


def first_model(shape: Shape) -> int:
    """Return the index of a shape's first model in the library."""
    shapes = list(VARIANTS)
    return sum(VARIANTS[other] for other in shapes[: shapes.index(shape)])
