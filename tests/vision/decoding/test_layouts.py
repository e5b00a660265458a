"""Whatever numbers a graph gives, NaN and infinities too, its rows are finite, sorted and inside the input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from numpy.typing import NDArray

from vision.decoding.fit import fit_into, taken_back
from vision.decoding.layouts import decode
from vision.decoding.rows import MOST_ROWS, Rows, sigmoid
from vision.model_card import ModelCard

SIZE = 96, 64
COUNT = 4
NUMBERS = st.floats(width=32) | st.floats(-5, 100, width=32) | st.floats(0, 1, width=32)


def card(layout: str, **output: Any) -> ModelCard:
    fields: dict[str, Any] = {
        "name": "other",
        "layout": layout,
        "classes": ["open", "fruit", "spent", "bud"],
        "input_size": SIZE,
        "sha256": "0" * 64,
        "score_threshold": 0.3,
    }
    return ModelCard.model_validate(fields | ({"output": output} if output else {}))


def arrays(*shape: int) -> st.SearchStrategy[NDArray[np.float32]]:
    return stn.arrays(np.float32, shape, elements=NUMBERS)


def sound(found: Rows, threshold: float) -> None:
    boxes, stages, scores = found
    assert boxes.shape == (len(scores), 4) and stages.shape == (len(scores), 3) and len(scores) <= MOST_ROWS
    assert boxes.dtype == stages.dtype == scores.dtype == np.float32
    assert np.isfinite(boxes).all() and ((stages >= 0) & (stages <= 1)).all()
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    assert (boxes[:, :2] < SIZE).all() and (boxes[:, 2:] > 0).all()
    assert (scores >= np.float32(threshold)).all() and (np.diff(scores) <= 0).all()
    assert np.array_equal(scores, stages.max(axis=1, initial=0.0))


@settings(max_examples=15, deadline=None)
@given(st.data(), st.floats(0.01, 0.99))
def test_any_numbers_give_sound_rows(data: st.DataObject, threshold: float) -> None:
    rows = data.draw(st.integers(0, 8))
    v8, boxes = card("yolov8"), data.draw(arrays(1, rows, 4))
    sound(decode({"out": data.draw(arrays(1, 4 + COUNT, rows))}, v8, threshold), threshold)
    sound(decode({"out": data.draw(arrays(1, rows, 6))}, v8, threshold), threshold)
    sound(
        decode({"out": data.draw(arrays(1, rows, 4 + 1 + COUNT))}, card("yolox", scores="logits"), threshold),
        threshold,
    )
    raw = {"logits": data.draw(arrays(1, rows, COUNT)), "pred_boxes": boxes}
    sound(decode(raw, card("dfine"), threshold), threshold)
    labels = data.draw(stn.arrays(np.int64, (1, rows), elements=st.integers(-(2**40), 2**40)))
    deployed = {"labels": labels, "boxes": boxes, "scores": data.draw(arrays(1, rows))}
    sound(decode(deployed, card("dfine"), threshold), threshold)


@settings(max_examples=15, deadline=None)
@given(arrays(1, 126, 9), st.floats(0.01, 0.99))
def test_any_numbers_on_a_grid_give_sound_rows(array: NDArray[np.float32], threshold: float) -> None:
    sound(decode({"out": array}, card("yolox", boxes="grid"), threshold), threshold)


@settings(max_examples=40)
@given(stn.arrays(np.float32, 20, elements=NUMBERS))
def test_a_sigmoid_never_overflows_and_keeps_nan(logits: NDArray[np.float32]) -> None:
    with np.errstate(all="raise", under="ignore"):
        found = sigmoid(logits[~np.isnan(logits)])
    assert ((found >= 0) & (found <= 1)).all()
    assert np.isnan(sigmoid(np.array([np.nan], np.float32))).all()
    assert sigmoid(np.array([0.0, 2.0], np.float32)) == pytest.approx([0.5, 1 / (1 + np.exp(-2.0))], rel=1e-6)


@settings(max_examples=60)
@given(
    st.integers(8, 400),
    st.integers(8, 400),
    st.sampled_from(["corner", "centre", "stretch"]),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_a_box_goes_in_and_comes_back(width: int, height: int, way: Any, shares: list[float]) -> None:
    """A picture box, placed in the input as the picture is, is the same box when taken back."""
    target = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    fit = fit_into(np.full((height, width, 3), 200, np.uint8), target, way, 7)
    box = np.array([[*shares]]) * [width - 1, height - 1, width - 1, height - 1]
    scale = np.array([fit.scale_x, fit.scale_y] * 2)
    inside = (box * scale + [fit.left, fit.top] * 2).astype(np.float32)
    assert taken_back(inside, fit, width, height) == pytest.approx(box, abs=2e-3 * max(1.0, 1 / scale.min()))
    x0, y0, x1, y1 = (round(v) for v in fit.region(width, height))
    assert (target[y0:y1, x0:x1] == 200).all()
    assert (target[:y0] == 7).all() and (target[y1 + 1 :] == 7).all()
    assert (target[:, :x0] == 7).all() and (target[:, x1 + 1 :] == 7).all()


def test_more_rows_than_a_frame_can_hold_are_cut_to_the_best() -> None:
    rows = np.tile(np.array([40, 30, 20, 10, 0, 0, 0, 0], np.float32), (500, 1))
    rows[:, 4] = np.linspace(0.4, 0.9, 500)
    found = decode({"out": np.ascontiguousarray(rows.T)[None]}, card("yolov8"), 0.3)
    assert len(found.scores) == MOST_ROWS
    assert found.scores[0] == pytest.approx(0.9)
