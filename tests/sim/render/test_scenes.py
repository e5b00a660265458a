"""Training scenes: fixed by their seed, labelled, and different from each other."""

from __future__ import annotations

import numpy as np
import pytest

from sim.render.scenes import LEAST_SIDE_PX, SceneSampler


@pytest.fixture(scope="module")
def sampler() -> SceneSampler:
    return SceneSampler(width=320, height=192)


def test_a_scene_depends_on_its_seed_only(sampler: SceneSampler) -> None:
    for _ in range(2):
        sampler.sample(11)
    again = SceneSampler(width=320, height=192).sample(4)
    first = sampler.sample(4)
    for mine, other in zip(first, again, strict=True):
        assert np.array_equal(np.asarray(mine), np.asarray(other))


def test_seeds_and_pools_differ(sampler: SceneSampler) -> None:
    image = sampler.sample(1)[0]
    assert not np.array_equal(image, sampler.sample(2)[0])
    assert not np.array_equal(image, SceneSampler(width=320, height=192, pool=1).sample(1)[0])


def test_scenes_are_shaped_for_training(sampler: SceneSampler) -> None:
    seen = np.zeros(3, np.int64)
    for seed in range(12):
        image, boxes, stages, ignore = sampler.sample(seed)
        assert image.shape == (192, 320, 3)
        assert image.dtype == np.uint8
        assert boxes.dtype == np.float32
        assert len(boxes) == len(stages) == len(ignore)
        sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=1e9)
        assert ignore[sides < LEAST_SIDE_PX].all()
        seen += np.bincount(stages[~ignore], minlength=3)
    assert (seen > 5).all()
