"""All models in the arrays that the rasteriser reads; built once a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from sim.render.flower_meshes import bud, open_flower, spent_flower
from sim.render.leaf_meshes import calyx, fruit, leaflet, textures
from sim.render.meshes import MESH, Mesh
from sim.render.photo_meshes import hanging_flower, quilted_leaflet, spear_bud, withered_tube
from sim.shapes import VARIANTS, Shape

LIBRARY_SEED = 20_260_101

MODELLERS: Final[dict[Shape, Callable[[Generator], Mesh]]] = {
    "open": open_flower,
    "bud": bud,
    "spent": spent_flower,
    "leaflet": leaflet,
    "fruit": fruit,
    "calyx": calyx,
    "hanging": hanging_flower,
    "spear": spear_bud,
    "tube": withered_tube,
    "quilted": quilted_leaflet,
}


@dataclass(frozen=True, slots=True)
class Library:
    """Vertices, faces (F, 3) counted from each mesh's own first vertex, the table of meshes, and textures."""

    vertices: NDArray[np.void]
    faces: NDArray[np.int32]
    meshes: NDArray[np.void]
    textures: NDArray[np.uint8]
    reach: NDArray[np.float64]
    """Distance of each mesh's farthest vertex from its origin, (meshes,)."""


@cache
def library() -> Library:
    """Return the library; the same to the bit in every process."""
    models = [
        MODELLERS[shape](Generator(PCG64([LIBRARY_SEED, number, variant])))
        for number, (shape, count) in enumerate(VARIANTS.items())
        for variant in range(count)
    ]
    table = np.zeros(len(models), dtype=MESH)
    vertex = face = 0
    for row, model in zip(table, models, strict=True):
        row["vertex_begin"], row["vertex_end"] = vertex, vertex + len(model.vertices)
        row["face_begin"], row["face_end"] = face, face + len(model.faces)
        row["flags"], row["texture"] = model.flags, model.texture
        vertex, face = vertex + len(model.vertices), face + len(model.faces)
    places = [model.vertices["position"] for model in models]
    return Library(
        vertices=np.concatenate([model.vertices for model in models]),
        faces=np.ascontiguousarray(np.concatenate([model.faces for model in models])),
        meshes=table,
        textures=textures(Generator(PCG64([LIBRARY_SEED]))),
        reach=np.sqrt(np.array([np.max((place * place).sum(axis=-1)) for place in places])),
    )
