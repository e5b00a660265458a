"""A flower cut from one picture stands whole in another, with its box."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.training.augment import AugmentConfig
from vision.training.paste import pasted
from vision.training.scenes import Sample

CONFIG = AugmentConfig(size=(160, 128), photo_flower_px=(12.0, 40.0))


def _donor(ignored: bool = False) -> Sample:
    image = np.zeros((200, 300, 3), np.uint8)
    image[80:120, 140:180] = 255
    return Sample(
        image, np.array([[140, 80, 180, 120]], np.float32), np.array([1], np.int32), np.array([ignored])
    )


def _window(boxes: list[list[float]]) -> Sample:
    count = len(boxes)
    return Sample(
        np.zeros((128, 160, 3), np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.zeros(count, np.int32),
        np.zeros(count, np.bool_),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_new_box_lies_on_the_new_flower(seed: int) -> None:
    window = pasted(_window([]), _donor(), np.random.default_rng(seed), CONFIG)
    assert window.stages.tolist() == [1] and window.ignore.tolist() == [False]
    bright = np.argwhere(window.image[..., 0] > 127)
    seen = np.array([*bright.min(axis=0)[::-1], *(bright.max(axis=0)[::-1] + 1)], np.float64)
    assert np.abs(seen - window.boxes[0]).max() <= 2.5
    assert window.boxes[0, 0] >= 0 and window.boxes[0, 2] <= 160


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_flower_under_another_is_not_judged(seed: int) -> None:
    before = _window([[0, 0, 159, 127], [70, 50, 76, 56]])
    after = pasted(before, _donor(), np.random.default_rng(seed), CONFIG)
    x0, y0, x1, y1 = after.boxes[-1]
    # The large one stays; the small one is kept, unsure or gone by how much of it lies under the new flower.
    assert not after.ignore[0] and len(after.boxes) >= 2
    inside = x0 <= 70 and y0 <= 50 and x1 >= 76 and y1 >= 56
    outside = x0 >= 76 or x1 <= 70 or y0 >= 56 or y1 <= 50
    assert len(after.boxes) == 2 if inside else True
    assert (len(after.boxes) == 3 and not after.ignore[1]) if outside else True


def test_a_flower_that_cannot_be_judged_is_not_cut_out() -> None:
    window = _window([[1, 2, 30, 40]])
    assert pasted(window, _donor(ignored=True), np.random.default_rng(1), CONFIG) is window
