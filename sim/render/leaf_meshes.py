"""Models of leaflets, fruits and calyces at unit length, and the little textures they carry."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sim.render.flower_meshes import GREEN, GREEN_PALE
from sim.render.meshes import FUZZY, GLOSSY, THIN, Blade, Mesh, grid, join, ramp, turned
from sim.trigonometry import sin_turns

TEXTURE_SIZE = 64


def leaflet(rng: Generator) -> Mesh:
    """Return a leaflet that grows along x from the origin, face up along z, with a serrated edge."""
    stations = 12
    t = np.linspace(0.0, 1.0, stations)
    outline = np.interp(t, (0.0, 0.08, 0.3, 0.6, 0.85, 1.0), (0.06, 0.42, 1.0, 0.78, 0.34, 0.0))
    teeth = 1.0 + np.where(np.arange(stations) % 2 == 0, 0.15, -0.1) * (0.6 + 0.8 * rng.random(stations))
    half = 0.3 * (0.85 + 0.3 * rng.random()) * outline
    across = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    y = half[:, None] * across * np.where(np.abs(across) > 0.9, teeth[:, None], 1.0)
    droop = 0.1 + 0.3 * rng.random()
    fold = 0.25 + 0.4 * rng.random()
    wave = 0.035 * sin_turns(t[:, None] * 2.5 + across * 0.3 + rng.random())
    z = -droop * (t * t)[:, None] + fold * np.abs(y) + wave * np.abs(across)
    x = np.broadcast_to((t - 0.06 * t * t)[:, None], y.shape)
    lightness = 1.0 + 0.25 * (np.abs(across) < 0.1) - 0.1 * (np.abs(across) > 0.9)
    colours = np.broadcast_to(lightness[None, :, None], (stations, 5, 3))
    return join([grid(np.stack([x, y, z], axis=-1), colours)], THIN, int(rng.integers(0, 2)))


def fruit(_rng: Generator) -> Mesh:
    """Return a fruit of radius one around the origin."""
    t = np.linspace(0.0, 1.0, 10)
    r, z = sin_turns(t * 0.5), 0.92 * sin_turns(0.25 - t * 0.5)
    return join([grid(turned(np.maximum(r, 1e-3), z, 13), np.ones(3))], GLOSSY)


def calyx(rng: Generator) -> Mesh:
    """Return a fruit's five sepals, flat and bent back around +z at the top of a fruit of radius one."""
    sheets = []
    for k in range(5):
        blade = Blade(
            length=1.0,
            width=0.28,
            azimuth=(k + 0.2 * float(rng.random())) / 5,
            angle_root=0.2,
            angle_tip=0.22 + 0.16 * float(rng.random()),
            root=0.08,
            lift=0.9,
            stations=5,
        )
        points = blade.points()
        sheets.append(grid(points, ramp(np.linspace(0, 1, 5), (0.0, 1.0), (GREEN, GREEN_PALE))))
    return join(sheets, THIN | FUZZY)


def textures(rng: Generator) -> NDArray[np.uint8]:
    """Return lightness maps (3, 64, 64), 128 is one: two veined leaf faces and a petal with fine lines."""
    along = np.linspace(0.0, 1.0, TEXTURE_SIZE)[:, None]
    across = np.abs(np.linspace(-1.0, 1.0, TEXTURE_SIZE))[None, :]
    maps = []
    for _ in range(2):
        phase = (along - 0.45 * across) * (6.0 + rng.random()) + float(rng.random())
        vein = np.abs(phase - np.floor(phase) - 0.5) * 2.0
        rough = rng.random((TEXTURE_SIZE, TEXTURE_SIZE))
        rough = (rough + np.roll(rough, 1, 0) + np.roll(rough, 1, 1) + np.roll(rough, (1, 1), (0, 1))) / 4.0
        light = (
            0.84 + 0.2 * (1.0 - vein) + 0.42 * (vein > 0.86) + 0.5 * (across < 0.045) + 0.5 * (rough - 0.5)
        )
        maps.append(light)
    lines = rng.random((1, TEXTURE_SIZE))
    maps.append(np.broadcast_to(0.9 + 0.2 * lines - 0.16 * (across < 0.05), (TEXTURE_SIZE, TEXTURE_SIZE)))
    return np.clip(np.stack(maps) * 128.0, 0.0, 255.0).astype(np.uint8)
