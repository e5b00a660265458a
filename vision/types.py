"""What vision passes around: frames, detections, poses and flowers. No behaviour lives here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Side = Literal["left", "right"]
"""The side of the cart, looking along the direction of rising s."""

SIDES: tuple[Side, Side] = ("left", "right")


class Stage(IntEnum):
    """Flower stages, BBCH 6x; the value is the class index of every array and model."""

    BUD = 0
    OPEN = 1
    SPENT = 2


STAGE_NAMES: tuple[str, str, str] = ("bud", "open", "spent")


@dataclass(frozen=True, slots=True)
class Frame:
    """One image, (H, W, 3) uint8 BGR, captured at host-monotonic `t_capture` (seconds).

    `jpeg` is the camera's own encoding, when it has one: the recorder stores it untouched,
    so that a replay decodes the very same pixels.
    """

    camera_id: str
    seq: int
    t_capture: float
    image: NDArray[np.uint8]
    jpeg: bytes | None = None


class Camera(Protocol):
    """A source of frames. `read` blocks at most `timeout_s`; None means no frame came."""

    @property
    def camera_id(self) -> str:
        """Name of the camera in frames, recordings and messages."""
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame, or None after `timeout_s`; raises CameraError when the device is gone."""
        ...

    def close(self) -> None:
        """Release the device; `read` is not called again."""
        ...


class CameraError(Exception):
    """The camera cannot deliver frames; the text names the camera, the cause and the remedy."""


class FrameSource(Protocol):
    """What the control loop takes frames from: the newest unseen one, never a queue."""

    @property
    def camera_id(self) -> str:
        """Name of the camera in frames, recordings and messages."""
        ...

    def take(self) -> Frame | None:
        """Return the newest frame not yet taken, or None; never blocks."""
        ...


class Detections(msgspec.Struct, frozen=True):
    """N detections of one frame: boxes (N, 4) float32 x0 y0 x1 y1 in pixels of that frame,
    stage probabilities (N, 3) float32 in Stage order, scores (N,) float32 in 0..1, best first."""

    boxes: NDArray[np.float32]
    stages: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.scores.shape[0])


class Pose(msgspec.Struct, frozen=True):
    """Where the cart was: s along the row (m), its speed (m/s, signed) and the std of s (m)."""

    t: float
    s: float
    velocity: float
    s_std: float


class Flower(msgspec.Struct, frozen=True):
    """A flower of the map: mean (s, h, d) in m with covariance (3, 3), and a belief over stages (3,).

    `place_known` is false until views from different places have fixed its depth.
    """

    flower_id: int
    side: Side
    position: NDArray[np.float64]
    covariance: NDArray[np.float64]
    belief: NDArray[np.float64]
    views: int
    first_seen: float
    last_seen: float
    place_known: bool
