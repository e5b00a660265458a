"""Tiny data sets: real pictures, a few boxes, three groups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

SIZES = ((64, 48), (50, 40), (33, 77))


def coco_document() -> dict[str, Any]:
    """Three pictures: two boxes and an undecided region in the first, one box in the second, none in the third."""
    images = [
        {
            "id": k + 10,
            "file_name": f"p{k}.{'jpg' if k == 0 else 'png'}",
            "width": w,
            "height": h,
            "group": f"g{k % 2}",
        }
        for k, (w, h) in enumerate(SIZES)
    ]
    boxes = [
        {"id": 1, "image_id": 10, "category_id": 1, "bbox": [1.25, 2.5, 10.0, 12.125], "iscrowd": 0},
        {"id": 2, "image_id": 10, "category_id": 2, "bbox": [30, 10, 20, 15.5]},
        {"id": 3, "image_id": 11, "category_id": 3, "bbox": [0.1, 0.2, 49.9, 39.8], "iscrowd": 0},
    ]
    boxes += [
        {"id": 4 + k, "image_id": 10, "category_id": k, "bbox": [40.0, 30.0, 9.5, 9.25], "iscrowd": 1}
        for k in (1, 2, 3)
    ]
    categories = [{"id": k + 1, "name": name} for k, name in enumerate(("bud", "open", "spent"))]
    return {"images": images, "annotations": boxes, "categories": categories}


def write_pictures(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for k, (width, height) in enumerate(SIZES):
        image = np.random.default_rng(k).integers(0, 256, (height, width, 3), np.uint8)
        cv2.imwrite(str(folder / f"p{k}.{'jpg' if k == 0 else 'png'}"), image)


@pytest.fixture
def document() -> dict[str, Any]:
    return coco_document()


@pytest.fixture
def coco_folder(tmp_path: Path) -> Path:
    """A COCO data set as Bombus keeps them."""
    folder = tmp_path / "coco"
    write_pictures(folder / "images")
    (folder / "labels.json").write_text(json.dumps(coco_document()))
    return folder


@pytest.fixture
def yolo_folder(tmp_path: Path) -> Path:
    """A YOLO data set by hand, as Label Studio exports one."""
    folder = tmp_path / "yolo"
    write_pictures(folder / "images")
    (folder / "labels").mkdir()
    (folder / "classes.txt").write_text("bud\nopen\nspent\n")
    (folder / "labels" / "p0.txt").write_text("1 0.5 0.5 0.25 0.5\n\n0 0.1 0.1 0.1 0.1\n")
    (folder / "labels" / "p1.txt").write_text("")
    return folder
