"""Compound leaves of one plant: leaf stalks, leaflets, and the blades that stand in an air jet's way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sim.shapes import LEAFLET_OF, VARIANTS, Look, first_model
from sim.trigonometry import cos_turns, cross, sin_turns, unit
from sim.twigs import PART, TWIG, pairs
from sim.world_config import WorldConfig

BLADE = np.dtype(
    [
        ("centre", "3f8"),
        ("along", "3f8"),
        ("normal", "3f8"),
        ("half", "2f8"),
        ("weight", "f8"),
        ("group", "i4"),
    ]
)
"""A leaflet as an ellipse: centre, unit vectors, half length and half width (m), sway weight and group."""

STALK_GREEN = (0.11, 0.2, 0.06)
LEAF_GREEN = np.array([0.058, 0.145, 0.036])
LEAF_GREEN_OF: Final[dict[Look, NDArray[np.float64]]] = {
    "plain": LEAF_GREEN,
    "photo": np.array([0.05, 0.128, 0.05]),
}
LEAFLETS = 9
PLACE_ON_STALK = np.array([0.3, 0.3, 0.52, 0.52, 0.66, 0.74, 0.74, 0.88, 1.0])
SIZE = np.array([0.27, 0.27, 0.34, 0.34, 0.13, 0.33, 0.33, 0.13, 0.4])
SPREAD = np.array([0.2, -0.2, 0.19, -0.19, 0.2, 0.16, -0.16, -0.2, 0.0])
"""Where the leaflets of a leaf sit on its stalk, their length in leaf lengths, their angle in turns."""

UP, AISLE = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True, slots=True)
class Leaves:
    """All leaves of a plant; leaf k sways as group `first_group + k`."""

    parts: NDArray[np.void]
    twigs: NDArray[np.void]
    blades: NDArray[np.void]
    count: int


def grow_leaves(
    config: WorldConfig, rng: Generator, stem_at: Callable[[float], NDArray[np.float64]], first_group: int
) -> Leaves:
    """Return the leaves of the crown and the few left in the truss zone, most turned from the path."""
    low, high = config.zone_leaves
    zone = int(rng.integers(low, high + 1))
    crown = config.crown_leaves
    heights = np.concatenate([1.42 + 0.46 * rng.random(zone), 1.88 + 0.07 * np.arange(crown)])
    azimuth = np.concatenate([_zone_azimuth(config, rng, zone), rng.random() + 0.4 * np.arange(crown)])
    elevation = np.concatenate([0.06 - 0.14 * rng.random(zone), 0.08 - 0.16 * rng.random(crown)])
    length = config.leaf_length_m[0] + (config.leaf_length_m[1] - config.leaf_length_m[0]) * rng.random(
        zone + crown
    )
    length[:zone] *= 0.8
    if not len(heights):
        return Leaves(np.zeros(0, PART), np.zeros(0, TWIG), np.zeros(0, BLADE), 0)
    bases = np.stack([stem_at(float(h)) for h in heights])
    flat = cos_turns(elevation)
    way = np.stack([sin_turns(azimuth) * flat, sin_turns(elevation), -cos_turns(azimuth) * flat], axis=-1)
    groups = first_group + np.arange(zone + crown, dtype=np.int32)
    return _compound(rng, bases, way, length, groups, config.look)


def _zone_azimuth(config: WorldConfig, rng: Generator, count: int) -> NDArray[np.float64]:
    """Turns from the path's direction: 0 points into the path, 0.5 away from it."""
    behind = 0.25 + 0.5 * rng.random(count)
    return np.where(rng.random(count) < config.front_leaf_share, rng.random(count), behind)


def _compound(
    rng: Generator,
    bases: NDArray[np.float64],
    way: NDArray[np.float64],
    length: NDArray[np.float64],
    groups: NDArray[np.int32],
    look: Look,
) -> Leaves:
    count = len(bases)
    place = PLACE_ON_STALK[None, :, None]
    span = length[:, None, None]
    sag = (0.1 + 0.35 * rng.random((count, 1, 1))) * span
    root = bases[:, None, :] + way[:, None, :] * place * span - sag * place * place * UP
    stalk = unit(way[:, None, :] - 2.0 * sag / span * place * UP)
    across = unit(cross(stalk, np.broadcast_to(UP, stalk.shape)))
    angle = SPREAD[None, :] + 0.05 * (rng.random((count, LEAFLETS)) - 0.5)
    along = cos_turns(angle)[..., None] * stalk + sin_turns(angle)[..., None] * across
    along = unit(along - (0.15 + 0.9 * rng.random((count, LEAFLETS, 1))) * UP)
    normal = UP + 0.45 * AISLE + 0.9 * (rng.random((count, LEAFLETS, 3)) - 0.5)
    side = unit(cross(normal, along))
    normal = cross(along, side)
    size = (SIZE[None, :] * length[:, None]) * (0.85 + 0.3 * rng.random((count, LEAFLETS)))
    return _assemble(
        rng, bases=bases, root=root, frame=(along, side, normal), size=size, groups=groups, look=look
    )


def _assemble(
    rng: Generator,
    *,
    bases: NDArray[np.float64],
    root: NDArray[np.float64],
    frame: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    size: NDArray[np.float64],
    groups: NDArray[np.int32],
    look: Look,
) -> Leaves:
    count, total = len(bases), len(bases) * LEAFLETS
    along, side, normal = frame
    group = np.repeat(groups, LEAFLETS)
    weight = np.tile(PLACE_ON_STALK, count)
    parts = np.zeros(total, dtype=PART)
    parts["mesh"] = first_model(LEAFLET_OF[look]) + rng.integers(0, VARIANTS[LEAFLET_OF[look]], total)
    parts["label"], parts["group"], parts["weight"] = -1, group, weight
    parts["position"] = root.reshape(-1, 3)
    axes = np.stack([along, side, normal], axis=-1) * size[..., None, None]
    parts["axes"] = axes.reshape(-1, 3, 3)
    leaf_tint = np.repeat(0.75 + 0.5 * rng.random((count, 1)), LEAFLETS, axis=0)
    hue = 1.0 + np.array([0.5, 0.25, 0.1]) * (rng.random((total, 1)) - 0.4)
    parts["tint"] = LEAF_GREEN_OF[look] * leaf_tint * hue
    blades = np.zeros(total, dtype=BLADE)
    blades["along"], blades["normal"] = along.reshape(-1, 3), normal.reshape(-1, 3)
    blades["half"] = size.reshape(-1, 1) * np.array([0.5, 0.24])
    blades["centre"] = (root + 0.48 * size[..., None] * along).reshape(-1, 3)
    blades["weight"], blades["group"] = weight, group
    return Leaves(parts, _stalks(bases, root, groups), blades, count)


def _stalks(
    bases: NDArray[np.float64], root: NDArray[np.float64], groups: NDArray[np.int32]
) -> NDArray[np.void]:
    """The leaf's midrib through its leaflets' roots, one of each pair."""
    steps = [0, 2, 4, 5, 7, 8]
    line = np.concatenate([bases[:, None, :], root[:, steps]], axis=1)
    weight = np.concatenate([[0.0], PLACE_ON_STALK[steps]])
    pieces = [
        pairs(
            line[:, k],
            line[:, k + 1],
            radius=0.0022 - 0.00025 * k,
            colour=STALK_GREEN,
            group=groups,
            weight=np.full(len(bases), weight[k]),
        )
        for k in range(len(steps))
    ]
    for k, piece in enumerate(pieces):
        piece["weight_to"] = weight[k + 1]
    return np.concatenate(pieces)
