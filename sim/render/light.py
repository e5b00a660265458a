"""Illuminants: what light falls on the crop, in linear R, G, B."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sim.world_config import Light

Colour = tuple[float, float, float]


class LightModel(BaseModel):
    """A main light from one direction, light from above and from below, and the shade inside the crop."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    direction: Colour = Field(description="towards the light: s, h, d; any length")
    sun: Colour = Field(description="linear R, G, B of the main light")
    sky: Colour = Field(description="linear R, G, B from above")
    ground: Colour = Field(description="linear R, G, B from below")
    dapple: float = Field(0.0, ge=0, le=1, description="how dark the shade of leaves overhead is (assumed)")
    shade_from: float = Field(
        0.5, ge=0, le=3, description="lateral distance at which the crop begins to darken, m"
    )
    shade_rate: float = Field(1.3, ge=0, le=5, description="darkening per metre beyond it (assumed)")
    fill: float = Field(
        0.25, ge=0, le=2, description="light from the path's side, as a share of the sky (assumed)"
    )
    behind: Colour = Field(description="linear R, G, B of the bright roof seen behind the crop")

    @property
    def unit_direction(self) -> NDArray[np.float64]:
        """The direction at length one."""
        vector = np.asarray(self.direction)
        result: NDArray[np.float64] = vector / np.sqrt((vector * vector).sum())
        return result


LIGHTS: Final[dict[Light, LightModel]] = {
    "sun": LightModel(
        direction=(0.35, 0.8, -0.5),
        sun=(1.9, 1.75, 1.5),
        sky=(0.55, 0.62, 0.75),
        ground=(0.2, 0.21, 0.17),
        dapple=0.85,
        behind=(1.5, 1.6, 1.7),
    ),
    "diffuse": LightModel(
        direction=(0.1, 0.9, -0.35),
        sun=(0.55, 0.55, 0.53),
        sky=(0.95, 0.98, 1.02),
        ground=(0.32, 0.33, 0.28),
        dapple=0.35,
        behind=(1.25, 1.32, 1.4),
    ),
    "led": LightModel(
        direction=(-0.15, 0.95, -0.25),
        sun=(1.7, 0.62, 2.1),
        sky=(1.15, 0.42, 1.65),
        ground=(0.44, 0.2, 0.6),
        dapple=0.5,
        behind=(1.3, 0.7, 1.8),
    ),
    "grow": LightModel(
        direction=(0.2, 0.92, -0.4),
        sun=(1.9, 1.2, 2.1),
        sky=(1.75, 1.15, 2.05),
        ground=(0.6, 0.4, 0.75),
        dapple=0.6,
        fill=0.45,
        behind=(2.3, 1.8, 2.9),
    ),
}
"""The illuminants of the worlds' `light` setting (assumed)."""
