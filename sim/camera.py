"""A camera on the simulated mast: exposes on its own beat, delivers JPEG frames a little later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vision.types import Frame


class SimCameraConfig(BaseModel):
    """The camera's timing and encoding. Every value is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fps: float = Field(15.0, gt=0, le=240, description="frames a second")
    delivery_s: float = Field(0.06, ge=0, le=1, description="exposure to the frame being in the loop's hands")
    jpeg_quality: int = Field(90, ge=30, le=100, description="quality of the camera's own MJPEG encoder")


class Picture(Protocol):
    """Draws what a camera sees."""

    def __call__(self, cart_s: float, t: float, seq: int, /) -> NDArray[np.uint8]:
        """Return (H, W, 3) uint8 BGR for the cart at `cart_s` at time `t`."""
        ...


class SimCamera:
    """Exposes each 1/fps; draws only the frame that is taken. `take` gives the newest delivered one."""

    def __init__(
        self,
        camera_id: str,
        config: SimCameraConfig,
        picture: Picture,
        place_at: Callable[[float], float],
        now: Callable[[], float],
        phase_s: float = 0.0,
    ) -> None:
        self._camera_id = camera_id
        self._config = config
        self._picture = picture
        self._place_at = place_at
        self._now = now
        self._phase_s = phase_s
        self._last = -1

    @property
    def camera_id(self) -> str:
        """The camera's name."""
        return self._camera_id

    def take(self) -> Frame | None:
        """Return the newest frame delivered by now, or None when it was taken before."""
        config = self._config
        seq = int((self._now() - config.delivery_s - self._phase_s) * config.fps + 1e-6)
        if self._now() < config.delivery_s + self._phase_s or seq <= self._last:
            return None
        self._last = seq
        return self.expose(seq)

    def expose(self, seq: int) -> Frame:
        """Return frame number `seq`, encoded and decoded as a camera's MJPEG stream would be."""
        t = seq / self._config.fps + self._phase_s
        drawn = self._picture(self._place_at(t), t, seq)
        jpeg = simplejpeg.encode_jpeg(
            drawn, quality=self._config.jpeg_quality, colorspace="BGR", colorsubsampling="420"
        )
        image = simplejpeg.decode_jpeg(jpeg, colorspace="BGR")
        return Frame(self._camera_id, seq, t, image, jpeg)
