"""Real photographs with COCO labels: `iscrowd` regions are to be ignored, splits go by `group`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vision.evaluate import CocoBox, CocoImage, LabelError, read_labels
from vision.stills import read_picture
from vision.training import TrainingError
from vision.training.scenes import Sample
from vision.types import STAGE_NAMES

KEPT_BYTES: Final = 600_000_000
"""Decoded pictures are kept in memory up to this, then read again each time."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One labelled photograph; `group` names the plants it shows, the file itself when the labels do not say."""

    path: Path
    group: str
    boxes: NDArray[np.float32]
    stages: NDArray[np.int32]
    ignore: NDArray[np.bool_]


class PhotoSet:
    """Photographs that are decoded when first needed."""

    def __init__(self, photos: Sequence[Photo]) -> None:
        self.photos = tuple(photos)
        self._kept: dict[Path, NDArray[np.uint8]] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.photos)

    def sample(self, index: int) -> Sample:
        """Return photograph `index` whole; raises PictureError when its file cannot be decoded."""
        photo = self.photos[index]
        image = self._kept.get(photo.path)
        if image is None:
            image = read_picture(photo.path)
            if self._kept_bytes + image.nbytes <= KEPT_BYTES:
                self._kept[photo.path] = image
                self._kept_bytes += image.nbytes
        return Sample(image, photo.boxes, photo.stages, photo.ignore)


def read_photos(folder: Path) -> list[Photo]:
    """Read a folder with `labels.json` (COCO) and `images/`; raises TrainingError naming what is wrong."""
    path = folder / "labels.json"
    try:
        labels = read_labels(path)
    except LabelError as error:
        raise TrainingError(f"{error}; --data needs a folder with labels.json and images/") from error
    stage_of = {category.id: STAGE_NAMES.index(category.name) for category in labels.categories}
    boxes_of: dict[int, list[CocoBox]] = {}
    for box in labels.annotations:
        boxes_of.setdefault(box.image_id, []).append(box)
    photos = [_photo(folder, image, stage_of, boxes_of.get(image.id, ())) for image in labels.images]
    missing = [photo.path for photo in photos if not photo.path.is_file()]
    if missing:
        raise TrainingError(
            f"{path}: {missing[0]} is missing; put the labelled files into {folder / 'images'}"
        )
    return photos


def split_by_group(photos: Iterable[Photo], held_out: float, seed: int) -> tuple[list[Photo], list[Photo]]:
    """Return (training, held out): whole groups, drawn at random, that hold at most `held_out` of the pictures.

    A share above 0 holds out one group at least, the smallest, where there are two or more.
    """
    groups: dict[str, list[Photo]] = {}
    for photo in photos:
        groups.setdefault(photo.group, []).append(photo)
    names = sorted(groups)
    order = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    most = held_out * sum(len(group) for group in groups.values())
    apart: list[str] = []
    for name in order:
        if sum(len(groups[other]) for other in [*apart, name]) <= most and len(apart) + 1 < len(order):
            apart.append(name)
    if held_out > 0.0 and not apart and len(order) > 1:
        apart.append(min(order, key=lambda name: len(groups[name])))
    learned = [photo for name in names if name not in apart for photo in groups[name]]
    return learned, [photo for name in sorted(apart) for photo in groups[name]]


def _photo(folder: Path, image: CocoImage, stage_of: Mapping[int, int], boxes: Sequence[CocoBox]) -> Photo:
    """An ignored region stands once in each class: it is kept once."""
    rows: dict[tuple[float, ...], tuple[int, bool]] = {}
    for box in boxes:
        x, y, width, height = box.bbox
        crowd = bool(box.iscrowd)
        if box.category_id in stage_of and min(width, height) > 0.0:
            corners = (x, y, x + width, y + height)
            if not crowd or corners not in rows:
                rows[corners] = (stage_of[box.category_id], crowd)
    return Photo(
        path=folder / "images" / image.file_name,
        group=image.group or image.file_name,
        boxes=np.array(list(rows), np.float32).reshape(-1, 4),
        stages=np.array([stage for stage, _ in rows.values()], np.int32),
        ignore=np.array([crowd for _, crowd in rows.values()], np.bool_),
    )
