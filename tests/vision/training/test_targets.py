"""What the network is asked to say about a labelled picture."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vision.training.targets import LEAST_SIDE_PX, STRIDE, decode, encode

SIZE = (256, 192)
SLOT = 64
SIDES = st.floats(LEAST_SIDE_PX, 60.0, width=32)


@given(st.lists(st.tuples(SIDES, SIDES, st.integers(0, 2)), min_size=1, max_size=12))
def test_flowers_apart_come_back_from_their_targets(flowers: list[tuple[float, float, int]]) -> None:
    corners = [(float(k % 4) * SLOT, float(k // 4) * SLOT) for k in range(len(flowers))]
    boxes = np.array(
        [(x, y, x + w, y + h) for (x, y), (w, h, _) in zip(corners, flowers, strict=True)], np.float32
    )
    stages = np.array([stage for *_, stage in flowers], np.int32)
    found, found_stages = decode(encode(boxes, stages, np.zeros(len(boxes), np.bool_), SIZE))
    order = np.lexsort((found[:, 0] // SLOT, found[:, 1] // SLOT))
    assert found.shape == boxes.shape
    assert np.abs(found[order] - boxes).max() <= 1e-3
    assert (found_stages[order] == stages).all()


def test_each_flower_is_hottest_at_its_middle_in_its_own_stage_only() -> None:
    targets = encode(
        np.array([[40, 40, 72, 60]], np.float32), np.array([1], np.int32), np.array([False]), SIZE
    )
    assert targets.heat[1].max() == targets.heat[1, 50 // STRIDE, 56 // STRIDE] == 1.0
    assert not targets.heat[[0, 2]].any()


def test_an_ignored_region_counts_nowhere_and_teaches_no_box() -> None:
    box = np.array([[40, 40, 72, 60]], np.float32)
    targets = encode(box, np.array([1], np.int32), np.array([True]), SIZE)
    assert not targets.counts[10:15, 10:18].any()
    assert targets.counts.sum() == targets.counts.size - 5 * 8
    assert not targets.heat.any() and not targets.box_weight.any()


def test_a_flower_inside_an_ignored_region_still_counts() -> None:
    boxes = np.array([[0, 0, 120, 120], [40, 40, 72, 60]], np.float32)
    targets = encode(boxes, np.array([0, 1], np.int32), np.array([True, False]), SIZE)
    assert targets.counts[12, 14] == 1.0
    assert targets.counts[2, 2] == 0.0


def test_a_flower_too_small_to_see_is_left_out() -> None:
    targets = encode(
        np.array([[40, 40, 43, 43]], np.float32), np.array([1], np.int32), np.array([False]), SIZE
    )
    assert not targets.heat.any()
    assert targets.counts[10, 10] == 0.0


def test_a_picture_without_flowers_counts_everywhere() -> None:
    targets = encode(np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.bool_), SIZE)
    assert targets.counts.all() and not targets.heat.any()
