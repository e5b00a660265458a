"""What every layout comes down to: finite boxes with stage probabilities, best first."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST_ROWS = 300
"""Of a foreign graph's rows the best so many are looked at: a frame holds no more flowers."""

STAGES = 3

Region = tuple[float, float, float, float]
"""x0 y0 x1 y1 of the part of the input that the picture covers, in px."""


class Rows(NamedTuple):
    """Boxes (N, 4) x0 y0 x1 y1 in px of the input, stage probabilities (N, 3), scores (N,), best first."""

    boxes: Floats
    stages: Floats
    scores: Floats


def sigmoid(logits: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow; NaN stays NaN."""
    half = np.tanh(0.5 * logits)
    return np.asarray(0.5 * half + 0.5, np.float32)


def corners(centred: Floats) -> Floats:
    """Return boxes (N, 4) given as middle and size as x0 y0 x1 y1."""
    half = 0.5 * centred[:, 2:]
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)


def rows_of_classes(
    boxes: Floats, classes: Floats, columns: tuple[int, ...], threshold: float
) -> tuple[NDArray[np.int64], Floats]:
    """Return which rows show a flower and their stages (M, 3), from class probabilities (N, classes).

    A row whose likeliest class is no stage (a leaf, a fruit) shows none; so does one that is not finite.
    """
    stages = classes[:, list(columns)]
    best = stages.max(axis=1, initial=0.0)
    with np.errstate(invalid="ignore"):
        shows = (best >= threshold) & (best >= classes.max(axis=1, initial=0.0))
    picked = np.flatnonzero(shows & np.isfinite(classes).all(axis=1) & np.isfinite(boxes).all(axis=1))
    return picked, stages[picked]


def rows_of_labels(
    boxes: Floats, labels: Floats, scores: Floats, columns: tuple[int, ...], threshold: float
) -> tuple[Floats, Floats]:
    """Return boxes (M, 4) and stages (M, 3) of rows that carry one class each.

    Rows with the very same box tell of one flower: each raises the probability of its own stage.
    """
    with np.errstate(invalid="ignore"):
        good = np.isfinite(boxes).all(axis=1) & (scores >= threshold) & np.isfinite(labels)
    boxes, labels, scores = boxes[good], np.rint(labels[good]), scores[good]
    stage_of = np.full(len(labels), -1, np.int64)
    for stage, column in enumerate(columns):
        stage_of[labels == column] = stage
    flower = stage_of >= 0
    boxes, stage_of, scores = boxes[flower], stage_of[flower], scores[flower]
    if not len(boxes):
        return np.empty((0, 4), np.float32), np.empty((0, STAGES), np.float32)
    single, group = np.unique(boxes, axis=0, return_inverse=True)
    stages = np.zeros((len(single), STAGES), np.float32)
    np.maximum.at(stages, (group.reshape(-1), stage_of), scores)
    return single, stages


def sorted_rows(boxes: Floats, stages: Floats, region: Region) -> Rows:
    """Return the best MOST_ROWS rows that have an area inside `region` of the input."""
    stages = np.clip(stages, 0.0, 1.0)
    low, high = np.array(region[:2], np.float32), np.array(region[2:], np.float32)
    inside = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    inside &= (boxes[:, :2] < high).all(axis=1) & (boxes[:, 2:] > low).all(axis=1)
    boxes, stages = boxes[inside], stages[inside]
    scores = stages.max(axis=1, initial=0.0)
    best = np.argsort(-scores, kind="stable")[:MOST_ROWS]
    return Rows(
        boxes[best].astype(np.float32), stages[best].astype(np.float32), scores[best].astype(np.float32)
    )


def without_doubles(boxes: Floats, scores: Floats, iou: float) -> NDArray[np.int64]:
    """Return which boxes stay when of two that overlap by more than `iou` the better one does."""
    if not len(boxes):
        return np.empty(0, np.int64)
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), 0.0, iou)
    return np.asarray(kept, np.int64).reshape(-1)
