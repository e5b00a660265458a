"""What the camera does to the light: exposure, white balance, blur, vignette, tone curve and noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

GRAIN_SIGMA = 128.0
"""Standard deviation of the rasteriser's grain: twice the sum of three whole numbers in 0..127."""


class EffectsConfig(BaseModel):
    """A camera's settings; the defaults give a well exposed, slightly soft and slightly noisy frame."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    exposure: float = Field(1.0, gt=0, le=16, description="factor on all light")
    white_balance: tuple[float, float, float] = Field((1.0, 1.0, 1.0), description="factors on R, G, B")
    softness_px: float = Field(
        0.55, ge=0, le=3, description="standard deviation of the lens's blur (assumed)"
    )
    motion_px: float = Field(0.0, ge=0, le=12, description="length of the horizontal smear")
    vignette: float = Field(0.12, ge=0, le=1, description="darkening at the corners (assumed)")
    noise_floor: float = Field(1.6, ge=0, le=64, description="noise of a black pixel, grey levels (assumed)")
    noise_shot: float = Field(
        2.2, ge=0, le=64, description="added noise of a white pixel, grey levels (assumed)"
    )
    contrast: float = Field(
        0.35, ge=0, le=1, description="0 plain square-root tone curve, 1 strong S (assumed)"
    )


def kernel(sigma: float, smear: float, taps: int = 15) -> tuple[int, list[int]]:
    """Return how many taps are used and whole weights that sum to 256: a Gaussian spread over a smear."""
    reach = taps // 2
    places = np.arange(-reach, reach + 1, dtype=np.float64)
    shifts = np.linspace(-0.5, 0.5, 9) * smear
    distance = (places[:, None] - shifts[None, :]) ** 2 / (2.0 * max(sigma, 0.25) ** 2)
    weight = _falling(distance).sum(axis=1)
    whole = np.round(256.0 * weight / weight.sum()).astype(np.int64)
    whole[reach] += 256 - whole.sum()
    used = max(reach - int(np.flatnonzero(whole)[0]), 0)
    return 2 * used + 1, [int(x) for x in whole[reach - used : reach + used + 1]]


def _falling(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(-x) as (1 - x / 64)^64 by six squarings: the same to the bit everywhere."""
    value = np.maximum(0.0, 1.0 - x / 64.0)
    for _ in range(6):
        value = value * value
    return value


@lru_cache(maxsize=64)
def tone_curve(contrast: float) -> NDArray[np.uint8]:
    """Return the grey level of linear light, 4096 entries for 0..4: bright parts roll off like film."""
    light = np.arange(4096, dtype=np.float64) / 1024.0
    rolled = light * (1.0 + light / 6.0) / (1.0 + 0.55 * light)
    grey = np.sqrt(np.minimum(rolled, 1.0))
    curved = grey * grey * (3.0 - 2.0 * grey)
    return np.round(255.0 * (grey + contrast * (curved - grey))).astype(np.uint8)
