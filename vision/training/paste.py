"""Flowers cut from photographs and set into other windows: few photographs, many surroundings."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from vision.training.augment import AugmentConfig, photo_scale, turned
from vision.training.scenes import Sample

MARGIN: Final = 0.2
"""What is cut beyond the box on each side, in box sides: its edge fades out there (assumed)."""

MOST_CROWDED: Final = 0.1
"""A flower that others cover more of than this is not cut out (assumed)."""

HIDDEN, GONE = 0.3, 0.85
"""Shares of a flower under a pasted one: from the first it cannot be judged, from the second it is gone."""


def pasted(window: Sample, donor: Sample, random: Generator, config: AugmentConfig) -> Sample:
    """Return the window with one flower of `donor` in it, or as it is when none is fit."""
    box = _chosen(donor, random)
    if box is None:
        return window
    patch = _patch(donor, box, random, config)
    height, width = patch.image.shape[:2]
    rows, columns = window.image.shape[:2]
    if height >= rows or width >= columns:
        return window
    y, x = int(random.integers(rows - height)), int(random.integers(columns - width))
    image = window.image.copy()
    under = image[y : y + height, x : x + width]
    fade = _fade(height, width)
    under[:] = np.round(under + fade * (patch.image.astype(np.float32) - under)).astype(np.uint8)
    placed = patch.boxes + np.array([x, y, x, y], np.float32)
    covered = _covered(window.boxes, placed[0])
    kept = covered < GONE
    return Sample(
        image,
        np.concatenate([window.boxes[kept], placed]),
        np.concatenate([window.stages[kept], patch.stages]),
        np.concatenate([(window.ignore | (covered > HIDDEN))[kept], patch.ignore]),
    )


def _chosen(donor: Sample, random: Generator) -> int | None:
    """Return a judged flower that stands clear of all other boxes."""
    clear = [
        index
        for index in np.flatnonzero(~donor.ignore).tolist()
        if _covered(donor.boxes[index : index + 1], np.delete(donor.boxes, index, axis=0)).max(initial=0.0)
        <= MOST_CROWDED
    ]
    return int(random.choice(clear)) if clear else None


def _patch(donor: Sample, index: int, random: Generator, config: AugmentConfig) -> Sample:
    """Return the flower and its margin, zoomed to a size drawn at random, turned and mirrored."""
    x0, y0, x1, y1 = (float(value) for value in donor.boxes[index])
    side = (x1 - x0 + y1 - y0) / 2
    scale = photo_scale(side, random, config)
    rows, columns = donor.image.shape[:2]
    left, right = max(0, int(x0 - MARGIN * side)), min(columns, int(x1 + MARGIN * side) + 1)
    top, bottom = max(0, int(y0 - MARGIN * side)), min(rows, int(y1 + MARGIN * side) + 1)
    size = (max(4, round((right - left) * scale)), max(4, round((bottom - top) * scale)))
    way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    image = np.asarray(cv2.resize(donor.image[top:bottom, left:right], size, interpolation=way), np.uint8)
    box = (donor.boxes[index : index + 1] - np.array([left, top, left, top], np.float32)) * np.float32(scale)
    patch = Sample(image, box, donor.stages[index : index + 1], donor.ignore[index : index + 1])
    return turned(patch, int(random.integers(4)) if random.random() < config.turn else 0)


def _fade(height: int, width: int) -> NDArray[np.float32]:
    """Return (H, W, 1): 1 over the flower, falling to 0 towards the edge of its margin."""
    y = np.abs(np.linspace(-1, 1, height, dtype=np.float32))[:, None]
    x = np.abs(np.linspace(-1, 1, width, dtype=np.float32))[None]
    away = (x**4 + y**4) ** 0.25
    return np.asarray(np.clip((1.0 - away) * (1 + 2 * MARGIN) / MARGIN, 0.0, 1.0)[..., None], np.float32)


def _covered(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the share of each box (N, 4) that lies in one of `others` (4,) or (M, 4): the largest of them."""
    others = others.reshape(1, -1, 4)
    least = np.maximum(boxes[:, None, :2], others[..., :2])
    most = np.minimum(boxes[:, None, 2:], others[..., 2:])
    common = np.maximum(most - least, 0.0).prod(axis=2)
    area = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-6)
    share: NDArray[np.float32] = common.max(axis=1, initial=0.0) / area
    return share
