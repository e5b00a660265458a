"""A calibrated camera: pixels to rays, row coordinates to pixels. The map, the robot and the renderer use it.

Sums are written out: a matrix product may differ in the last bit from one BLAS or CPU to the next.
"""

from __future__ import annotations

from functools import cached_property
from math import cos, sin
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from vision.types import Side

UNDISTORT_ITERATIONS = 40
"""Most fixed-point steps of the undistortion; a common lens needs 4 to 8."""

UNDISTORT_ENOUGH = 1e-6
"""A step smaller than this, in focal lengths, ends the undistortion: what is left is below 1e-4 px."""

ROUND_TRIP_PX = 0.01
"""How closely the image corners must come back through ray() and project()."""

NEAREST_DEPTH = 1e-3
"""Points nearer to the lens than this (m) have no pixel."""


class CameraModel(BaseModel):
    """Intrinsics, Brown distortion and mount of one camera, which looks along +d into one side's crop.

    Image x is +s on the left side and -s on the right side; image y is -h.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    camera_id: str = Field(min_length=1, description="name used in frames, recordings and messages")
    side: Side = Field(description="side of the cart that it looks at, seen along rising s")
    width: int = Field(ge=32, le=8192, description="image width in px")
    height: int = Field(ge=32, le=8192, description="image height in px")
    fx: float = Field(gt=0, description="focal length in px, horizontal")
    fy: float = Field(gt=0, description="focal length in px, vertical")
    cx: float = Field(description="principal point in px, from the centre of the left-most pixel")
    cy: float = Field(description="principal point in px, from the centre of the top-most pixel")
    distortion: tuple[float, float, float, float, float] = Field(
        default=(0.0, 0.0, 0.0, 0.0, 0.0),
        description="Brown coefficients k1, k2, p1, p2, k3 in OpenCV's order",
    )
    s_offset: float = Field(description="optical centre ahead of the cart's reference point, m")
    h: float = Field(description="optical centre above the rail, m")
    d: float = Field(default=0.0, description="optical centre from the mast plane, m, positive to the crop")
    yaw: float = Field(default=0.0, ge=-0.8, le=0.8, description="turn to the image's right, rad")
    pitch: float = Field(default=0.0, ge=-0.8, le=0.8, description="turn upwards, rad, after the yaw")
    roll: float = Field(default=0.0, ge=-0.8, le=0.8, description="clockwise seen from behind, rad, last")
    latency_s: float = Field(
        default=0.0,
        ge=-0.5,
        le=0.5,
        description="t_capture minus the time at which the middle image row was exposed",
    )
    readout_s: float = Field(
        default=0.0, ge=0.0, le=0.1, description="rolling shutter: first to last row; 0 for a global shutter"
    )

    @model_validator(mode="after")
    def _distortion_can_be_undone(self) -> Self:
        right, bottom = self.width - 1.0, self.height - 1.0
        corners = np.array([[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]])
        # A lens that folds makes the iteration run away: overflow is the answer here, not a fault.
        with np.errstate(all="ignore"):
            rays = self.ray(corners)
            back = self.project(self.points_on_rays(rays, np.ones(4), 0.0), 0.0)
            worst = float(np.abs(back - corners).max())
        if not worst <= ROUND_TRIP_PX:
            raise ValueError(
                f"camera {self.camera_id}: distortion {self.distortion} cannot be undone at the corners "
                f"(fx {self.fx:g}, fy {self.fy:g}, {self.width}x{self.height}); calibrate the camera again"
            )
        return self

    @cached_property
    def _row_to_camera(self) -> NDArray[np.float64]:
        """Rotation (3, 3) from row axes (s, h, d) to camera axes (right, down, ahead)."""
        sign = 1.0 if self.side == "left" else -1.0
        axes = np.array([[sign, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
        cy, sy = cos(self.yaw), sin(self.yaw)
        cp, sp = cos(self.pitch), sin(self.pitch)
        cr, sr = cos(self.roll), sin(self.roll)
        yaw = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
        pitch = np.array([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
        roll = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
        turned: NDArray[np.float64] = (yaw @ pitch @ roll).T @ axes
        return turned

    @cached_property
    def field_of_rays(self) -> tuple[float, float, float, float]:
        """The box of rays that holds the whole image: (s low, s high, h low, h high), each per m of depth."""
        (s_low, s_high), (h_low, h_high) = self._edge_rays
        return float(s_low.min()), float(s_high.max()), float(h_low.min()), float(h_high.max())

    @cached_property
    def inner_field_of_rays(self) -> tuple[float, float, float, float]:
        """A box of rays that lies wholly inside the image, as `field_of_rays`."""
        (s_low, s_high), (h_low, h_high) = self._edge_rays
        return float(s_low.max()), float(s_high.min()), float(h_low.max()), float(h_high.min())

    @cached_property
    def _edge_rays(self) -> list[list[NDArray[np.float64]]]:
        """ray_s along the image's low and high edge in s, then ray_h along those in h."""
        x = np.linspace(0.0, self.width - 1.0, 17)
        y = np.linspace(0.0, self.height - 1.0, 17)
        sides = [self.ray(np.stack([np.full(17, edge), y], axis=1))[:, 0] for edge in (x[0], x[-1])]
        ends = [self.ray(np.stack([x, np.full(17, edge)], axis=1))[:, 1] for edge in (y[0], y[-1])]
        return [sorted(pair, key=lambda edge: float(edge.mean())) for pair in (sides, ends)]

    @cached_property
    def _fold_radius2(self) -> float:
        """Squared normalised radius at which the radial distortion turns back; inf when it never does."""
        k1, k2, _, _, k3 = self.distortion
        roots = np.roots([7.0 * k3, 5.0 * k2, 3.0 * k1, 1.0])
        real = [root.real for root in roots if abs(root.imag) < 1e-9 and root.real > 0]
        return min(real, default=float("inf"))

    def project(self, points_shd: NDArray[np.float64], cart_s: float) -> NDArray[np.float64]:
        """Return the pixels (N, 2) of row points (N, 3) seen with the cart at `cart_s`.

        Pixels may lie outside the image; points behind the lens, or where the distortion folds, are NaN.
        """
        s = points_shd[:, 0] - (cart_s + self.s_offset)
        h, d = points_shd[:, 1] - self.h, points_shd[:, 2] - self.d
        right, down, ahead = (a * s + b * h + c * d for a, b, c in self._row_to_camera.tolist())
        depth = np.where(ahead > NEAREST_DEPTH, ahead, np.nan)
        x, y = right / depth, down / depth
        if any(self.distortion):
            x, y = np.where(x * x + y * y < self._fold_radius2, (x, y), np.nan)
            radial, tangent_x, tangent_y = self._distort(x, y)
            x, y = x * radial + tangent_x, y * radial + tangent_y
        pixels = np.empty((len(x), 2))
        pixels[:, 0], pixels[:, 1] = self.fx * x + self.cx, self.fy * y + self.cy
        return pixels

    def ray(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return undistorted rays (N, 2) of pixels (N, 2): metres of s and of h per metre of d.

        A flower `depth` metres of d beyond the lens lies at s_cam + depth * ray_s, h_cam + depth * ray_h.
        """
        seen_x = (pixels[:, 0] - self.cx) / self.fx
        seen_y = (pixels[:, 1] - self.cy) / self.fy
        x, y = seen_x, seen_y
        if any(self.distortion):
            for _ in range(UNDISTORT_ITERATIONS):
                radial, tangent_x, tangent_y = self._distort(x, y)
                before_x, before_y = x, y
                x, y = (seen_x - tangent_x) / radial, (seen_y - tangent_y) / radial
                change = np.abs(x - before_x) + np.abs(y - before_y)
                if not (change > UNDISTORT_ENOUGH).any():
                    break
        s, h, d = (a * x + b * y + c for a, b, c in self._row_to_camera.T.tolist())
        rays = np.empty((len(x), 2))
        rays[:, 0], rays[:, 1] = s / d, h / d
        return rays

    def points_on_rays(
        self, rays: NDArray[np.float64], depths: NDArray[np.float64], cart_s: float
    ) -> NDArray[np.float64]:
        """Return row points (N, 3) at `depths` (N,) metres of d beyond the lens along rays (N, 2)."""
        s = cart_s + self.s_offset + depths * rays[:, 0]
        h = self.h + depths * rays[:, 1]
        return np.stack([s, h, self.d + depths], axis=1)

    def _distort(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the radial factor and the two tangential shifts (Brown 1966, OpenCV's form)."""
        k1, k2, p1, p2, k3 = self.distortion
        x2, y2, xy = x * x, y * y, x * y
        r2 = x2 + y2
        radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return radial, (2.0 * p1) * xy + p2 * (r2 + 2.0 * x2), p1 * (r2 + 2.0 * y2) + (2.0 * p2) * xy
