"""COCO's average precision, all-point: one class, any number of pictures, with regions to ignore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

IOUS = tuple(round(0.5 + 0.05 * k, 2) for k in range(10))
IGNORED_SHARE = 0.5
"""A detection with this share of its own area in an ignored region counts neither way (COCO's crowd rule)."""


@dataclass(frozen=True, slots=True)
class PictureBoxes:
    """One picture's detections of a class (N, 4) with scores (N,), true boxes (M, 4), ignored regions (K, 4)."""

    found: Floats
    scores: Floats
    true: Floats
    ignored: Floats


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall as the threshold falls: (N,) each, with the score at each step."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    scores: NDArray[np.float64]


def curve(pictures: Sequence[PictureBoxes], iou: float) -> Curve:
    """Return the curve of a class; matching is greedy, best score first, per picture."""
    scores: list[float] = []
    hits: list[bool] = []
    total = 0
    for picture in pictures:
        total += len(picture.true)
        for score, verdict in _verdicts(picture, iou):
            if verdict is not None:
                scores.append(score)
                hits.append(verdict)
    order = np.argsort(-np.asarray(scores), kind="stable")
    right = np.cumsum(np.asarray(hits, np.float64)[order])
    count = np.arange(1, len(order) + 1)
    return Curve(right / count, right / max(total, 1), np.asarray(scores)[order])


def average_precision(pictures: Sequence[PictureBoxes], iou: float) -> float | None:
    """Return the area under the monotone precision envelope; None without a true box."""
    if not any(len(picture.true) for picture in pictures):
        return None
    found = curve(pictures, iou)
    envelope = np.maximum.accumulate(found.precision[::-1])[::-1]
    steps = np.diff(found.recall, prepend=0.0)
    return float((envelope * steps).sum())


def _verdicts(picture: PictureBoxes, iou: float) -> list[tuple[float, bool | None]]:
    """Return score and right / wrong / None (ignored) of each detection."""
    order = np.argsort(-picture.scores, kind="stable")
    overlap = iou_matrix(picture.found, picture.true)
    inside = share_inside(picture.found, picture.ignored)
    taken = np.zeros(len(picture.true), bool)
    result: list[tuple[float, bool | None]] = []
    for i in order:
        free = np.where(taken, -1.0, overlap[i])
        best = int(np.argmax(free)) if len(free) else -1
        right: bool | None = best >= 0 and bool(free[best] >= iou)
        if right:
            taken[best] = True
        elif inside[i] >= IGNORED_SHARE:
            right = None
        result.append((float(picture.scores[i]), right))
    return result


def _intersections(a: Floats, b: Floats) -> Floats:
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0.0)
    result: Floats = sides[..., 0] * sides[..., 1]
    return result


def _areas(boxes: Floats) -> Floats:
    result: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return result


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """Return (N, M) intersection over union."""
    both = _intersections(a, b)
    union = _areas(a)[:, None] + _areas(b)[None, :] - both
    return np.where(union > 0, both / np.maximum(union, 1e-9), 0.0).astype(np.float32)


def share_inside(boxes: Floats, regions: Floats) -> Floats:
    """Return (N,) the largest share of each box's area that lies in one region."""
    if not len(regions):
        return np.zeros(len(boxes), np.float32)
    shares = _intersections(boxes, regions) / np.maximum(_areas(boxes), 1e-9)[:, None]
    return np.asarray(shares.max(axis=1), np.float32)
