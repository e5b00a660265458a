"""The list of shapes that a plant is put together from: plants refer to them, the renderer models them."""

from __future__ import annotations

from typing import Final, Literal

Look = Literal["plain", "photo"]
"""How flowers and leaves are modelled: plain, or closer to photographs (more triangles, slower)."""

Shape = Literal["open", "bud", "spent", "leaflet", "fruit", "calyx", "hanging", "spear", "tube", "quilted"]
"""The last four are the photo look's open flower, bud, spent flower and leaflet."""

VARIANTS: Final[dict[Shape, int]] = {
    "open": 14,
    "bud": 10,
    "spent": 14,
    "leaflet": 6,
    "fruit": 1,
    "calyx": 3,
    "hanging": 14,
    "spear": 10,
    "tube": 14,
    "quilted": 6,
}
"""How many different models each shape has. New ones come last: the others keep their numbers."""

FLOWERS_OF: Final[dict[Look, tuple[Shape, Shape, Shape]]] = {
    "plain": ("bud", "open", "spent"),
    "photo": ("spear", "hanging", "tube"),
}
"""Each look's shapes in the order of the stages."""

LEAFLET_OF: Final[dict[Look, Shape]] = {"plain": "leaflet", "photo": "quilted"}

SIZES_M: Final[dict[Shape, float]] = {
    "open": 0.0125,
    "bud": 0.004,
    "spent": 0.0075,
    "leaflet": 1.0,
    "fruit": 1.0,
    "calyx": 1.0,
    "hanging": 0.0125,
    "spear": 0.006,
    "tube": 0.008,
    "quilted": 1.0,
}
"""Radius of a model at scale one; leaflets, fruits and calyces are of unit length and scaled to size."""


def first_model(shape: Shape) -> int:
    """Return the index of a shape's first model in the library."""
    shapes = list(VARIANTS)
    return sum(VARIANTS[other] for other in shapes[: shapes.index(shape)])
