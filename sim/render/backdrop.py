"""What lies behind the near row: a blurred picture of more plants, drawn once a light and hung up twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.render.light import LightModel
from sim.render.raster import Canvas, Layer, camera_struct, light_struct
from sim.twigs import strands
from sim.world import SideWorld, World
from sim.world_config import WorldConfig
from vision.calibration import CameraModel

LENGTH_M, BOTTOM_H, TOP_H, TEXELS_PER_M = 4.0, 0.4, 3.0, 200.0
VARIETY = 4
"""How many different backdrops there are; a world's seed picks one."""

NEAR_D, FAR_D = 1.08, 2.35
PIPE_WHITE = (0.5, 0.5, 0.48)
GUTTER_WHITE = (0.42, 0.43, 0.42)

PLANTS = WorldConfig(
    row_length_m=LENGTH_M,
    stems_per_m=4.0,
    zone_leaves=(7, 10),
    front_leaf_share=1.0,
    crown_leaves=9,
    fruit_trusses=2,
    second_truss_share=0.1,
    leaf_length_m=(0.3, 0.44),
)


TELESCOPE = CameraModel(
    camera_id="telescope",
    side="left",
    width=round(LENGTH_M * TEXELS_PER_M),
    height=round((TOP_H - BOTTOM_H) * TEXELS_PER_M),
    fx=60.0 * TEXELS_PER_M,
    fy=60.0 * TEXELS_PER_M,
    cx=LENGTH_M * TEXELS_PER_M / 2,
    cy=(TOP_H - BOTTOM_H) * TEXELS_PER_M / 2,
    s_offset=LENGTH_M / 2,
    h=(TOP_H + BOTTOM_H) / 2,
    d=-59.5,
)
"""So far away that it sees the row without perspective."""


@dataclass(frozen=True)
class Backdrop:
    """Two layers of plants, nearest first, and the linear B G R rows (R, 3) of what is behind them."""

    layers: list[Layer]
    sky: NDArray[np.uint16]


def hang_backdrop(seed: int, light: LightModel, brightness: float = 1.0) -> Backdrop:
    """Return the backdrop of a world's seed; the picture is drawn once for each light and kept."""
    near, far = _picture(seed % VARIETY, light, 1), _picture(seed % VARIETY, light, 4)
    layers = [
        Layer(near, TEXELS_PER_M, BOTTOM_H, NEAR_D, 0.5 * brightness),
        Layer(far, TEXELS_PER_M, BOTTOM_H, FAR_D, 0.4 * brightness),
    ]
    return Backdrop(layers, _sky_rows(light, brightness))


def _sky_rows(light: LightModel, brightness: float) -> NDArray[np.uint16]:
    """Return linear B G R (rows, 3) by slope of the ray: floor sheet, dusk of the crop, roof."""
    slope = np.linspace(-1.0, 1.0, 512)
    bright = np.interp(slope, (-1.0, -0.6, -0.3, 0.12, 0.42, 1.0), (0.14, 0.07, 0.02, 0.03, 0.55, 1.0))
    roof = np.array(light.behind[::-1])
    crop = roof * np.array([0.35, 1.0, 0.55])
    share = np.interp(slope, (-0.5, -0.3, 0.12, 0.4), (0.0, 1.0, 1.0, 0.0))[:, None]
    colour = bright[:, None] * (share * crop + (1.0 - share) * roof)
    return np.ascontiguousarray(np.round(colour * brightness * 4096.0).astype(np.uint16))


@lru_cache(maxsize=64)
def _picture(variety: int, light: LightModel, blur: int) -> NDArray[np.uint16]:
    """Texels (rows from below, columns, 4) of a row of plants that repeats along s."""
    plants = _plants(variety)
    canvas = Canvas(TELESCOPE.width, TELESCOPE.height)
    canvas.clear(camera_struct(TELESCOPE, 0.0))
    parts = plants.parts.copy()
    parts["label"] = -1
    twigs = np.concatenate([plants.twigs, *(_long(h, d, r) for h, d, r in _PIPES)])
    still = np.zeros((len(plants.sway), 3))
    lamp = light_struct(light.model_copy(update={"shade_from": 0.45, "shade_rate": 1.6}))
    for turn in (-1, 0, 1):
        canvas.draw(camera_struct(TELESCOPE, turn * LENGTH_M), lamp, parts, twigs, still)
    covered = canvas.depth > 0
    picture = np.where(covered[..., None], canvas.colour, 0).astype(np.float64)
    picture[..., 3] = np.where(covered, 32768.0, 0.0)
    for _ in range(2):
        picture = _blurred(picture, blur)
    return np.ascontiguousarray(np.clip(picture[::-1], 0, 65535).astype(np.uint16))


_PIPES = ((0.78, 0.5, 0.045), (0.5, 0.35, 0.025), (0.62, 0.75, 0.025), (3.0, 0.5, 0.003))
"""Height, lateral distance and radius of the gutter, two heating pipes and the crop wire (assumed)."""


def _long(h: float, d: float, radius: float) -> NDArray[np.void]:
    ends = np.array([[-LENGTH_M, h, d], [2 * LENGTH_M, h, d]])
    return strands(ends, np.array([radius, radius]), GUTTER_WHITE if radius > 0.03 else PIPE_WHITE)


@lru_cache(maxsize=VARIETY)
def _plants(variety: int) -> SideWorld:
    return World.build(PLANTS, 1_000_003 + variety).left


def _blurred(picture: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Mean over a square of 2 reach + 1, wrapped along s."""
    for axis in (0, 1):
        total = np.zeros_like(picture)
        for shift in range(-reach, reach + 1):
            total += np.roll(picture, shift, axis)
        picture = total / (2 * reach + 1)
    return picture
