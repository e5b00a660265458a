"""Foreign outputs to rows: YOLOX, YOLOv8 and its kin, D-FINE and its kin. Pure functions of arrays.

Sources of the layouts: YOLOX (Megvii, yolox/models/yolo_head.py), Ultralytics' ONNX export of YOLOv8 to YOLO11 and
its variant with NMS or one-to-one heads, D-FINE (Peterande, tools/deployment/export_onnx.py) and the
Transformers library's names for the same network.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vision.decoding.rows import (
    Floats,
    Region,
    Rows,
    corners,
    rows_of_classes,
    rows_of_labels,
    sigmoid,
    sorted_rows,
)
from vision.model_card import ModelCard

Outputs = Mapping[str, NDArray[np.generic]]

OUTLIER = 1e-3
"""Probabilities may leave 0..1 by this much: half precision rounds."""


class LayoutError(ValueError):
    """The outputs are not of the card's layout; the text says what came and what is wanted."""


def decode(outputs: Outputs, card: ModelCard, threshold: float, region: Region | None = None) -> Rows:
    """Return the flowers that a graph's outputs show in `region`; raises LayoutError for another layout's shapes.

    Values that are not finite, empty boxes and classes beyond the card's are left out.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if card.layout == "dfine":
            boxes, stages = _dfine(outputs, card, threshold)
        else:
            array = _single(outputs)
            ways = {"yolox": _yolox, "yolov8": _yolov8}
            boxes, stages = ways[card.layout](array, card, threshold)
        return sorted_rows(
            boxes, stages, region or (0.0, 0.0, float(card.input_size[0]), float(card.input_size[1]))
        )


def class_values(outputs: Outputs, card: ModelCard) -> Floats:
    """Return the raw scores that `output.scores` describes (for a look at a first run), empty where it does not."""
    if card.layout == "dfine":
        return np.empty(0, np.float32)
    array = _single(outputs)
    if card.layout == "yolox":
        return array[0, :, 4:].astype(np.float32)
    return array[0, 4:].astype(np.float32) if _is_raw(array, card) else array[0, :, 4].astype(np.float32)


def _yolox(array: NDArray[np.generic], card: ModelCard, threshold: float) -> tuple[Floats, Floats]:
    """(1, N, 5 + classes): middle and size, objectness, classes. As exported, or still on the grid."""
    count = len(card.classes)
    if array.ndim != 3 or array.shape[0] != 1 or array.shape[2] != 5 + count:
        raise LayoutError(f"gives {list(array.shape)}, yolox with {count} classes is [1, N, {5 + count}]")
    rows = array[0].astype(np.float32)
    values = _probabilities(rows[:, 4:], card)
    middle = rows[:, :4]
    if card.output.boxes == "grid":
        grid = _grid(card)
        if len(grid) != len(rows):
            raise LayoutError(
                f"gives {len(rows)} rows, strides {list(card.output.strides)} at "
                f"{card.input_size[0]}x{card.input_size[1]} make {len(grid)}"
            )
        stride = grid[:, 2:]
        middle = np.concatenate([(rows[:, :2] + grid[:, :2]) * stride, np.exp(rows[:, 2:4]) * stride], axis=1)
    boxes = corners(middle)
    classes = values[:, :1] * values[:, 1:]
    picked, stages = rows_of_classes(boxes, classes, card.stage_columns, threshold)
    return boxes[picked], stages


def _grid(card: ModelCard) -> Floats:
    """Return x, y and stride of every cell (N, 3), map by map, row by row."""
    width, height = card.input_size
    maps = []
    for stride in card.output.strides:
        y, x = np.mgrid[: height // stride, : width // stride]
        maps.append(np.stack([x.ravel(), y.ravel(), np.full(x.size, stride)], axis=1))
    return np.concatenate(maps).astype(np.float32)


def _is_raw(array: NDArray[np.generic], card: ModelCard) -> bool:
    return int(array.shape[1]) == 4 + len(card.classes)


def _yolov8(array: NDArray[np.generic], card: ModelCard, threshold: float) -> tuple[Floats, Floats]:
    """(1, 4 + classes, N): middle and size, classes; or (1, N, 6): corners, score, class, doubles gone."""
    count = len(card.classes)
    if array.ndim == 3 and array.shape[0] == 1 and _is_raw(array, card):
        columns = array[0].astype(np.float32)
        boxes = corners(columns[:4].T)
        classes = _probabilities(columns[4:], card).T
        picked, stages = rows_of_classes(boxes, classes, card.stage_columns, threshold)
        return boxes[picked], stages
    if array.ndim == 3 and array.shape[0] == 1 and array.shape[2] == 6:
        rows = array[0].astype(np.float32)
        scores = _probabilities(rows[:, 4], card)
        return rows_of_labels(rows[:, :4], rows[:, 5], scores, card.stage_columns, threshold)
    raise LayoutError(
        f"gives {list(array.shape)}, yolov8 with {count} classes is [1, {4 + count}, N], or [1, N, 6] after NMS"
    )


def _dfine(outputs: Outputs, card: ModelCard, threshold: float) -> tuple[Floats, Floats]:
    """labels, boxes, scores of the deployed graph; or logits and pred_boxes, boxes as shares of the input."""
    count = len(card.classes)
    if {"labels", "boxes", "scores"} <= outputs.keys():
        labels, boxes, scores = (outputs[name] for name in ("labels", "boxes", "scores"))
        rows = labels.shape[-1] if labels.ndim == 2 else -1
        if labels.shape != (1, rows) or scores.shape != (1, rows) or boxes.shape != (1, rows, 4):
            raise LayoutError(
                f"gives labels {list(labels.shape)}, boxes {list(boxes.shape)}, scores {list(scores.shape)}; "
                "dfine is [1, N], [1, N, 4], [1, N]"
            )
        found, place, sure = (array[0].astype(np.float32) for array in (labels, boxes, scores))
        return rows_of_labels(place, found, sure, card.stage_columns, threshold)
    if {"logits", "pred_boxes"} <= outputs.keys():
        logits, shares = outputs["logits"], outputs["pred_boxes"]
        if logits.ndim != 3 or logits.shape[::2] != (1, count) or shares.shape != (1, logits.shape[1], 4):
            raise LayoutError(
                f"gives logits {list(logits.shape)}, pred_boxes {list(shares.shape)}; "
                f"dfine with {count} classes is [1, N, {count}], [1, N, 4]"
            )
        scale = np.array(card.input_size * 2, np.float32)
        place = corners(shares[0].astype(np.float32) * scale)
        classes = sigmoid(logits[0].astype(np.float32))
        picked, stages = rows_of_classes(place, classes, card.stage_columns, threshold)
        return place[picked], stages
    raise LayoutError(
        f"gives {', '.join(sorted(outputs))}; dfine is labels, boxes, scores, or logits, pred_boxes"
    )


def _single(outputs: Outputs) -> NDArray[np.generic]:
    if len(outputs) != 1:
        raise LayoutError(f"gives {len(outputs)} outputs ({', '.join(outputs)}), this layout has one")
    return next(iter(outputs.values()))


def _probabilities(values: Floats, card: ModelCard) -> Floats:
    return sigmoid(values) if card.output.scores == "logits" else np.clip(values, 0.0, 1.0)
