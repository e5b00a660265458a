"""Figures of a model on samples with known answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vision.training.assess import domain_statistics, figures
from vision.training.scenes import Sample
from vision.types import Detections


def _sample() -> Sample:
    boxes = np.array([[10, 10, 30, 30], [50, 10, 70, 30], [90, 10, 110, 30], [130, 10, 150, 30]], np.float32)
    image = np.full((64, 160, 3), (10, 20, 30), np.uint8)
    return Sample(image, boxes, np.array([0, 1, 2, 1], np.int32), np.array([False, False, False, True]))


def _seen(stages: list[int], shift: float = 0.0) -> Detections:
    probabilities = np.full((4, 3), 0.05, np.float32)
    probabilities[np.arange(4), stages] = 0.9
    return Detections(_sample().boxes + np.float32(shift), probabilities, np.full(4, 0.9, np.float32))


def test_a_model_that_is_right_scores_one() -> None:
    found = figures([_sample()], lambda image: _seen([0, 1, 2, 1]), 0.25)
    assert found["ap50"] == {"bud": 1.0, "open": 1.0, "spent": 1.0, "mean": 1.0}
    assert found["open_at_threshold"] == {
        "right": 1,
        "on_bud": 0,
        "on_spent": 0,
        "on_nothing": 0,
        "present": 1,
    }


def test_what_is_taken_for_open_is_counted_by_what_it_is() -> None:
    found = figures([_sample()], lambda image: _seen([1, 1, 1, 1]), 0.25)
    assert found["open_at_threshold"] == {
        "right": 1,
        "on_bud": 1,
        "on_spent": 1,
        "on_nothing": 0,
        "present": 1,
    }
    elsewhere = figures([_sample()], lambda image: _seen([1, 1, 1, 1], shift=300.0), 0.25)
    assert elsewhere["open_at_threshold"]["on_nothing"] == 4


def test_a_stage_that_never_occurs_has_no_figure() -> None:
    empty = Sample(
        _sample().image, np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.bool_)
    )
    found = figures([empty], _nothing, 0.25)
    assert found["ap50"] == {"bud": None, "open": None, "spent": None, "mean": None}


def test_a_card_tells_colours_blue_green_red_and_scores() -> None:
    looks = iter((_seen([0, 1, 2, 1]), _nothing(_sample().image)))
    assert domain_statistics([_sample(), _sample()], lambda image: next(looks)) == {
        "channels": {
            "mean_bgr": [10.0, 20.0, 30.0],
            "std_bgr": [0.0, 0.0, 0.0],
            "mean_casts": [-0.693, 0.405],
            "std_casts": [0.0, 0.0],
        },
        "confidence": {"mean": 0.9, "std": 0.0},
    }


def _nothing(image: NDArray[np.uint8]) -> Detections:
    return Detections(np.zeros((0, 4), np.float32), np.zeros((0, 3), np.float32), np.zeros(0, np.float32))
