"""Says what makes a frame useless: wrong size, dark, over-exposed, torn, blurred, frozen. Looks at a sample."""

from __future__ import annotations

import zlib

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from vision.tear import TearWatch
from vision.types import Frame

SAMPLE_STEP = 8
"""Every eighth pixel each way tells brightness and sameness."""

STRIP_ROWS = 96
"""Sharpness is measured in a strip across the middle."""


class FrameCheckConfig(BaseModel):
    """Limits; all assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dark_mean: float = Field(12.0, ge=0, le=255, description="mean grey below which a frame is dark")
    bright_mean: float = Field(240.0, ge=0, le=255, description="mean grey above which it is over-exposed")
    sharpness: float = Field(4.0, ge=0, description="variance of the Laplacian below which it is blurred")
    frozen_frames: int = Field(
        5, ge=2, le=1000, description="equal frames in a row that mean a frozen camera"
    )
    torn_edge: float = Field(
        2.6, ge=1.2, le=100, description="step across the whole width, over the usual one, that is a tear"
    )
    dirty_share: float = Field(
        0.35, gt=0, lt=1, description="of the usual sharpness, below which a part of the lens is dirty"
    )
    dirty_views: int = Field(40, ge=5, le=10_000, description="different views that must agree on that")


class FrameChecks:
    """The checks of one camera; remembers the last frame's content."""

    def __init__(self, width: int, height: int, config: FrameCheckConfig | None = None) -> None:
        self._size = (width, height)
        self._config = config or FrameCheckConfig()
        self._last: int | None = None
        self._same = 1
        self._tears = TearWatch()

    def problem(self, frame: Frame) -> str | None:
        """Return why the frame must not be used, in words for the operator, or None."""
        height, width = frame.image.shape[:2]
        if (width, height) != self._size:
            return f"wrong size: {width}x{height} instead of {self._size[0]}x{self._size[1]}"
        sample = np.ascontiguousarray(frame.image[::SAMPLE_STEP, ::SAMPLE_STEP])
        if self._is_frozen(sample.tobytes()):
            return f"frozen: {self._same} equal frames in a row"
        mean = float(sample.mean())
        if mean < self._config.dark_mean:
            return f"dark: mean grey {mean:.0f} of 255"
        if mean > self._config.bright_mean:
            return f"over-exposed: mean grey {mean:.0f} of 255"
        torn = self._tears.problem(frame.image[:, :, 1], self._config.torn_edge)
        if torn is not None:
            return torn
        top = max(0, (height - STRIP_ROWS) // 2)
        strip = frame.image[top : top + STRIP_ROWS, ::2, 1]
        sharpness = float(cv2.Laplacian(np.ascontiguousarray(strip), cv2.CV_32F).var())
        if sharpness < self._config.sharpness:
            return f"blurred: sharpness {sharpness:.1f}"
        return None

    def _is_frozen(self, content: bytes) -> bool:
        mark = zlib.crc32(content)
        self._same = self._same + 1 if mark == self._last else 1
        self._last = mark
        return self._same >= self._config.frozen_frames
