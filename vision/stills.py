"""Still photographs, larger than a robot frame and of any scale: read, tiled at several scales, looks fused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vision.average_precision import iou_matrix
from vision.types import Detections

Image = NDArray[np.uint8]
Detect = Callable[[Image], Detections]

TINY = 1e-12
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


class PictureError(Exception):
    """A picture cannot be used; the text names the file, the cause and the remedy in one line."""


class StillRule(BaseModel):
    """How a still is looked at; the same for every photo. The model card carries it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    scales: tuple[float, ...] = Field((0.25, 0.5), min_length=1, description="resizings of the photo")
    overlap: float = Field(0.25, ge=0, lt=0.9, description="share of a tile that the next one repeats")
    mirrored: bool = Field(False, description="look a second time, at the mirror image, at every scale")
    nms_iou: float = Field(0.5, gt=0, le=1, description="boxes that overlap more are one flower")

    @property
    def looks(self) -> int:
        """How often each flower is looked at."""
        return len(self.scales) * (2 if self.mirrored else 1)


def read_picture(path: Path) -> Image:
    """Return a picture (H, W, 3) uint8 BGR; raises PictureError for what is none."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise PictureError(f"{path}: cannot be read ({error.strerror}); name an existing picture") from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise PictureError(
            f"{path}: not a readable picture (damaged or another format); remove or replace it"
        )
    return np.asarray(image, np.uint8)


def pictures_in(folder: Path) -> list[Path]:
    """Return the folder's pictures by name; raises PictureError when there is none."""
    if not folder.is_dir():
        raise PictureError(f"{folder}: not a folder; name the folder that holds the pictures")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
    if not found:
        raise PictureError(f"{folder}: holds no picture ({', '.join(PICTURE_SUFFIXES)}); name another folder")
    return found


def detect_still(image: Image, detect: Detect, tile: tuple[int, int], rule: StillRule) -> Detections:
    """Return the detections of a photo, in its own pixels: `detect` sees tiles of `tile` (width, height) px.

    Cost grows with the photo's tiles at all scales, twice that with `mirrored`, and with (boxes x flowers) to fuse.
    """
    found: list[Detections] = []
    for scale in rule.scales:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled = image if scale == 1 else np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)
        found += [_magnified(part, scale) for part in _tiles_of(scaled, detect, tile, rule.overlap)]
        if rule.mirrored:
            seen = _tiles_of(np.ascontiguousarray(scaled[:, ::-1]), detect, tile, rule.overlap)
            found += [_magnified(_mirrored(part, size[0]), scale) for part in seen]
    return _fused(found, rule.nms_iou, rule.looks)


def _tiles_of(image: Image, detect: Detect, tile: tuple[int, int], overlap: float) -> Iterator[Detections]:
    for x, y in tile_corners(image.shape[1], image.shape[0], tile, overlap):
        part = np.ascontiguousarray(image[y : y + tile[1], x : x + tile[0]])
        found = detect(padded(part, tile))
        yield Detections(found.boxes + np.array([x, y, x, y], np.float32), found.stages, found.scores)


def tile_corners(width: int, height: int, tile: tuple[int, int], overlap: float) -> Iterator[tuple[int, int]]:
    """Return the top-left corners of tiles that cover the picture, evenly spread."""
    for y in _starts(height, tile[1], overlap):
        for x in _starts(width, tile[0], overlap):
            yield x, y


def padded(part: Image, tile: tuple[int, int]) -> Image:
    """Return `part` on a black tile of (width, height), at its top left."""
    height, width = part.shape[:2]
    if (width, height) == tile:
        return part
    whole = np.zeros((tile[1], tile[0], 3), np.uint8)
    whole[:height, :width] = part
    return whole


def _starts(length: int, tile: int, overlap: float) -> list[int]:
    if length <= tile:
        return [0]
    count = 1 + int(np.ceil((length - tile) / (tile * (1 - overlap))))
    return [round(start) for start in np.linspace(0, length - tile, count)]


def _magnified(found: Detections, scale: float) -> Detections:
    return Detections(found.boxes / np.float32(scale), found.stages, found.scores)


def _mirrored(found: Detections, width: int) -> Detections:
    boxes = found.boxes.copy()
    boxes[:, [0, 2]] = width - found.boxes[:, [2, 0]]
    return Detections(boxes, found.stages, found.scores)


def _fused(parts: list[Detections], iou: float, looks: int) -> Detections:
    """Boxes about one flower become one: their mean by squared score, and their stages' mean over all looks.

    A look that missed the flower counts as zero. After Solovyev, Wang, Gabruseva 2021 (arXiv:1910.13302).
    """
    boxes = np.concatenate([part.boxes for part in parts])
    stages = np.concatenate([part.stages for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(-scores, kind="stable")
    places: list[NDArray[np.float32]] = []
    beliefs: list[NDArray[np.float32]] = []
    while len(order):
        same = iou_matrix(boxes[order[:1]], boxes[order])[0] > iou
        same[0] = True
        flower, order = order[same], order[~same]
        weight = scores[flower] ** 2
        places.append(weight @ boxes[flower] / max(float(weight.sum()), TINY))
        beliefs.append(stages[flower].sum(axis=0) / max(looks, len(flower)))
    fused = np.array(beliefs, np.float32).reshape(-1, stages.shape[1])
    best = fused.max(axis=1, initial=0.0)
    order = np.argsort(-best, kind="stable")
    return Detections(np.array(places, np.float32).reshape(-1, 4)[order], fused[order], best[order])
