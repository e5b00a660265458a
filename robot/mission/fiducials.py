"""Row tags (AprilTag 36h11) in the front camera's picture: which one, where, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import atan2, hypot, radians, sqrt, tan
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vision.calibration import CameraModel

Floats = NDArray[np.float64]
FRONT = "front"
"""The front camera's name in messages and for `bombus calibrate camera`."""

MOST_TAG = 586
"""The family's last number."""

FEWEST_PX = 12.0
"""A tag whose shortest side is smaller is not measured (assumed)."""

CORNERS = np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]], dtype=np.float64) / 2.0
"""Corners of a tag of side 1 in the order of the detector, as IPPE_SQUARE wants them: x right, y up."""


class FrontCameraConfig(BaseModel):
    """The camera that looks ahead, for row tags; `bombus calibrate camera --camera front` measures its lens."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    source: str | None = Field(None, description="as cameras.source; left out: no front camera")
    width: int = Field(640, ge=160, le=4096, description="px")
    height: int = Field(480, ge=120, le=4096, description="px")
    fps: float = Field(15.0, ge=1, le=120, description="frames per second asked of the camera (assumed)")
    horizontal_fov_deg: float = Field(70.0, gt=20, lt=150, description="used where fx is not given (assumed)")
    fx: float | None = Field(None, gt=0, description="px, calibrated; leave out to use the field of view")
    fy: float | None = Field(None, gt=0, description="px; fx when left out")
    cx: float | None = Field(None, description="px; the image's middle when left out")
    cy: float | None = Field(None, description="px; the image's middle when left out")
    distortion: tuple[float, float, float, float, float] = Field((0.0,) * 5, description="k1, k2, p1, p2, k3")
    calibrated: str = Field("", max_length=120, description="what was measured when, by `bombus calibrate`")
    ahead: float = Field(
        0.4, ge=-2, le=2, description="lens ahead of the cart's reference point, m (assumed)"
    )
    h: float = Field(0.8, ge=0, le=3, description="lens above the rail, m (assumed)")
    tag_size: float = Field(0.12, gt=0.02, le=1, description="side of a tag's black square, m (assumed)")
    corner_px: float = Field(0.35, gt=0, le=5, description="std of a tag's corner in the picture (assumed)")

    @model_validator(mode="after")
    def _lens_makes_sense(self) -> Self:
        matrix = self.matrix
        lens = {"fx": matrix[0, 0], "fy": matrix[1, 1], "cx": matrix[0, 2], "cy": matrix[1, 2]}
        size = {"width": self.width, "height": self.height, "s_offset": 0.0, "h": self.h}
        try:
            CameraModel(camera_id=FRONT, side="left", distortion=self.distortion, **lens, **size)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        return self

    @property
    def matrix(self) -> Floats:
        """The pinhole camera, (3, 3)."""
        fx = self.fx or 0.5 * self.width / tan(radians(0.5 * self.horizontal_fov_deg))
        cx = 0.5 * (self.width - 1) if self.cx is None else self.cx
        cy = 0.5 * (self.height - 1) if self.cy is None else self.cy
        return np.array([[fx, 0.0, cx], [0.0, self.fy or fx, cy], [0.0, 0.0, 1.0]])

    @property
    def reach_m(self) -> float:
        """From how far a tag that looks straight at the camera is measured, m."""
        return float(self.matrix[0, 0]) * self.tag_size / FEWEST_PX


@dataclass(frozen=True, slots=True)
class TagSeen:
    """One tag as a frame shows it: its centre in the camera's frame (x right, y down, z ahead; m)."""

    tag: int
    t: float
    position: tuple[float, float, float]
    turn: float
    """Angle of the tag's face about the upright axis, 0 when it looks straight at the camera (rad)."""
    covariance: Floats
    """Of rotation vector and position, (6, 6)."""
    error_px: float

    @property
    def distance(self) -> float:
        """Metres ahead of the lens."""
        return self.position[2]

    @property
    def bearing(self) -> float:
        """Angle to the right of straight ahead (rad)."""
        return atan2(self.position[0], self.position[2])

    @property
    def std(self) -> tuple[float, float, float]:
        """Standard deviations of x, y and z (m)."""
        x, y, z = (sqrt(float(v)) for v in np.diagonal(self.covariance)[3:])
        return x, y, z


class TagReader:
    """Finds tags and measures their pose; for one thread."""

    def __init__(self, config: FrontCameraConfig) -> None:
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        family = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
        self._detector = cv2.aruco.ArucoDetector(family, parameters)
        self._config = config

    def read(self, image: NDArray[np.uint8], t: float) -> list[TagSeen]:
        """Return the tags in a BGR or grey image taken at `t`, nearest first."""
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
        corners, ids, _ = self._detector.detectMarkers(grey)
        # Without a tag the numbers are None, whatever the library's types say.
        numbers = [] if not len(corners) else np.ravel(ids).tolist()
        found = (
            self._measured(int(tag), np.asarray(four, dtype=np.float64).reshape(4, 2), t)
            for tag, four in zip(numbers, corners, strict=True)
        )
        return sorted((seen for seen in found if seen is not None), key=lambda seen: seen.distance)

    def _measured(self, tag: int, corners: Floats, t: float) -> TagSeen | None:
        sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
        if float(sides.min()) < FEWEST_PX:
            return None
        points, lens = CORNERS * self._config.tag_size, self._config.matrix
        bent = np.asarray(self._config.distortion, dtype=np.float64)
        ok, turns, places, errors = cv2.solvePnPGeneric(
            points, corners, lens, bent, flags=cv2.SOLVEPNP_IPPE_SQUARE
        )
        if not ok or not np.isfinite(places[0]).all() or float(places[0][2, 0]) <= 0.0:
            return None
        rotation, place = turns[0], places[0]
        _, jacobian = cv2.projectPoints(points, rotation, place, lens, bent)[:2]
        error_px = float(np.ravel(errors)[0])
        slopes = np.asarray(jacobian[:, :6], dtype=np.float64)
        covariance = _covariance(slopes, max(self._config.corner_px, error_px))
        matrix, _ = cv2.Rodrigues(rotation)
        # The tag's face looks along its own z; towards the camera that is minus the camera's z.
        turn = atan2(-float(matrix[0, 2]), -float(matrix[2, 2]))
        x, y, z = (float(v) for v in place.ravel())
        return TagSeen(tag, t, (x, y, z), turn, covariance, error_px)


def _covariance(jacobian: Floats, std_px: float) -> Floats:
    """Return the covariance of a least-squares pose from corners of independent noise `std_px`."""
    normal = jacobian.T @ jacobian
    inverse = np.linalg.inv(normal + 1e-9 * np.eye(6) * float(np.trace(normal)))
    return np.asarray(std_px**2 * inverse, dtype=np.float64)


def wrong_tag(seen: Sequence[TagSeen], own: Collection[int], nearest_m: float = 4.0) -> str:
    """Return why the tags in sight contradict that the cart stands at a row whose tags are `own`, or ''."""
    near = [one for one in seen if one.distance <= nearest_m]
    if not near:
        return ""
    ahead = min(near, key=lambda one: hypot(one.position[0], one.position[2]))
    return "" if ahead.tag in own else f"the front camera sees tag {ahead.tag}"
