"""Triangle meshes as the rasteriser takes them: grids of points with normals, colours and texture places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.trigonometry import cos_turns, cross, sin_turns, unit

THIN = 1
"""Lit from both sides, and light shines through (leaves, petals)."""

GLOSSY = 2
"""Has a highlight (fruits)."""

FUZZY = 4
"""Hairs catch light at the rim (stems, sepals, buds)."""

VERTEX = np.dtype([("position", "3f8"), ("normal", "3f8"), ("colour", "3f8"), ("uv", "2f8")], align=True)
MESH = np.dtype(
    [(name, "i4") for name in ("vertex_begin", "vertex_end", "face_begin", "face_end", "flags", "texture")],
    align=True,
)


@dataclass(frozen=True, slots=True)
class Mesh:
    """Vertices (V,) of dtype VERTEX and faces (F, 3) int32; `flags` of THIN, GLOSSY, FUZZY; texture or -1."""

    vertices: NDArray[np.void]
    faces: NDArray[np.int32]
    flags: int
    texture: int


def grid(
    points: NDArray[np.float64], colours: NDArray[np.float64]
) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """Return vertices and faces of a sheet of points (nu, nv, 3) with colours that broadcast to it."""
    along, across = np.gradient(points, axis=0), np.gradient(points, axis=1)
    rows, columns = points.shape[:2]
    vertices = np.zeros((rows, columns), dtype=VERTEX)
    vertices["position"] = points
    vertices["normal"] = unit(cross(along, across))
    vertices["colour"] = np.broadcast_to(colours, points.shape)
    vertices["uv"][..., 0] = np.linspace(0.0, 1.0, rows)[:, None]
    vertices["uv"][..., 1] = np.linspace(0.0, 1.0, columns)[None, :]
    corner = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = corner[:-1, :-1], corner[1:, :-1], corner[:-1, 1:], corner[1:, 1:]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])
    return vertices.reshape(-1), faces.astype(np.int32)


def join(sheets: Sequence[tuple[NDArray[np.void], NDArray[np.int32]]], flags: int, texture: int = -1) -> Mesh:
    """Return one mesh of several sheets."""
    starts = np.cumsum([0] + [len(vertices) for vertices, _ in sheets])
    faces = [face + np.int32(start) for (_, face), start in zip(sheets, starts[:-1], strict=True)]
    return Mesh(np.concatenate([vertices for vertices, _ in sheets]), np.concatenate(faces), flags, texture)


def ramp(
    stations: NDArray[np.float64], places: Sequence[float], colours: Sequence[Sequence[float]]
) -> NDArray[np.float64]:
    """Return colours (n, 1, 3) at stations 0..1, interpolated between those at `places`."""
    table = np.asarray(colours, dtype=np.float64)
    return np.stack([np.interp(stations, places, table[:, k]) for k in range(3)], axis=-1)[:, None, :]


@dataclass(frozen=True, slots=True)
class Blade:
    """A petal or sepal that leaves the axis z: sizes in m, angles in turns from the axis.

    It starts at radius `root` and height `lift`, opens from `angle_root` to `angle_tip`, is creased
    by `crease`, and turns about the axis by `twist` on its way.
    """

    length: float
    width: float
    azimuth: float
    angle_root: float
    angle_tip: float
    root: float
    lift: float = 0.0
    crease: float = 0.25
    twist: float = 0.0
    wave: float = 0.0
    stations: int = 7
    widths: tuple[float, ...] = (0.55, 1.0, 0.82, 0.42, 0.02)

    def points(self) -> NDArray[np.float64]:
        """Return the sheet (stations, 3, 3)."""
        t = np.linspace(0.0, 1.0, self.stations)
        angle = self.angle_root + (self.angle_tip - self.angle_root) * t
        step = self.length / (self.stations - 1)
        middle = 0.5 * (angle[1:] + angle[:-1])
        r = self.root + np.concatenate([[0.0], np.cumsum(sin_turns(middle))]) * step
        z = self.lift + np.concatenate([[0.0], np.cumsum(cos_turns(middle))]) * step
        half = 0.5 * self.width * np.interp(t, (0.0, 0.32, 0.6, 0.84, 1.0), self.widths)
        azimuth = self.azimuth + self.twist * t + self.wave * sin_turns(1.3 * t)
        out = np.stack([cos_turns(azimuth), sin_turns(azimuth), np.zeros_like(t)], axis=-1)
        side = np.stack([-sin_turns(azimuth), cos_turns(azimuth), np.zeros_like(t)], axis=-1)
        up = np.array([0.0, 0.0, 1.0])
        front = -cos_turns(angle)[:, None] * out + sin_turns(angle)[:, None] * up
        spine = r[:, None] * out + z[:, None] * up
        edge = half[:, None]
        wings = [spine + k * edge * side + abs(k) * self.crease * edge * front for k in (-1.0, 0.0, 1.0)]
        return np.stack(wings, axis=1)


def turned(
    profile_r: NDArray[np.float64], profile_z: NDArray[np.float64], columns: int
) -> NDArray[np.float64]:
    """Return the sheet (n, columns, 3) of a profile turned about z, closed on itself."""
    azimuth = np.linspace(0.0, 1.0, columns)
    x = profile_r[:, None] * cos_turns(azimuth)
    y = profile_r[:, None] * sin_turns(azimuth)
    return np.stack([x, y, np.broadcast_to(profile_z[:, None], x.shape)], axis=-1)
