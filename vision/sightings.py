"""One frame's detections as rays with noise: what the flower map compares its flowers with."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from vision.calibration import CameraModel
from vision.flower_filter import Floats
from vision.types import Detections, Pose

EDGE_PX = 2.0
"""A box this near to the image border is taken as cut by it."""

CUT_BOX_STD = 0.15
"""Spread of the centre guessed for a flower that the border cuts, in box sizes."""

STAGE_FLOOR = 0.02
"""Added to each stage probability: no single view may rule a stage out."""


class Sightings(msgspec.Struct, frozen=True):
    """M usable detections, `index` (M,) being their place in the frame's Detections.

    `rays`, `half` (M, 2): ray and half box size; `noise_s`, `noise_h` (M,): variances of the ray from the
    pixels alone; `camera_s` (M,): where the camera was when the box's row was exposed; `stages` (M, 3):
    likelihood of each stage; `cut` (M,): touches the border of the image, `entering` (M,): one that it crosses in s.
    """

    index: NDArray[np.int64]
    rays: Floats
    half: Floats
    noise_s: Floats
    noise_h: Floats
    camera_s: Floats
    stages: Floats
    scores: Floats
    cut: NDArray[np.bool_]
    entering: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.index)


def sight(
    detections: Detections, pose: Pose, camera: CameraModel, pixel_std: float, box_std: float
) -> Sightings:
    """Turn the frame's detections into rays; boxes that no image can hold drop out.

    `pixel_std` (px) and `box_std` (share of the box size) add up to the noise of a box centre.
    """
    boxes = detections.boxes.astype(np.float64)
    index = np.flatnonzero(_usable(detections, boxes, (camera.width, camera.height)))
    boxes = boxes[index]
    low, high = boxes[:, :2], boxes[:, 2:]
    cut_low = low < EDGE_PX
    cut_high = high > np.array([camera.width - EDGE_PX, camera.height - EDGE_PX])
    cut = cut_low | cut_high
    size = high - low
    # A flower is about as wide as high: what the border hides of one is told by the other.
    size = np.where(cut, np.maximum(size, size[:, ::-1]), size)
    centre = np.where(
        cut_high & ~cut_low,
        low + 0.5 * size,
        np.where(cut_low & ~cut_high, high - 0.5 * size, 0.5 * (low + high)),
    )
    focal = np.array([camera.fx, camera.fy])
    std = np.hypot(pixel_std, box_std * size) + np.where(cut, CUT_BOX_STD * size, 0.0)
    noise = (std / focal) ** 2
    # Rolling shutter: a row below the middle is exposed later, when the cart has moved on.
    late = camera.readout_s * (centre[:, 1] / (camera.height - 1.0) - 0.5)
    stages = np.clip(detections.stages[index].astype(np.float64), 0.0, 1.0) + STAGE_FLOOR
    return Sightings(
        index=index,
        rays=camera.ray(centre),
        half=0.5 * size / focal,
        noise_s=noise[:, 0],
        noise_h=noise[:, 1],
        camera_s=pose.s + camera.s_offset + pose.velocity * late,
        stages=stages / stages.sum(axis=1, keepdims=True),
        scores=detections.scores[index].astype(np.float64),
        cut=cut[:, 0] | cut[:, 1],
        entering=cut[:, 0],
    )


def _usable(detections: Detections, boxes: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which detections (N,) are finite and have an area and a place on the image."""
    usable: NDArray[np.bool_] = np.isfinite(detections.stages).all(axis=1) & np.isfinite(detections.scores)
    low, high, limit = boxes[:, :2], boxes[:, 2:], np.array(size, dtype=np.float64)
    # Comparisons with NaN are false, so only finite coordinates pass.
    usable &= ((low < high) & (low > -limit) & (low < limit) & (high > 0.0) & (high < 2.0 * limit)).all(
        axis=1
    )
    return usable
