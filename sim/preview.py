"""A contact sheet of what the renderer draws: whole frames by light, and close-ups of each stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.render.effects import EffectsConfig
from sim.render.raster import Canvas
from sim.render.renderer import Renderer
from sim.world import World
from sim.world_config import Light, WorldConfig
from vision.calibration import CameraModel
from vision.types import STAGE_NAMES

Image = NDArray[np.uint8]

LIGHTS_SHOWN: Final[tuple[Light, ...]] = ("sun", "diffuse", "led", "grow")
CLOSE_LIGHTS: Final[tuple[Light, ...]] = ("diffuse", "grow")
FRAMES_EACH: Final = 2
CLOSE_PX: Final = 128
CLOSE_UPS: Final = 10
CLOSE_M, CLOSE_VIEW_M = 0.2, 0.07
"""How near the close-ups are taken, and how much they show."""
WHOLE: Final = 0.75
"""Close-ups show flowers of which so much can be seen."""
MARGIN, CAPTION = 6, 22
PAPER, INK = 245, (40, 40, 40)


def contact_sheet(config: WorldConfig, seed: int, camera: CameraModel) -> Image:
    """Return the sheet (H, W, 3) BGR of a world of `config` as `camera` sees it; a seed gives the same bytes."""
    worlds = {light: World.build(config.model_copy(update={"light": light}), seed) for light in LIGHTS_SHOWN}
    width = CLOSE_UPS * (CLOSE_PX + MARGIN) + MARGIN
    rows = [_titled(light, _frames(world, camera), width) for light, world in worlds.items()]
    for light in CLOSE_LIGHTS:
        for stage, name in enumerate(STAGE_NAMES):
            rows.append(_titled(f"{name}, {light}", list(_close_ups(worlds[light], stage)), width))
    return np.concatenate(rows, axis=0)


def _frames(world: World, camera: CameraModel) -> list[Image]:
    """Return frames at two places of the row, as wide together as the close-ups."""
    renderer = Renderer(world, camera, camera.side, EffectsConfig())
    width = (CLOSE_UPS * (CLOSE_PX + MARGIN) - MARGIN) // FRAMES_EACH - MARGIN // 2
    size = (width, round(width * camera.height / camera.width))
    length = world.config.row_length_m
    frames = []
    for number in range(FRAMES_EACH):
        cart_s = length * (number + 0.5) / FRAMES_EACH - camera.s_offset
        drawn = renderer.render(cart_s, float(number), number).image
        frames.append(np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8))
    return frames


def _close_ups(world: World, stage: int) -> Iterator[Image]:
    """Yield pictures of flowers of one stage, as many as fit on the sheet."""
    plants, canvas = world.left, Canvas(CLOSE_PX, CLOSE_PX)
    focal = CLOSE_PX * CLOSE_M / CLOSE_VIEW_M
    shown = 0
    for flower in np.flatnonzero(plants.stages == stage).tolist():
        s, h, d = plants.positions[flower].tolist()
        lens = CameraModel(
            camera_id="close", side="left", width=CLOSE_PX, height=CLOSE_PX, fx=focal, fy=focal,
            cx=0.5 * (CLOSE_PX - 1), cy=0.5 * (CLOSE_PX - 1), s_offset=s, h=h, d=d - CLOSE_M,
        )  # fmt: skip
        drawn = Renderer(world, lens, "left", EffectsConfig(), canvas=canvas).render(0.0, 0.0, flower)
        visible = drawn.labels.visibility[drawn.labels.flowers == flower]
        if visible.size and visible[0] >= WHOLE:
            yield drawn.image
            shown += 1
        if shown == CLOSE_UPS:
            return


def _titled(words: str, pictures: list[Image], width: int) -> Image:
    """Return pictures side by side under a line of words, on paper of `width` px."""
    height = max((picture.shape[0] for picture in pictures), default=0)
    strip = np.full((CAPTION + height + MARGIN, width, 3), PAPER, np.uint8)
    cv2.putText(strip, words, (MARGIN, CAPTION - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
    left = MARGIN
    for picture in pictures:
        high, wide = picture.shape[:2]
        strip[CAPTION : CAPTION + high, left : left + wide] = picture
        left += wide + MARGIN
    return strip
