"""Rendered scenes for training: rows, cameras, light and camera faults drawn at random from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np
import simplejpeg
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from sim.render.backdrop import hang_backdrop
from sim.render.effects import EffectsConfig
from sim.render.light import LIGHTS, LightModel
from sim.render.raster import Canvas
from sim.render.renderer import Labels, Renderer
from sim.shapes import Look
from sim.world import World
from sim.world_config import Light, WorldConfig
from vision.calibration import CameraModel
from vision.types import SIDES

WORLDS, CAMERAS = 48, 24
"""Rows and lenses that the scenes are drawn from; built when first needed, then kept."""

ROW_M = 3.0
LEAST_VISIBILITY, LEAST_SIDE_PX = 0.25, 5.0
"""Flowers less visible or smaller than this are to be ignored: no annotator could decide them."""

LIGHT_SHARE: Final[Mapping[Look, tuple[tuple[Light, float], ...]]] = {
    "plain": (("diffuse", 0.4), ("sun", 0.3), ("led", 0.3)),
    "photo": (("diffuse", 0.3), ("sun", 0.2), ("led", 0.2), ("grow", 0.3)),
}

Scene = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]


class SceneSampler:
    """Draws labelled scenes; `sample(seed)` depends on the seed, the size, `pool` and `look` only.

    Different pools share no plants: train on one, validate on another.
    """

    def __init__(self, width: int = 640, height: int = 384, pool: int = 0, look: Look = "plain") -> None:
        self._width, self._height, self._pool, self._look = width, height, pool, look
        self._canvas = Canvas(width, height)
        self._world = lru_cache(maxsize=WORLDS)(self._build_world)
        self._lens = lru_cache(maxsize=CAMERAS)(self._build_lens)

    def sample(self, seed: int) -> Scene:
        """Return image (H, W, 3) uint8 BGR, boxes (M, 4) x0 y0 x1 y1, stages (M,) and ignore (M,)."""
        rng = Generator(PCG64([self._pool, 1, seed]))
        world = self._world(int(rng.integers(WORLDS)))
        camera = self._aim(rng, self._lens(int(rng.integers(CAMERAS))), world)
        light = _light(rng, world.config.light)
        backdrop = hang_backdrop(int(rng.integers(64)), LIGHTS[world.config.light], _between(rng, 0.25, 1.3))
        renderer = Renderer(
            world, camera, camera.side, _effects(rng), light=light, backdrop=backdrop, canvas=self._canvas
        )
        shot = renderer.render(0.0, _between(rng, 0.0, 60.0), int(rng.integers(2**32)))
        return (_through_jpeg(rng, shot.image), *_targets(shot.labels))

    def _build_world(self, number: int) -> World:
        rng = Generator(PCG64([self._pool, 2, number]))
        kinds, shares = zip(*LIGHT_SHARE[self._look], strict=True)
        kind = kinds[int(np.searchsorted(np.cumsum(shares), rng.random(), side="right"))]
        leaves = int(rng.integers(1, 5))
        config = WorldConfig(
            row_length_m=ROW_M,
            stems_per_m=_between(rng, 2.4, 5.0),
            second_truss_share=_between(rng, 0.3, 1.0),
            zone_leaves=(leaves - 1, leaves + 2),
            front_leaf_share=_between(rng, 0.05, 0.5),
            leaf_length_m=(0.2, 0.38),
            flowers_per_truss=(5, 12),
            open_per_truss=(0, 5),
            spent_per_truss=(0, 4),
            bud_spacing_mm=(8.0, 20.0),
            flower_spacing_mm=(14.0, 28.0),
            light=kind,
            look=self._look,
        )
        return World.build(config, 1000 * (self._pool + 1) + number)

    def _build_lens(self, number: int) -> CameraModel:
        rng = Generator(PCG64([self._pool, 3, number]))
        focal = self._width * _between(rng, 0.55, 1.1)
        bend = _between(rng, -0.14, 0.04)
        return CameraModel(
            camera_id="scene",
            side=SIDES[number % 2],
            width=self._width,
            height=self._height,
            fx=focal,
            fy=focal * _between(rng, 0.98, 1.02),
            cx=self._width * _between(rng, 0.47, 0.53),
            cy=self._height * _between(rng, 0.47, 0.53),
            distortion=(bend, -0.2 * bend, _between(rng, -2e-3, 2e-3), _between(rng, -2e-3, 2e-3), 0.0),
            s_offset=0.0,
            h=1.6,
            yaw=_between(rng, -0.3, 0.3),
            pitch=_between(rng, -0.3, 0.3),
            roll=_between(rng, -0.12, 0.12),
        )

    @staticmethod
    def _aim(rng: Generator, lens: CameraModel, world: World) -> CameraModel:
        """Put the lens mostly at the robot's own distance, some flower at a random place of the image."""
        kind = rng.random()
        d = _between(rng, *((-0.1, 0.12) if kind < 0.6 else ((0.12, 0.3) if kind < 0.85 else (-0.45, -0.1))))
        flowers = world.side(lens.side).positions
        chosen = flowers[int(rng.integers(len(flowers)))]
        pixel = np.array([[lens.width * _between(rng, 0.1, 0.9), lens.height * _between(rng, 0.1, 0.9)]])
        ray_s, ray_h = (float(x) for x in lens.ray(pixel)[0])
        depth = float(chosen[2]) - d
        place = {"s_offset": float(chosen[0]) - depth * ray_s, "h": float(chosen[1]) - depth * ray_h, "d": d}
        return lens.model_copy(update=place)


