"""The photo look is a choice: without it models and frames stay what they were, to the bit."""

import hashlib

import numpy as np
import pytest

from sim.render.library import library
from sim.render.scenes import SceneSampler
from sim.shapes import FLOWERS_OF, LEAFLET_OF, SIZES_M, VARIANTS, Shape, first_model
from sim.world import World
from sim.world_config import WorldConfig

PLAIN_MODELS = 48
PLAIN_SHA256 = "92730620724be31a"
"""Of the plain look's models and textures; detectors were trained on them."""


def test_plain_models_are_what_they_were() -> None:
    models = library()
    last = models.meshes[PLAIN_MODELS - 1]
    assert first_model("hanging") == PLAIN_MODELS
    vertices, faces = models.vertices[: last["vertex_end"]], models.faces[: last["face_end"]]
    digest = hashlib.sha256()
    for name in ("position", "normal", "colour", "uv"):
        digest.update(vertices[name].tobytes())
    digest.update(faces.tobytes())
    digest.update(models.textures.tobytes())
    assert digest.hexdigest().startswith(PLAIN_SHA256)


@pytest.mark.parametrize("shape", FLOWERS_OF["photo"])
def test_photo_models_are_about_as_large_as_stated(shape: Shape) -> None:
    reach = library().reach[first_model(shape) : first_model(shape) + VARIANTS[shape]]
    assert (reach > 0.8 * SIZES_M[shape]).all()
    assert (reach < 2.5 * SIZES_M[shape]).all()


def test_both_looks_grow_the_same_flowers_at_the_same_places() -> None:
    plain, photo = (
        World.build(WorldConfig(row_length_m=2.0, look=look), 5).left for look in ("plain", "photo")
    )
    assert np.array_equal(plain.stages, photo.stages)
    assert np.array_equal(plain.positions, photo.positions)
    meshes = set(photo.parts["mesh"].tolist())
    assert first_model("open") not in meshes
    assert meshes & set(range(first_model(LEAFLET_OF["photo"]), first_model(LEAFLET_OF["photo"]) + 6))


def test_scenes_of_the_photo_look_differ_and_repeat() -> None:
    plain, photo, again = (
        SceneSampler(width=320, height=192, look=look).sample(4)[0] for look in ("plain", "photo", "photo")
    )
    assert np.array_equal(photo, again)
    assert not np.array_equal(plain, photo)
