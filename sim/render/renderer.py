"""Frames of a row as a camera on the cart sees them, with exact labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from sim.render.backdrop import Backdrop, hang_backdrop
from sim.render.effects import EffectsConfig
from sim.render.library import library
from sim.render.light import LIGHTS, LightModel
from sim.render.raster import Canvas, camera_struct, light_struct
from sim.world import World
from vision.calibration import CameraModel
from vision.types import Side

FARTHEST_D = 1.0
"""Plants of the near row reach no farther than this (m); what lies beyond is backdrop."""


@dataclass(frozen=True, slots=True)
class Labels:
    """M flowers with at least one pixel in the frame."""

    flowers: NDArray[np.int64]
    """Index of each in World.side(...).positions (M,)."""
    boxes: NDArray[np.float32]
    """x0 y0 x1 y1 (M, 4): tight around the silhouette as if nothing stood before it, cut by the frame."""
    visibility: NDArray[np.float32]
    """Visible pixels over those of the whole silhouette, hidden or outside the frame alike (M,)."""
    stages: NDArray[np.int32]
    depths: NDArray[np.float32]
    """Metres along the camera's axis (M,)."""

    def __len__(self) -> int:
        return len(self.flowers)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One frame: image (H, W, 3) uint8 BGR and its labels."""

    image: NDArray[np.uint8]
    labels: Labels


class Renderer:
    """Draws one side of a world; the same arguments give the same bytes. One thread at a time."""

    def __init__(
        self,
        world: World,
        camera: CameraModel,
        side: Side,
        effects: EffectsConfig | None = None,
        *,
        light: LightModel | None = None,
        backdrop: Backdrop | None = None,
        canvas: Canvas | None = None,
    ) -> None:
        if camera.side != side:
            raise ValueError(
                f"camera {camera.camera_id} looks to the {camera.side}, not to the {side}; name its side"
            )
        self._plants = world.side(side)
        self._camera = camera
        self._effects = effects or EffectsConfig()
        model = light or LIGHTS[world.config.light]
        self._light = light_struct(model)
        self._canvas = canvas or Canvas(camera.width, camera.height)
        self._backdrop = backdrop or hang_backdrop(world.seed, model)
        optics = camera.model_copy(update={"camera_id": "any", "s_offset": 0.0, "h": 0.0, "d": 0.0})
        self._rays, self._field = _rays_q16(optics.model_dump_json()), camera.field_of_rays

    def render(
        self,
        cart_s: float,
        t: float,
        seed_of_frame: int,
        velocity: float = 0.0,
        out: NDArray[np.uint8] | None = None,
    ) -> Rendered:
        """Draw the frame seen with the cart at `cart_s` (m) at time t (s).

        `velocity` (m/s) skews the frames of a rolling shutter; `out`, when given, is a contiguous
        (H, W, 3) uint8 array that the image is written to.
        """
        if not (isfinite(cart_s) and isfinite(t) and isfinite(velocity)):
            raise ValueError(f"cart_s {cart_s}, t {t}, velocity {velocity}: give finite numbers")
        camera, canvas = self._camera, self._canvas
        lens = camera_struct(camera, cart_s, velocity * camera.readout_s)
        shape = (camera.height, camera.width, 3)
        image = np.empty(shape, np.uint8) if out is None else out
        if image.shape != shape or image.dtype != np.uint8:
            raise ValueError(f"out is {image.shape} of {image.dtype}; pass {shape} of uint8")
        canvas.clear(lens)
        boxes = self._draw(lens, cart_s, t)
        canvas.background(lens, self._rays, self._backdrop.layers, self._backdrop.sky)
        canvas.develop(self._effects, seed_of_frame, image)
        return Rendered(image, self._labels(boxes))

    def _draw(self, lens: object, cart_s: float, t: float) -> NDArray[np.void]:
        plants, camera = self._plants, self._camera
        reach = FARTHEST_D - camera.d
        middle = cart_s + camera.s_offset
        low, high = middle + min(0.0, reach * self._field[0]), middle + max(0.0, reach * self._field[1])
        first, last = plants.plants_between(low, high)
        start, end = plants.bounds[first], plants.bounds[last]
        offsets = plants.offsets(t, int(start[4]), int(end[4]))
        if not len(offsets):
            offsets = np.zeros((1, 3))
        parts, twigs = plants.parts[start[1] : end[1]], plants.twigs[start[2] : end[2]]
        parts = parts[self._in_view(parts["position"], _reach(parts), middle)]
        half = 0.5 * np.abs(twigs["to"] - twigs["from"]).max(axis=-1) + 0.02
        twigs = twigs[self._in_view(0.5 * (twigs["from"] + twigs["to"]), half, middle)]
        parts["group"] -= int(start[4])
        twigs["group"] -= int(start[4])
        return self._canvas.draw(lens, self._light, parts, twigs, np.ascontiguousarray(offsets))

    def _in_view(
        self, points: NDArray[np.float64], reach: NDArray[np.float64], middle: float
    ) -> NDArray[np.bool_]:
        """Which spheres may touch the box of rays that holds the image."""
        low_s, high_s, low_h, high_h = self._field
        ahead = np.maximum(points[:, 2] - self._camera.d, 0.0) + reach
        s, h = points[:, 0] - middle, points[:, 1] - self._camera.h
        room = 1.5 * reach + 0.01
        result: NDArray[np.bool_] = (
            (s > np.minimum(low_s * ahead, 0.0) - room)
            & (s < np.maximum(high_s * ahead, 0.0) + room)
            & (h > np.minimum(low_h * ahead, 0.0) - room)
            & (h < np.maximum(high_h * ahead, 0.0) + room)
        )
        return result

    def _labels(self, boxes: NDArray[np.void]) -> Labels:
        seen = boxes[boxes["visible"] > 0]
        whole = np.maximum(seen["area"] / seen["inside"], 1.0)
        corners = np.stack([seen["x0"], seen["y0"], seen["x1"] + 1, seen["y1"] + 1], axis=-1)
        flowers = seen["label"].astype(np.int64)
        return Labels(
            flowers=flowers,
            boxes=corners.astype(np.float32) - np.float32(0.5),
            visibility=np.minimum(seen["visible"] / whole, 1.0).astype(np.float32),
            stages=self._plants.stages[flowers],
            depths=seen["depth"].astype(np.float32),
        )


def _reach(parts: NDArray[np.void]) -> NDArray[np.float64]:
    axis = parts["axes"][:, :, 0]
    scale = np.sqrt((axis * axis).sum(axis=-1))
    result: NDArray[np.float64] = library().reach[parts["mesh"]] * scale + 0.02
    return result


@lru_cache(maxsize=40)
def _rays_q16(optics: str) -> NDArray[np.int32]:
    """Metres of s and h per metre of d for every second pixel each way, in 1/65536; `optics` is JSON."""
    camera = CameraModel.model_validate_json(optics)
    rows, columns = 2 * np.mgrid[0 : camera.height // 2 + 1, 0 : camera.width // 2 + 1]
    pixels = np.stack([columns.reshape(-1), rows.reshape(-1)], axis=-1).astype(np.float64)
    rays = np.clip(camera.ray(pixels), -8.0, 8.0)
    return np.ascontiguousarray(np.round(rays * 4096.0).astype(np.int32) * 16)
