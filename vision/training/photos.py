"""Real photographs of a COCO or YOLO data set: undecided regions are to be ignored, splits go by `group`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vision.datasets.folder import read_dataset
from vision.datasets.labels import LabelError, Picture, of_stages
from vision.datasets.split import split_groups
from vision.stills import PictureError, read_picture
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
    """Read a COCO or YOLO data set of bud, open and spent; raises TrainingError naming what is wrong."""
    try:
        data = of_stages(read_dataset(folder))
    except (LabelError, PictureError) as error:
        raise TrainingError(f"--data {error}") from error
    return [_photo(picture) for picture in data.pictures]


def split_by_group(photos: Iterable[Photo], held_out: float, seed: int) -> tuple[list[Photo], list[Photo]]:
    """Return (training, held out) by whole groups, as `vision.datasets.split.split_groups`."""
    return split_groups(photos, lambda photo: photo.group, held_out, seed)


def _photo(picture: Picture) -> Photo:
    """An undecided region stands once in each class: it is kept once."""
    rows: dict[tuple[float, ...], tuple[int, bool]] = {}
    for mark in picture.marks:
        corners = (mark.x, mark.y, mark.x + mark.width, mark.y + mark.height)
        if not mark.ignore or corners not in rows:
            rows[corners] = (STAGE_NAMES.index(mark.name), mark.ignore)
    return Photo(
        path=picture.path,
        group=picture.group or picture.name,
        boxes=np.array(list(rows), np.float32).reshape(-1, 4),
        stages=np.array([stage for stage, _ in rows.values()], np.int32),
        ignore=np.array([ignored for _, ignored in rows.values()], np.bool_),
    )
