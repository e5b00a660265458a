"""Scores a detector on labelled photographs: AP per stage, readiness of open flowers, milliseconds a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np

from vision.average_precision import IOUS, Curve, Floats, PictureBoxes, average_precision, curve
from vision.datasets.coco import CocoBox, CocoCategory, CocoImage, CocoLabels, read_coco
from vision.datasets.labels import LabelError
from vision.detector import Detector
from vision.stills import Image, StillRule, detect_still, read_picture
from vision.types import STAGE_NAMES, Detections, Stage

__all__ = ["CocoBox", "CocoCategory", "CocoImage", "CocoLabels", "EvaluationResult", "LabelError"]
__all__ += ["evaluate", "evaluate_model", "read_labels"]

SCORE_FLOOR = 0.01
"""Detections are kept down to this score, so that the whole curve is seen."""


class EvaluationResult(msgspec.Struct, frozen=True):
    """What `bombus evaluate --json` prints; a stage without a true box has None."""

    ap50: dict[str, float | None]
    ap50_95: dict[str, float | None]
    ready: dict[str, float | None]
    images: int
    boxes: int
    ms_per_image: dict[str, float]


def read_labels(path: Path) -> CocoLabels:
    """Read a COCO file whose categories are bud, open and spent; raises LabelError."""
    labels = read_coco(path)
    names = {category.name for category in labels.categories}
    if names != set(STAGE_NAMES):
        raise LabelError(f"{path}: categories {sorted(names)}; they must be {', '.join(STAGE_NAMES)}")
    if not labels.images:
        raise LabelError(f"{path}: names no picture; label some")
    return labels


def evaluate_model(images: Path, labels: Path, model: Path, threads: int = 1) -> EvaluationResult:
    """Score an ONNX model; raises ModelError, LabelError or PictureError."""
    truth = read_labels(labels)
    detector = Detector(model, threads, score_threshold=SCORE_FLOOR)
    rule = StillRule.model_validate(getattr(detector.model.card, "still_rule", None) or {})
    tile = (detector.width, detector.height)
    return evaluate(images, truth, lambda image: detect_still(image, detector.detect, tile, rule))


def evaluate(images: Path, labels: CocoLabels, predict: Callable[[Image], Detections]) -> EvaluationResult:
    """Score any predictor on the pictures of `labels`, found in folder `images`."""
    per_stage: list[list[PictureBoxes]] = [[] for _ in STAGE_NAMES]
    took_ms: list[float] = []
    for picture in labels.images:
        image = read_picture(images / picture.file_name)
        before = perf_counter()
        found = predict(image)
        took_ms.append(1000.0 * (perf_counter() - before))
        for stage, name in enumerate(STAGE_NAMES):
            true, ignored = _boxes_of(labels, picture.id, name)
            per_stage[stage].append(PictureBoxes(found.boxes, found.stages[:, stage], true, ignored))
    ap50 = {name: average_precision(per_stage[i], 0.5) for i, name in enumerate(STAGE_NAMES)}
    ap = {
        name: _mean([average_precision(per_stage[i], iou) for iou in IOUS])
        for i, name in enumerate(STAGE_NAMES)
    }
    p50, p99 = np.percentile(took_ms, (50, 99))
    return EvaluationResult(
        ap50={**ap50, "mean": _mean(list(ap50.values()))},
        ap50_95={**ap, "mean": _mean(list(ap.values()))},
        ready=_readiness(curve(per_stage[Stage.OPEN], 0.5)),
        images=len(labels.images),
        boxes=sum(not box.iscrowd for box in labels.annotations),
        ms_per_image={"p50": round(float(p50), 2), "p99": round(float(p99), 2)},
    )


def _boxes_of(labels: CocoLabels, image_id: int, name: str) -> tuple[Floats, Floats]:
    ids = {category.id for category in labels.categories if category.name == name}
    mine = [box for box in labels.annotations if box.image_id == image_id and box.category_id in ids]
    return _corners([box for box in mine if not box.iscrowd]), _corners([box for box in mine if box.iscrowd])


def _corners(boxes: list[CocoBox]) -> Floats:
    sized = np.array([box.bbox for box in boxes], np.float32).reshape(-1, 4)
    return np.concatenate([sized[:, :2], sized[:, :2] + sized[:, 2:]], axis=1)


def _readiness(found: Curve) -> dict[str, float | None]:
    """Return precision, recall and the threshold where their harmonic mean (F1) is best."""
    if not found.scores.size or not found.recall.any():
        return {"precision": None, "recall": None, "threshold": None}
    both = found.precision + found.recall
    best = int(np.argmax(2 * found.precision * found.recall / np.maximum(both, 1e-9)))
    return {
        "precision": float(found.precision[best]),
        "recall": float(found.recall[best]),
        "threshold": float(found.scores[best]),
    }


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