def _between(rng: Generator, low: float, high: float) -> float:
    return low + (high - low) * float(rng.random())


def _light(rng: Generator, kind: Light) -> LightModel:
    model = LIGHTS[kind]
    strength, softness = _between(rng, 0.5, 1.5), _between(rng, 0.7, 1.3)
    return model.model_copy(
        update={
            "direction": (_between(rng, -0.8, 0.8), _between(rng, 0.35, 1.0), _between(rng, -0.9, 0.5)),
            "sun": tuple(x * strength for x in model.sun),
            "sky": tuple(x * softness for x in model.sky),
            "dapple": _between(rng, 0.0, 0.95),
            "shade_rate": _between(rng, 0.4, 2.5),
            "fill": _between(rng, 0.0, 0.6),
        }
    )


def _effects(rng: Generator) -> EffectsConfig:
    cast = 0.5 if rng.random() < 0.4 else 0.15
    warm, tint = _between(rng, -cast, cast), _between(rng, -0.6 * cast, 0.6 * cast)
    noise = _between(rng, 0.0, 1.0) ** 2
    return EffectsConfig(
        exposure=0.6 * 4.2 ** float(rng.random()),
        white_balance=(1.0 + warm, 1.0 + tint, 1.0 - warm),
        softness_px=0.3 + 1.7 * _between(rng, 0.0, 1.0) ** 3,
        motion_px=6.0 * _between(rng, 0.0, 1.0) ** 3,
        vignette=_between(rng, 0.0, 0.4),
        noise_floor=0.5 + 7.0 * noise,
        noise_shot=1.0 + 7.0 * noise,
        contrast=_between(rng, 0.0, 0.8),
    )


def _through_jpeg(rng: Generator, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    quality = int(rng.integers(35, 97))
    data = simplejpeg.encode_jpeg(image, quality=quality, colorspace="BGR", colorsubsampling="420")
    decoded: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colorspace="BGR")
    return decoded


def _targets(labels: Labels) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]:
    sides = np.minimum(labels.boxes[:, 2] - labels.boxes[:, 0], labels.boxes[:, 3] - labels.boxes[:, 1])
    ignore = (labels.visibility < LEAST_VISIBILITY) | (sides < LEAST_SIDE_PX)
    return labels.boxes, labels.stages, ignore
