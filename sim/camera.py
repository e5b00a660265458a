"""A camera on the simulated mast: exposes on its own beat, delivers JPEG frames a little later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Protocol

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vision.types import Frame

SAME_MOMENT_S = 1e-7
PAST_S = 0.002
"""An exposure this long ago has its true place fixed for good: the plant has stepped beyond it."""


class SimCameraConfig(BaseModel):
    """The camera's timing and encoding. Every value is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    fps: float = Field(15.0, gt=0, le=240, description="frames a second")
    delivery_s: float = Field(0.06, ge=0, le=1, description="exposure to the frame being in the loop's hands")
    delivery_jitter_s: float = Field(
        0.0, ge=0, le=1, description="most that a frame comes later still; frames never overtake each other"
    )
    stamp_late_s: float = Field(
        0.0, ge=-0.5, le=0.5, description="capture time that the camera tells, minus the true one"
    )
    stamp_jitter_s: float = Field(0.0, ge=0, le=0.1, description="std of the told capture time")
    jpeg_quality: int = Field(90, ge=30, le=100, description="quality of the camera's own MJPEG encoder")


class Picture(Protocol):
    """Draws what a camera sees."""

    def __call__(self, cart_s: float, t: float, seq: int, /) -> NDArray[np.uint8]:
        """Return (H, W, 3) uint8 BGR for the cart at `cart_s` at time `t`."""
        ...


class SimCamera:
    """Exposes each 1/fps; `take` gives the newest delivered frame.

    Only frames that are taken are drawn. With `ahead`, a frame is drawn there while it is on its way, so that a
    second core draws while the first one looks for flowers; what is drawn depends on place and time alone.
    """

    def __init__(
        self,
        camera_id: str,
        config: SimCameraConfig,
        picture: Picture,
        place_at: Callable[[float], float],
        now: Callable[[], float],
        phase_s: float = 0.0,
        *,
        seed: int = 0,
        ahead: Executor | None = None,
        gone: Callable[[], bool] = lambda: False,
    ) -> None:
        """`gone` tells whether the plug is out: frames that are due then are lost."""
        self._camera_id = camera_id
        self._config = config
        self._picture = picture
        self._place_at = place_at
        self._now = now
        self._phase_s = phase_s
        self._seed = seed
        self._ahead = ahead
        self._gone = gone
        self._last = -1
        self._coming: tuple[int, Future[Frame]] | None = None
        self._drawn_last: NDArray[np.uint8] | None = None
        self._coded: tuple[bytes, NDArray[np.uint8]] = (b"", np.empty((0, 0, 3), np.uint8))
        """The last picture, and what became of it: the very same one again is not encoded again."""

    @property
    def camera_id(self) -> str:
        """The camera's name."""
        return self._camera_id

    def take(self) -> Frame | None:
        """Return the newest frame delivered by now, or None when it was taken before."""
        now = self._now()
        newest = self._last
        while self._delivered_t(newest + 1) <= now + SAME_MOMENT_S:
            newest += 1
        frame = None
        if newest > self._last:
            self._last = newest
            frame = None if self._gone() else self._developed(newest)
        self._draw_ahead(now)
        return frame

    def expose(self, seq: int) -> Frame:
        """Return frame number `seq`, encoded and decoded as a camera's MJPEG stream would be."""
        t = self._exposed_t(seq)
        return self._drawn(seq, t, self._place_at(t))

    def _exposed_t(self, seq: int) -> float:
        return seq / self._config.fps + self._phase_s

    def _delivered_t(self, seq: int) -> float:
        config = self._config
        late = config.delivery_jitter_s
        # A stalled frame holds up the next ones; one before is enough, as long as the jitter is below a beat or two.
        ways = [self._exposed_t(k) + late * self._random(k).random() for k in (seq - 1, seq)] if late else []
        return config.delivery_s + max([self._exposed_t(seq), *ways])

    def _random(self, seq: int) -> np.random.Generator:
        """Numbers of one frame, whatever was asked before."""
        return np.random.Generator(np.random.PCG64([self._seed, 0xCA3, max(seq, 0)]))

    def _draw_ahead(self, now: float) -> None:
        """Let the next frame be drawn as soon as its exposure is past."""
        if self._ahead is None or self._coming is not None:
            return
        seq = self._last + 1
        t = self._exposed_t(seq)
        if now >= t + PAST_S:
            self._coming = seq, self._ahead.submit(self._drawn, seq, t, self._place_at(t))

    def _developed(self, seq: int) -> Frame:
        coming, self._coming = self._coming, None
        if coming is None:
            return self.expose(seq)
        drawn = coming[1].result()
        return drawn if coming[0] == seq else self.expose(seq)

    def _drawn(self, seq: int, t: float, cart_s: float) -> Frame:
        drawn = self._picture(cart_s, t, seq)
        if drawn is not self._drawn_last:
            jpeg = simplejpeg.encode_jpeg(
                drawn, quality=self._config.jpeg_quality, colorspace="BGR", colorsubsampling="420"
            )
            self._coded = jpeg, simplejpeg.decode_jpeg(jpeg, colorspace="BGR")
            self._drawn_last = drawn
        jpeg, image = self._coded
        return Frame(self._camera_id, seq, self._told_t(seq, t), image, jpeg)

    def _told_t(self, seq: int, t: float) -> float:
        """Return the capture time on the frame."""
        config = self._config
        told = t + config.stamp_late_s
        if config.stamp_jitter_s:
            # Drawn apart from the delivery's number; times rise all the same, far apart as frames are.
            told += config.stamp_jitter_s * float(np.clip(self._random(seq).standard_normal(), -3.0, 3.0))
        return told
