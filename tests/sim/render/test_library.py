"""The library of models: whole, of the sizes that plants count on, and within the rasteriser's limits."""

from __future__ import annotations

import numpy as np
import pytest

from sim.render import _raster
from sim.render.library import library
from sim.render.meshes import MESH, VERTEX
from sim.render.raster import BOX
from sim.shapes import SIZES_M, VARIANTS, Shape, first_model
from sim.twigs import PART, TWIG


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("raster_vertex", VERTEX.itemsize),
        ("raster_mesh", MESH.itemsize),
        ("raster_part", PART.itemsize),
        ("raster_twig", TWIG.itemsize),
        ("raster_box", BOX.itemsize),
    ],
)
def test_arrays_are_laid_out_as_in_c(name: str, size: int) -> None:
    assert _raster.ffi.sizeof(name) == size


def test_every_face_names_a_vertex_of_its_mesh() -> None:
    models = library()
    assert len(models.meshes) == sum(VARIANTS.values())
    for mesh in models.meshes:
        count = mesh["vertex_end"] - mesh["vertex_begin"]
        faces = models.faces[mesh["face_begin"] : mesh["face_end"]]
        assert 0 < count <= _raster.lib.RASTER_MAX_MESH_VERTICES
        assert len(faces) > 0
        assert faces.min() >= 0
        assert faces.max() < count


@pytest.mark.parametrize("shape", ["open", "bud", "spent"])
def test_models_are_about_as_large_as_stated(shape: Shape) -> None:
    first = first_model(shape)
    reach = library().reach[first : first + VARIANTS[shape]]
    assert (reach > 0.8 * SIZES_M[shape]).all()
    assert (reach < 2.2 * SIZES_M[shape]).all()


def test_vertices_are_finite_and_normals_have_length_one_or_none() -> None:
    vertices = library().vertices
    assert np.isfinite(vertices["position"]).all()
    length = np.sqrt((vertices["normal"] ** 2).sum(axis=1))
    assert (np.isclose(length, 1.0) | (length == 0.0)).all()
