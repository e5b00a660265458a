"""Typed door to the C rasteriser: numpy arrays in, pixels and boxes out. Calls release the GIL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.render import _raster
from sim.render.effects import GRAIN_SIGMA, EffectsConfig, kernel, tone_curve
from sim.render.library import Library, library
from sim.render.light import LightModel
from sim.trigonometry import row_to_camera
from vision.calibration import CameraModel

BOX = np.dtype(
    [
        *((name, "i4") for name in ("label", "area", "visible", "x0", "y0", "x1", "y1", "reserved")),
        ("inside", "f8"),
        ("depth", "f8"),
    ],
    align=True,
)
"""One flower in the frame, as raster_box in raster.h."""

BOX_CAPACITY = 4096

_LIBRARY_LOCK = Lock()


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture of far plants: texels (rows from below, columns along s, 4) uint16 that repeat along s."""

    texels: NDArray[np.uint16]
    texels_per_m: float
    bottom_h: float
    depth: float
    dim: float


class Canvas:
    """Buffers of one image size; not to be shared between threads."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.colour = np.zeros((height, width, 4), np.uint16)
        self._scratch = np.zeros(4 * width * (height + 2) + 4 * _raster.lib.RASTER_MAX_TAPS, np.uint16)
        self._sums = np.zeros(4 * width, np.uint32)
        self.depth = np.zeros((height, width), np.uint32)
        self.label = np.zeros((height, width), np.int32)
        self._stamp = np.zeros((height, width), np.int32)
        self._boxes = np.zeros(BOX_CAPACITY, BOX)
        self._target = _raster.ffi.new("raster_target *")
        for name, array in (
            ("colour", self.colour),
            ("depth", self.depth),
            ("label", self.label),
            ("stamp", self._stamp),
        ):
            setattr(self._target, name, _address(array, getattr(self._target, name)))

    def clear(self, camera: Any) -> None:
        """Empty depth and labels."""
        _raster.lib.raster_clear(camera, self._target)

    def draw(
        self,
        camera: Any,
        light: Any,
        parts: NDArray[np.void],
        twigs: NDArray[np.void],
        offsets: NDArray[np.float64],
    ) -> NDArray[np.void]:
        """Draw parts and twigs swayed by offsets (G, 3); return the flowers' boxes (dtype BOX)."""
        swayed = _pointer("double *", offsets)
        count = _raster.lib.raster_parts(
            camera,
            light,
            _library(),
            _pointer("raster_part *", parts),
            len(parts),
            swayed,
            self._target,
            _pointer("raster_box *", self._boxes),
            BOX_CAPACITY,
        )
        _raster.lib.raster_twigs(
            camera, light, _pointer("raster_twig *", twigs), len(twigs), swayed, self._target
        )
        _raster.lib.raster_count_visible(camera, self._target, _pointer("raster_box *", self._boxes), count)
        return self._boxes[:count].copy()

    def background(
        self, camera: Any, rays_q16: NDArray[np.int32], layers: list[Layer], sky: NDArray[np.uint16]
    ) -> None:
        """Fill what is still empty: `layers` nearest first, over the sky's rows (R, 3)."""
        table = _raster.ffi.new("raster_backdrop[]", len(layers))
        for row, layer in zip(table, layers, strict=True):
            row.texels = _pointer("uint16_t *", layer.texels)
            row.height, row.width = layer.texels.shape[:2]
            row.texels_per_m, row.bottom_h = layer.texels_per_m, layer.bottom_h
            row.depth, row.dim = layer.depth, layer.dim
        _raster.lib.raster_background(
            camera,
            _pointer("int32_t *", rays_q16),
            table,
            len(layers),
            _pointer("uint16_t *", sky),
            len(sky),
            _pointer("uint16_t *", self._scratch),
            self._target,
        )

    def develop(self, effects: EffectsConfig, seed: int, out: NDArray[np.uint8]) -> None:
        """Turn light into the BGR image `out` (H, W, 3); the noise depends on `seed` only."""
        tone = tone_curve(effects.contrast)
        _raster.lib.raster_develop(
            self.width,
            self.height,
            _pointer("uint16_t *", self.colour),
            _pointer("uint16_t *", self._scratch),
            _pointer("uint32_t *", self._sums),
            _effects_struct(effects, seed),
            _pointer("uint8_t *", tone),
            _pointer("uint8_t *", out),
        )


def camera_struct(lens: CameraModel, cart_s: float, shutter_m: float = 0.0) -> Any:
    """Return the C form of a camera with the cart at `cart_s`."""
    camera = _raster.ffi.new("raster_camera *")
    sign = 1.0 if lens.side == "left" else -1.0
    camera.rotation = row_to_camera(sign, lens.yaw, lens.pitch, lens.roll).reshape(-1).tolist()
    camera.position = [cart_s + lens.s_offset, lens.h, lens.d]
    camera.fx, camera.fy, camera.cx, camera.cy = lens.fx, lens.fy, lens.cx, lens.cy
    camera.k1, camera.k2, camera.p1, camera.p2, camera.k3 = lens.distortion
    camera.width, camera.height, camera.shutter_m = lens.width, lens.height, shutter_m
    return camera


def light_struct(model: LightModel) -> Any:
    """Return the C form of a light."""
    light = _raster.ffi.new("raster_light *")
    light.sun_direction = model.unit_direction.tolist()
    light.sun, light.sky, light.ground = list(model.sun), list(model.sky), list(model.ground)
    light.dapple, light.fill = model.dapple, model.fill
    light.shade_from, light.shade_rate = model.shade_from, model.shade_rate
    return light


def _effects_struct(config: EffectsConfig, seed: int) -> Any:
    effects = _raster.ffi.new("raster_effects *")
    effects.taps_x, across = kernel(config.softness_px, config.motion_px)
    effects.taps_y, down = kernel(config.softness_px, 0.0)
    effects.kernel_x[0 : len(across)] = across
    effects.kernel_y[0 : len(down)] = down
    red, green, blue = (round(256.0 * config.exposure * gain) for gain in config.white_balance)
    effects.gain = [blue, green, red]
    effects.vignette = round(256.0 * config.vignette)
    effects.noise_floor = round(config.noise_floor * 65536.0 / GRAIN_SIGMA)
    effects.noise_shot = round(config.noise_shot * 65536.0 / GRAIN_SIGMA)
    effects.seed = seed & 0xFFFFFFFF
    return effects


def _library() -> Any:
    # One thread builds it: of two that race, the cache would keep one and free what the other draws from.
    with _LIBRARY_LOCK:
        return _built_library()[0]


@cache
def _built_library() -> tuple[Any, Library]:
    """Return the C form of the library, and the arrays it points into, kept as long as it."""
    models = library()
    struct = _raster.ffi.new("raster_library *")
    struct.vertices = _pointer("raster_vertex *", models.vertices)
    struct.faces = _pointer("int32_t *", models.faces)
    struct.meshes = _pointer("raster_mesh *", models.meshes)
    struct.textures = _pointer("uint8_t *", models.textures)
    return struct, models


def _pointer(kind: str, array: NDArray[Any]) -> Any:
    """Return a C pointer into a contiguous array; the caller keeps the array alive."""
    if not array.flags.c_contiguous:
        raise ValueError(
            f"array of shape {array.shape} is not contiguous; pass numpy.ascontiguousarray of it"
        )
    return _raster.ffi.cast(kind, array.ctypes.data)


def _address(array: NDArray[Any], like: Any) -> Any:
    return _raster.ffi.cast(_raster.ffi.typeof(like), array.ctypes.data)
