"""A stand-in for the renderer: coloured ellipses on green noise, one colour a stage."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.training.scenes import Sample, SceneCache

COLOURS = ((90, 200, 120), (40, 220, 240), (40, 80, 140))


class ToyScenes:
    """Three to eight flowers a picture."""

    def __init__(self, size: tuple[int, int] = (192, 128)) -> None:
        self.size = size
        self.drawn: list[int] = []

    def sample(self, seed: int) -> Sample:
        self.drawn.append(seed)
        random = np.random.default_rng(seed)
        width, height = self.size
        image = np.full((height, width, 3), (30, 70, 30), np.uint8)
        boxes, stages = [], []
        for _ in range(int(random.integers(3, 9))):
            stage, half = int(random.integers(3)), random.integers(5, 12, 2)
            x, y = (int(random.integers(14, side - 14)) for side in (width, height))
            cv2.ellipse(image, (x, y), (int(half[0]), int(half[1])), 0, 0, 360, COLOURS[stage], -1)
            boxes.append((x - half[0], y - half[1], x + half[0], y + half[1]))
            stages.append(stage)
        noise = random.integers(0, 20, image.shape, np.uint8)
        return Sample(
            cv2.add(image, noise).astype(np.uint8),
            np.array(boxes, np.float32),
            np.array(stages, np.int32),
            np.zeros(len(boxes), np.bool_),
        )


@pytest.fixture
def toy_scenes() -> ToyScenes:
    return ToyScenes()


@pytest.fixture
def toy_cache(tmp_path: Path) -> SceneCache:
    """Twenty-four drawn scenes."""
    cache = SceneCache(tmp_path / "toy", ToyScenes(), 0, 24)
    cache.fill()
    return cache


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """Six photographs of three groups with one flower each, and an undecided region in the first."""
    folder = tmp_path / "photos"
    (folder / "images").mkdir(parents=True)
    images, boxes = [], []
    for index in range(6):
        name = f"{index}.png"
        scene = ToyScenes((320, 256)).sample(index)
        cv2.imwrite(str(folder / "images" / name), scene.image)
        images.append({"id": index, "file_name": name, "group": f"bench-{index % 3}"})
        x0, y0, x1, y1 = (float(value) for value in scene.boxes[0])
        category = int(scene.stages[0]) + 1
        boxes.append(
            {"image_id": index, "category_id": category, "bbox": [x0, y0, x1 - x0, y1 - y0], "iscrowd": 0}
        )
    boxes += [
        {"image_id": 0, "category_id": k, "bbox": [1.0, 2.0, 30.0, 20.0], "iscrowd": 1} for k in (1, 2, 3)
    ]
    categories = [{"id": k + 1, "name": name} for k, name in enumerate(("bud", "open", "spent"))]
    document = {"images": images, "annotations": boxes, "categories": categories}
    (folder / "labels.json").write_text(json.dumps(document))
    return folder
