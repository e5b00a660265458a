"""Still photographs, larger than a robot frame and of any scale: read, tiled at several scales, merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vision.types import Detections

Image = NDArray[np.uint8]
Detect = Callable[[Image], Detections]

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


class PictureError(Exception):
    """A picture cannot be used; the text names the file, the cause and the remedy in one line."""


class StillRule(BaseModel):
    """How a still is looked at; the same for every photo. The model card carries it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    scales: tuple[float, ...] = Field((0.25, 0.5), min_length=1, description="resizings of the photo")
    overlap: float = Field(0.25, ge=0, lt=0.9, description="share of a tile that the next one repeats")
    nms_iou: float = Field(0.5, gt=0, le=1, description="boxes that overlap more are one flower")


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
    """Return the detections of a photo, in its own pixels: `detect` sees tiles of `tile` (width, height) px."""
    found: list[Detections] = []
    for scale in rule.scales:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled = image if scale == 1 else np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)
        for x, y in tile_corners(scaled.shape[1], scaled.shape[0], tile, rule.overlap):
            part = np.ascontiguousarray(scaled[y : y + tile[1], x : x + tile[0]])
            found.append(_moved(detect(padded(part, tile)), x, y, scale))
    return _merged(found, rule.nms_iou)


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


def _moved(found: Detections, x: int, y: int, scale: float) -> Detections:
    boxes = (found.boxes + np.array([x, y, x, y], np.float32)) / np.float32(scale)
    return Detections(boxes, found.stages, found.scores)


def _merged(parts: list[Detections], iou: float) -> Detections:
    boxes = np.concatenate([part.boxes for part in parts])
    stages = np.concatenate([part.stages for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    if not len(scores):
        return Detections(boxes, stages, scores)
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = np.asarray(cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), 0.0, iou), np.int64).reshape(-1)
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    return Detections(boxes[kept], stages[kept], scores[kept])
