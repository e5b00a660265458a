"""Windows keep their boxes on the flowers, whatever the zoom and the mirror."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.training.augment import (
    AugmentConfig,
    augmented,
    photo_window,
    relit,
    scene_window,
    turned,
    window_of,
)
from vision.training.scenes import Sample

PLAIN = AugmentConfig(size=(128, 96), light=0, cast=0, gamma=0, saturation=(1, 1), noise=0, blur=0)


def _scene() -> Sample:
    image = np.zeros((200, 300, 3), np.uint8)
    image[80:110, 140:180] = 255
    boxes = np.array([[140, 80, 180, 110]], np.float32)
    return Sample(image, boxes, np.array([1], np.int32), np.array([False]))


@given(st.integers(0, 10_000))
@pytest.mark.parametrize("take", [scene_window, photo_window])
def test_the_box_stays_on_the_flower(take: Callable[..., Sample], seed: int) -> None:
    random = np.random.default_rng(seed)
    window = augmented(take(_scene(), random, PLAIN), random, PLAIN)
    assert window.image.shape == (96, 128, 3)
    bright = np.argwhere(window.image[..., 0] > 127)
    if not len(bright) or not len(window.boxes):
        return
    seen = np.array([*bright.min(axis=0)[::-1], *(bright.max(axis=0)[::-1] + 1)], np.float64)
    assert np.abs(seen - window.boxes[0]).max() <= 2.5


def test_four_quarter_turns_are_none() -> None:
    scene = _scene()
    assert turned(scene, 1).image.shape == (300, 200, 3)
    assert (turned(scene, 4).boxes == scene.boxes).all() and (turned(scene, 4).image == scene.image).all()
    assert turned(scene, 1).boxes.tolist() == [[80.0, 120.0, 110.0, 160.0]]


def test_a_flower_mostly_outside_the_window_is_ignored() -> None:
    window = window_of(_scene(), 1.0, (170.0, 50.0), PLAIN)
    assert window.ignore.tolist() == [True]
    assert window.boxes[0].tolist() == [0.0, 30.0, 10.0, 60.0]


def test_a_flower_outside_the_window_is_gone() -> None:
    assert len(window_of(_scene(), 1.0, (0.0, 0.0), PLAIN).boxes) == 0


def test_a_window_larger_than_the_picture_is_padded_black() -> None:
    window = window_of(_scene(), 0.3, (0.0, 0.0), PLAIN)
    assert window.image.shape == (96, 128, 3)
    assert not window.image[60:].any()


@pytest.mark.parametrize("seed", range(8))
def test_photos_are_zoomed_to_the_wanted_flower_size(seed: int) -> None:
    config = PLAIN.model_copy(update={"photo_flower_px": (20.0, 24.0)})
    window = photo_window(_scene(), np.random.default_rng(seed), config)
    for box, ignored in zip(window.boxes, window.ignore, strict=True):
        if not ignored and box.min() > 0 and box[2] < 128 and box[3] < 96:
            assert 19.0 <= (box[2] - box[0] + box[3] - box[1]) / 2 <= 26.0


def test_the_same_random_numbers_give_the_same_picture() -> None:
    one, two = (relit(_scene().image, np.random.default_rng(5), AugmentConfig()) for _ in range(2))
    assert (one == two).all()


def test_a_photo_without_flowers_gives_an_empty_window() -> None:
    empty = Sample(_scene().image, np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.bool_))
    assert len(photo_window(empty, np.random.default_rng(0), PLAIN).boxes) == 0
