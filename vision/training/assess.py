"""Figures of an exported model on held-out scenes and photographs, measured as the robot runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vision.average_precision import PictureBoxes, average_precision, iou_matrix
from vision.detector import Detector
from vision.domain_shift import card_statistics
from vision.stills import StillRule, detect_still
from vision.training.scenes import Sample
from vision.types import STAGE_NAMES, Detections, Stage

SAME_FLOWER_IOU: Final = 0.3
"""From here on a detection is taken to mean that flower, whatever its stage."""

Predict = Callable[[NDArray[np.uint8]], Detections]


def on_frames(detector: Detector) -> Predict:
    """Look at pictures as the robot looks at frames."""
    return detector.detect


def on_stills(detector: Detector, rule: StillRule) -> Predict:
    """Look at photographs tile by tile."""
    return lambda image: detect_still(image, detector.detect, (detector.width, detector.height), rule)


def figures(samples: Iterable[Sample], predict: Predict, threshold: float) -> dict[str, Any]:
    """Return AP50 of each stage and their mean, and what becomes of detections taken for open flowers.

    `open_at_threshold` counts detections above `threshold` whose likeliest stage is open: right ones, and
    wrong ones on buds, on spent flowers and on nothing; undecided regions count neither way.
    """
    per_stage: list[list[PictureBoxes]] = [[] for _ in STAGE_NAMES]
    counts = dict.fromkeys(("right", "on_bud", "on_spent", "on_nothing", "present"), 0)
    pictures = boxes = 0
    for sample in samples:
        found = predict(np.ascontiguousarray(sample.image))
        judged, ignored = ~sample.ignore, sample.boxes[sample.ignore]
        pictures, boxes = pictures + 1, boxes + int(judged.sum())
        for stage in range(len(STAGE_NAMES)):
            true = sample.boxes[judged & (sample.stages == stage)]
            per_stage[stage].append(PictureBoxes(found.boxes, found.stages[:, stage], true, ignored))
        _count_open(found, sample, threshold, counts)
    ap50 = {name: average_precision(per_stage[stage], 0.5) for stage, name in enumerate(STAGE_NAMES)}
    known = [value for value in ap50.values() if value is not None]
    rounded = {name: None if value is None else round(value, 3) for name, value in ap50.items()}
    mean = round(sum(known) / len(known), 3) if known else None
    return {
        "pictures": pictures,
        "boxes": boxes,
        "ap50": {**rounded, "mean": mean},
        "open_at_threshold": counts,
    }


def _count_open(found: Detections, sample: Sample, threshold: float, counts: dict[str, int]) -> None:
    counts["present"] += int((~sample.ignore & (sample.stages == Stage.OPEN)).sum())
    fires = (found.stages.argmax(axis=1) == Stage.OPEN) & (found.scores >= threshold)
    overlap = iou_matrix(found.boxes[fires], sample.boxes)
    for row in overlap:
        of_open = np.where((sample.stages == Stage.OPEN) & ~sample.ignore, row, 0.0)
        nearest = int(row.argmax()) if len(row) else -1
        if of_open.max(initial=0.0) >= SAME_FLOWER_IOU:
            counts["right"] += 1
        elif nearest < 0 or row[nearest] < SAME_FLOWER_IOU:
            counts["on_nothing"] += 1
        elif not sample.ignore[nearest]:
            counts["on_bud" if sample.stages[nearest] == Stage.BUD else "on_spent"] += 1


def domain_statistics(samples: Iterable[Sample], predict: Predict) -> dict[str, Any]:
    """Return what the domain-shift alarm compares: the pictures' mean colours and casts, and their mean scores."""
    colours, scores = [], []
    for sample in samples:
        colours.append(sample.image[::8, ::8].reshape(-1, 3).mean(axis=0))
        found = predict(np.ascontiguousarray(sample.image)).scores
        scores += [float(found.mean(dtype=np.float64))] if len(found) else []
    return card_statistics(np.array(colours), np.array(scores))
