"""Which frames of a recording are picked, and for what reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.datasets.pick import LEVELS, FrameView, choose_frames, contradictions, shifts, uncertainty
from vision.types import Detections

GREY = (80.0, 80.0, 80.0)
COLOURS = np.array([80.0] * 3), np.array([10.0] * 3)


def found(*rows: tuple[float, float, float], score: float = 0.95) -> Detections:
    count = len(rows)
    stages = np.array(rows, np.float32).reshape(-1, 3)
    return Detections(np.zeros((count, 4), np.float32), stages, np.full(count, score, np.float32))


def view(
    seq: int, *rows: tuple[float, float, float], score: float = 0.95, ids: tuple[int, ...] = ()
) -> FrameView:
    flowers = np.array(ids or [-1] * len(rows), np.int64)
    return FrameView("left", seq, seq / 15, seq * 0.2, GREY, found(*rows, score=score), flowers)


SURE = (0.0, 0.95, 0.0)


def test_a_sure_frame_is_certain_and_one_at_the_threshold_is_not() -> None:
    assert uncertainty(found(SURE), 0.35) < 0.1
    assert uncertainty(found(*[SURE] * 5, score=0.35), 0.35) == pytest.approx(1.0)
    assert uncertainty(found(*[(0.9, 0.9, 0.9)] * 5), 0.35) > 0.9, "the stages are undecided"
    assert uncertainty(found(), 0.35) == 0.0
    assert uncertainty(found(*[SURE] * 2, score=0.35), 0.35) < uncertainty(
        found(*[SURE] * 4, score=0.35), 0.35
    )


def test_the_view_that_says_another_stage_is_contradicted() -> None:
    views = [view(k, SURE, ids=(7,)) for k in range(4)] + [view(4, (0.9, 0.0, 0.0), ids=(7,))]
    values = contradictions(views)
    assert values.argmax() == 4 and values[4] > 0.5
    assert (values[:4] < LEVELS["contradicted"]).all()
    assert (contradictions(views[3:]) == 0).all(), "two views tell nothing"
    other_side = [replace(views[4], side="right"), *views[:3]]
    assert contradictions(other_side).max() < 0.01


def test_a_colour_unlike_training_is_shifted() -> None:
    views = [view(0), replace(view(1), mean_bgr=(80.0, 80.0, 130.0))]
    assert shifts(views, COLOURS).tolist() == [0.0, 5.0]
    several = [replace(view(k), mean_bgr=(80.0 + k % 3, 80.0, 80.0)) for k in range(9)]
    odd = replace(view(9), mean_bgr=(200.0, 80.0, 80.0))
    assert shifts([*several, odd], None).argmax() == 9


def test_reasons_take_turns_and_the_rest_is_spread() -> None:
    views = [view(k, SURE, ids=(k // 5,)) for k in range(40)]
    views[3] = view(3, *[SURE] * 5, score=0.35)
    views[17] = view(17, (0.95, 0.0, 0.0), ids=(3,))
    views[30] = replace(views[30], mean_bgr=(160.0, 80.0, 80.0))
    picks = choose_frames(views, 6, 0.35, COLOURS)
    reasons = {pick.index: pick.reason for pick in picks}
    assert (reasons[3], reasons[17], reasons[30]) == ("uncertain", "contradicted", "shifted")
    assert [pick.index for pick in picks] == sorted(reasons)
    assert sum(reason == "spread" for reason in reasons.values()) == 3


def test_frames_of_the_same_flowers_are_not_picked_twice() -> None:
    views = [replace(view(k, *[SURE] * 5, score=0.35), s=k * 0.01) for k in range(30)]
    assert [pick.index for pick in choose_frames(views, 30, 0.35, COLOURS)] == [0, 15]
    no_place = [replace(view(k, *[SURE] * 5, score=0.35), s=None) for k in range(30)]
    assert [pick.index for pick in choose_frames(no_place, 30, 0.35, COLOURS)] == [0, 15]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(*[st.floats(width=32)] * 3), max_size=3),
            st.floats(0, 1),
            st.sampled_from(["left", "right"]),
            st.none() | st.floats(0, 3),
        ),
        max_size=12,
    ),
    st.integers(1, 8),
)
def test_any_detections_give_at_most_count_frames_once_each(rows: list, count: int) -> None:  # type: ignore[type-arg]
    views = [
        replace(view(k, *stages, score=score, ids=tuple(range(len(stages)))), side=side, s=s)
        for k, (stages, score, side, s) in enumerate(rows)
    ]
    picks = choose_frames(views, count, 0.35)
    assert len(picks) <= count
    assert len({pick.index for pick in picks}) == len(picks)
    assert all(0 <= pick.values["uncertain"] <= 1 and 0 <= pick.values["contradicted"] <= 1 for pick in picks)
    assert bool(picks) == bool(views)
