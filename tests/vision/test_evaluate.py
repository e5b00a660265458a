from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.evaluate import CocoLabels, LabelError, evaluate, read_labels
from vision.stills import PictureError
from vision.types import Detections

CATEGORIES = [{"id": 1, "name": "bud"}, {"id": 2, "name": "open"}, {"id": 3, "name": "spent"}]
NOTHING = Detections(np.empty((0, 4), np.float32), np.empty((0, 3), np.float32), np.empty(0, np.float32))


def box(image: int, category: int, x: float, y: float, side: float = 20.0, crowd: int = 0) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": [x, y, side, side], "iscrowd": crowd}


def coco(*annotations: dict[str, Any], images: int = 1) -> dict[str, Any]:
    pictures = [{"id": k, "file_name": f"{k}.png"} for k in range(images)]
    return {"images": pictures, "annotations": list(annotations), "categories": CATEGORIES}


def labels(*annotations: dict[str, Any], images: int = 1) -> CocoLabels:
    return msgspec.convert(coco(*annotations, images=images), CocoLabels)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two pictures, told apart by their brightness: 10 times their number."""
    for k in range(2):
        cv2.imwrite(str(tmp_path / f"{k}.png"), np.full((200, 300, 3), 10 * k, np.uint8))
    return tmp_path


def found(*rows: tuple[float, float, float, float, float], side: float = 20.0) -> Detections:
    """Detections at x, y with a probability for each stage."""
    values = np.array(rows, np.float32)
    corners = np.concatenate([values[:, :2], values[:, :2] + side], axis=1)
    return Detections(corners, values[:, 2:], values[:, 2:].max(axis=1))


def test_perfect_boxes_score_one_and_a_stage_without_boxes_has_no_score(pictures: Path) -> None:
    truth = labels(box(0, 1, 10, 10), box(0, 2, 100, 50))
    result = evaluate(pictures, truth, lambda _: found((10, 10, 0.9, 0, 0), (100, 50, 0, 0.8, 0)))
    assert result.ap50 == {"bud": 1.0, "open": 1.0, "spent": None, "mean": 1.0}
    assert result.ap50_95 == {"bud": 1.0, "open": 1.0, "spent": None, "mean": 1.0}
    assert result.ready == {"precision": 1.0, "recall": 1.0, "threshold": pytest.approx(0.8)}
    assert (result.images, result.boxes) == (1, 2)
    assert 0 <= result.ms_per_image["p50"] <= result.ms_per_image["p99"]


def test_hand_computed_precision_over_two_pictures(pictures: Path) -> None:
    # Three open flowers. By score: right (0.9), wrong (0.8), right (0.7), the third is not found.
    truth = labels(box(0, 2, 10, 10), box(0, 2, 100, 50), box(1, 2, 50, 50), images=2)

    def predict(image: NDArray[np.uint8]) -> Detections:
        if image[0, 0, 0] == 0:
            return found((10, 10, 0, 0.9, 0), (200, 100, 0, 0.8, 0))
        return found((50, 50, 0, 0.7, 0))

    result = evaluate(pictures, truth, predict)
    # Precision 1, 1/2, 2/3 at recall 1/3, 1/3, 2/3: the area is 1/3 * 1 + 1/3 * 2/3.
    assert result.ap50["open"] == pytest.approx(5 / 9)
    assert result.ready == {
        "precision": pytest.approx(2 / 3), "recall": pytest.approx(2 / 3), "threshold": pytest.approx(0.7),
    }  # fmt: skip


def test_a_box_that_fits_two_thirds_counts_at_the_looser_thresholds_only(pictures: Path) -> None:
    # 20 px boxes that overlap by 16 px: 16 / 24 = 0.667, right at 0.50 to 0.65.
    result = evaluate(pictures, labels(box(0, 2, 10, 10)), lambda _: found((14, 10, 0, 0.9, 0)))
    assert result.ap50["open"] == 1.0
    assert result.ap50_95["open"] == pytest.approx(0.4)


def test_what_lies_in_an_undecided_region_counts_neither_way(pictures: Path) -> None:
    truth = labels(box(0, 2, 10, 10), box(0, 2, 100, 50, side=60, crowd=1))
    inside, outside = (110, 60, 0, 0.95, 0), (200, 150, 0, 0.95, 0)
    right = (10, 10, 0, 0.9, 0)
    assert evaluate(pictures, truth, lambda _: found(inside, right)).ap50["open"] == 1.0
    assert evaluate(pictures, truth, lambda _: found(outside, right)).ap50["open"] == pytest.approx(0.5)
    assert evaluate(pictures, truth, lambda _: found(inside, right)).boxes == 1


def test_finding_nothing_scores_nought(pictures: Path) -> None:
    result = evaluate(pictures, labels(box(0, 2, 10, 10)), lambda _: NOTHING)
    assert result.ap50["open"] == 0.0
    assert result.ready == {"precision": None, "recall": None, "threshold": None}


def test_a_picture_that_is_missing_or_damaged_is_named(pictures: Path) -> None:
    truth = labels(images=3)
    with pytest.raises(PictureError, match=r"2.png: cannot be read \(No such file or directory\); name"):
        evaluate(pictures, truth, lambda _: NOTHING)
    (pictures / "2.png").write_bytes(b"\x89PNG\r\n torn")
    with pytest.raises(PictureError, match=r"2.png: not a readable picture .* remove or replace it"):
        evaluate(pictures, truth, lambda _: NOTHING)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "not COCO labels"),
        ('{"images": 3}', r"not COCO labels \(Expected `array`, got `int`"),
        ("\xff\xfe", "not COCO labels"),
        (json.dumps(coco() | {"categories": CATEGORIES[:2]}), r"categories \['bud', 'open'\]; they must be"),
        (json.dumps(coco(images=0)), "names no picture"),
        (json.dumps(coco(box(5, 1, 0, 0))), r"annotation 0: no picture has the id 5"),
        (json.dumps(coco(box(0, 9, 0, 0))), r"annotation 0: no category has the id 9"),
        (
            json.dumps(coco(box(0, 1, 0, 0, side=0))),
            r"annotation 0: bbox .* has no area; redraw or delete it",
        ),
    ],
)
def test_labels_that_cannot_be_used_are_refused_in_one_line(tmp_path: Path, text: str, wanted: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(LabelError, match=wanted) as caught:
        read_labels(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_labels_are_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"none.json: cannot be read .* name an existing COCO file"):
        read_labels(tmp_path / "none.json")
