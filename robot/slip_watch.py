"""Do the wheels roll or spin? While the encoder counts travel, the flowers in the picture must pass by."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vision.calibration import CameraModel
from vision.types import Detections, Pose

LEAST_SHIFT_PX = 2.0
"""Of a smaller shift nothing can be said: boxes jitter by about a pixel."""


class SlipWatchConfig(BaseModel):
    """When a standing picture means spinning wheels. Every value is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    farthest: float = Field(0.9, gt=0, le=5, description="distance of the crop from the lens at most, m")
    standing_share: float = Field(
        0.35, gt=0, lt=1, description="shift below this share of the least expected is standing still"
    )
    travel: float = Field(0.15, gt=0, le=2, description="encoder travel that is judged, m")
    least_seen: int = Field(6, ge=1, le=1000, description="detections needed in that travel")
    share: float = Field(0.6, gt=0, le=1, description="share of them that stand still, for spinning wheels")


class SlipWatch:
    """Compares the detections of consecutive frames of one camera. Cost: detections squared, at most 100."""

    def __init__(self, config: SlipWatchConfig, camera: CameraModel) -> None:
        self._config, self._fx = config, camera.fx
        self._last: tuple[float, NDArray[np.float32]] | None = None
        self._judged: deque[tuple[float, int, int]] = deque()
        self.spinning = False
        """True when the encoder counted the judged travel and the picture stood still."""

    def _spins(self) -> bool:
        seen = sum(seen for _, seen, _ in self._judged)
        standing = sum(standing for _, _, standing in self._judged)
        whole = sum(travel for travel, _, _ in self._judged) >= self._config.travel
        return whole and seen >= self._config.least_seen and standing >= self._config.share * seen

    def see(self, detections: Detections, pose: Pose) -> None:
        """Take one frame's detections and where the encoder says that the cart was."""
        centres = 0.5 * (detections.boxes[:, :2] + detections.boxes[:, 2:])
        last, self._last = self._last, (pose.s, centres)
        if last is None:
            return
        travel = abs(pose.s - last[0])
        if travel > self._config.travel:
            # Frames were missing: so far apart, other flowers lie where the first ones lay.
            self._judged.clear()
            self.spinning = False
            return
        shift_px = self._config.standing_share * self._fx * travel / self._config.farthest
        if shift_px < LEAST_SHIFT_PX:
            # Too slow for this pair: the older frame stays, until the encoder is far enough from it.
            self._last = last
            return
        self._judged.append((travel, len(centres), _standing(last[1], centres, shift_px)))
        while sum(travel for travel, _, _ in self._judged) - self._judged[0][0] >= self._config.travel:
            self._judged.popleft()
        self.spinning = self._spins()


def _standing(before: NDArray[np.float32], now: NDArray[np.float32], within_px: float) -> int:
    """Return how many detections lie where one of the earlier frame lay."""
    if not len(before) or not len(now):
        return 0
    apart = np.abs(now[:, None, :] - before[None, :, :]).max(axis=2)
    return int((apart.min(axis=1) <= within_px).sum())
