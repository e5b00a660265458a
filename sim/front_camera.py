"""The front camera's picture: a plain scene and row tags in it, with perspective, blur and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from robot.mission.fiducials import CORNERS, FrontCameraConfig

PLATE = 1.5
"""Side of the white plate around a tag, as a multiple of the black square."""

PIXELS = 240


@dataclass(frozen=True, slots=True)
class TagPlate:
    """A tag in the house: its centre x, y, height, and the direction its face looks in (rad; 0 along +x)."""

    tag: int
    x: float
    y: float
    h: float
    facing: float


class FrontCamera:
    """Draws what the lens sees from a pose on the headland: x, y, heading (rad; 0 along +x)."""

    def __init__(self, config: FrontCameraConfig, plates: Sequence[TagPlate], seed: int) -> None:
        self._config, self._plates = config, plates
        self._random = np.random.default_rng((seed, 0xF207))
        family = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
        self._pictures = {plate.tag: _plate(family, plate.tag) for plate in plates}

    def picture(self, x: float, y: float, heading: float) -> NDArray[np.uint8]:
        """Return a grey picture (H, W), with the lens `ahead` of the pose."""
        config = self._config
        lens = np.array([x + config.ahead * cos(heading), y + config.ahead * sin(heading), config.h])
        image = np.full((config.height, config.width), 90.0, dtype=np.float32)
        image[config.height // 2 :] = 120.0
        for plate in sorted(self._plates, key=lambda p: -float(np.hypot(p.x - lens[0], p.y - lens[1]))):
            self._draw(image, plate, lens, heading)
        image = cv2.GaussianBlur(image, (3, 3), 0.6).astype(np.float32)
        image += self._random.normal(0.0, 3.0, image.shape).astype(np.float32)
        found: NDArray[np.uint8] = np.clip(image, 0, 255).astype(np.uint8)
        return found

    def _draw(
        self, image: NDArray[np.float32], plate: TagPlate, lens: NDArray[np.float64], heading: float
    ) -> None:
        points = _corners(plate, self._config.tag_size * PLATE)
        ahead = np.array([cos(heading), sin(heading), 0.0])
        right = np.array([sin(heading), -cos(heading), 0.0])
        way = points - lens
        depth = way @ ahead
        facing = np.array([cos(plate.facing), sin(plate.facing), 0.0])
        if depth.min() < 0.1 or float((lens - points.mean(axis=0)) @ facing) <= 0.0:
            return
        matrix = self._config.matrix
        u = matrix[0, 0] * (way @ right) / depth + matrix[0, 2]
        v = -matrix[1, 1] * way[:, 2] / depth + matrix[1, 2]
        corners = np.stack([u, v], axis=1).astype(np.float32)
        size = image.shape[1], image.shape[0]
        if (corners.max(axis=0) < 0).any() or (corners.min(axis=0) > size).any():
            return
        edge = PIXELS - 1
        source = np.array([[0, 0], [edge, 0], [edge, edge], [0, edge]], dtype=np.float32)
        warp = cv2.getPerspectiveTransform(source, corners)
        picture = self._pictures[plate.tag]
        drawn = cv2.warpPerspective(picture, warp, size, flags=cv2.INTER_AREA)
        mask = cv2.warpPerspective(np.ones_like(picture), warp, size, flags=cv2.INTER_NEAREST)
        image[mask > 0] = drawn[mask > 0]


def _plate(family: cv2.aruco.Dictionary, tag: int) -> NDArray[np.float32]:
    """Return a white plate with the tag's black square in its middle."""
    inner = round(PIXELS / PLATE)
    marker = cv2.aruco.generateImageMarker(family, tag, inner).astype(np.float32)
    plate = np.full((PIXELS, PIXELS), 235.0, dtype=np.float32)
    at = (PIXELS - inner) // 2
    plate[at : at + inner, at : at + inner] = 20.0 + marker * (215.0 / 255.0)
    return plate


def _corners(plate: TagPlate, side: float) -> NDArray[np.float64]:
    """Return the corners of a plate as one sees them from before it: top left, top right, and on clockwise."""
    # Seen from before, the viewer's right is the plate's left hand: facing turned by a quarter to the left.
    right = np.array([-sin(plate.facing), cos(plate.facing), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    centre = np.array([plate.x, plate.y, plate.h])
    found: NDArray[np.float64] = centre + side * (CORNERS[:, :1] * right + CORNERS[:, 1:2] * up)
    return found
