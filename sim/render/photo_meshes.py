"""Models of the photo look: flowers that hang like claws, spear buds, withered tubes, quilted leaflets.

Shapes, sizes and colours follow photographs of tomato plants under lamps; z is a flower's axis, in metres.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sim.render.flower_meshes import (
    BROWN,
    CREAM,
    GREEN,
    GREEN_PALE,
    ORANGE,
    PEACH,
    PETAL_TEXTURE,
    PINK,
    TAN,
    YELLOW,
    YELLOW_DEEP,
    YELLOW_GREEN,
    Colours,
    Sheet,
    _between,
    _blade,
    _knob,
)
from sim.render.meshes import FUZZY, THIN, Blade, Mesh, grid, join, ramp, turned
from sim.trigonometry import sin_turns

YELLOW_BRIGHT = (0.9, 0.76, 0.1)
YELLOW_PALE = (0.72, 0.66, 0.24)
PINK_PALE, STRAW = (0.78, 0.52, 0.42), (0.62, 0.5, 0.26)

POINTED = (0.6, 1.0, 0.86, 0.46, 0.01)
"""Widths of a petal or sepal that ends in a long point."""

WITHERED: tuple[Colours, ...] = (
    (GREEN_PALE, CREAM, PINK_PALE),
    (CREAM, PINK_PALE, PEACH),
    (YELLOW_PALE, PEACH, ORANGE),
    (PEACH, PINK, BROWN),
    (CREAM, STRAW, TAN),
    (PINK_PALE, PINK_PALE, TAN),
)


def _calyx(
    rng: Generator, length: float, angles: tuple[float, float], root: float, lift: float
) -> list[Sheet]:
    """Five long pointed sepals, each bending a little its own way."""
    start = float(rng.random())
    return [
        _blade(
            Blade(
                length=length * _between(rng, 0.85, 1.15),
                width=0.0026 * _between(rng, 0.85, 1.2),
                azimuth=start + (k + _between(rng, -0.1, 0.1)) / 5,
                angle_root=angles[0] + _between(rng, -0.02, 0.02),
                angle_tip=angles[1] + _between(rng, -0.08, 0.08),
                root=root,
                lift=lift,
                crease=0.5,
                widths=POINTED,
                stations=6,
            ),
            (GREEN, GREEN, GREEN_PALE),
        )
        for k in range(5)
    ]


def hanging_flower(rng: Generator) -> Mesh:
    """Return an open flower: pointed petals from a half closed claw to fully bent back, around a long anther cone."""
    count = int(rng.choice((5, 5, 5, 6, 7)))
    openness = float(rng.random())
    root_angle = 0.04 + 0.1 * openness
    tip_angle = 0.06 + 0.42 * openness * openness
    length, width = _between(rng, 0.0135, 0.0168), _between(rng, 0.0046, 0.006)
    base = YELLOW_GREEN if openness < 0.5 else YELLOW_DEEP
    sheets = _calyx(rng, 0.012, (0.16, _between(rng, 0.22, 0.42)), 0.0012, -0.0015)
    for k in range(count):
        blade = Blade(
            length=length * _between(rng, 0.9, 1.1),
            width=width * _between(rng, 0.85, 1.12),
            azimuth=(k + _between(rng, -0.14, 0.14)) / count,
            angle_root=root_angle + _between(rng, -0.02, 0.02),
            angle_tip=tip_angle + _between(rng, -0.07, 0.09),
            root=0.0016,
            crease=_between(rng, 0.2, 0.55),
            twist=_between(rng, -0.04, 0.04),
            wave=_between(rng, -0.02, 0.02),
            widths=POINTED,
            stations=9,
        )
        sheets.append(_blade(blade, (base, YELLOW, YELLOW_BRIGHT, YELLOW)))
    radius = np.array([1.7, 2.3, 2.2, 1.5, 0.8, 0.25]) * 1e-3
    cone = turned(radius, np.array([0.0, 2.0, 5.0, 8.0, 10.0, 11.5]) * 1e-3, 9)
    ridges = 1.0 + 0.14 * sin_turns(np.linspace(0.0, 6.0, 9))[None, :, None]
    colour = ramp(np.linspace(0, 1, 6), (0.0, 0.6, 1.0), (YELLOW_DEEP, ORANGE, YELLOW_DEEP))
    sheets += [grid(cone, colour * ridges), _knob(0.002, -0.001)]
    return join(sheets, THIN, PETAL_TEXTURE)


def spear_bud(rng: Generator) -> Mesh:
    """Return a closed bud: a slim body in sepals that reach past its tip; old ones show pale yellow petals."""
    age = float(rng.random())
    length, radius = 0.0065 + 0.0065 * age, 0.0017 + 0.001 * age
    t = np.array([0.0, 0.12, 0.35, 0.6, 0.82, 1.0])
    body = turned(np.array([0.4, 0.9, 1.0, 0.75, 0.45, 0.05]) * radius, (t - 0.45) * length, 9)
    tip = YELLOW_PALE if age > 0.6 else GREEN_PALE
    colours = ramp(t, (0.0, 0.5, 1.0), (GREEN, GREEN_PALE, tip))
    spread = _between(rng, 0.0, 0.05) + 0.06 * age
    leaves = _calyx(
        rng, length * _between(rng, 0.95, 1.25), (0.1, spread - 0.02), radius * 0.5, -0.45 * length
    )
    return join([grid(body, colours), *leaves, _knob(radius * 0.65, -0.48 * length)], THIN | FUZZY)


def withered_tube(rng: Generator) -> Mesh:
    """Return a spent flower: a corolla closed to a pale tube that hangs from the sepals, or sticks on a young fruit."""
    colours = WITHERED[int(rng.integers(0, len(WITHERED)))]
    on_fruit = bool(rng.random() < 0.35)
    fruit = _between(rng, 0.003, 0.0048) if on_fruit else 0.0017
    out = 1.6 * fruit if on_fruit else 0.0
    length = _between(rng, 0.0105, 0.0145) * (0.8 if on_fruit else 1.0)
    opened = (0.14, _between(rng, 0.2, 0.4)) if on_fruit else (0.1, _between(rng, 0.06, 0.3))
    sheets = _calyx(rng, 0.0115, opened, 0.0013, -0.004)
    twist = _between(rng, -0.2, 0.2)
    for k in range(5):
        blade = Blade(
            length=length * _between(rng, 0.82, 1.08),
            width=0.0036 * _between(rng, 0.85, 1.2),
            azimuth=(k + _between(rng, -0.15, 0.15)) / 5,
            angle_root=_between(rng, 0.0, 0.035),
            angle_tip=_between(rng, -0.05, 0.03) + (0.1 if rng.random() < 0.15 else 0.0),
            root=0.0013,
            lift=out - 0.003,
            crease=_between(rng, 0.2, 0.8),
            twist=twist + _between(rng, -0.04, 0.04),
            wave=_between(rng, -0.05, 0.05),
            widths=(0.75, 1.0, 0.9, 0.65, 0.2),
            stations=8,
        )
        sheets.append(_blade(blade, colours))
    round_ = turned(
        np.array([0.3, 0.85, 1.0, 0.8, 0.1]) * fruit,
        np.array([-1.0, -0.6, 0.0, 0.6, 1.0]) * fruit + 0.5 * out - 0.003,
        10,
    )
    sheets += [grid(round_, np.array(GREEN_PALE)), _knob(0.002, -0.0055)]
    return join(sheets, THIN | FUZZY, PETAL_TEXTURE)


def quilted_leaflet(rng: Generator) -> Mesh:
    """Return a leaflet along x, face up along z: lobed, wavy, with the surface bulging between its veins."""
    stations, columns = 22, 11
    t = np.linspace(0.0, 1.0, stations)
    across = np.linspace(-1.0, 1.0, columns)
    outline = np.interp(t, (0.0, 0.05, 0.25, 0.5, 0.8, 1.0), (0.08, 0.5, 1.0, 0.86, 0.46, 0.0))
    lobes = (
        1.0
        + 0.13 * sin_turns(3.2 * t + float(rng.random()))
        + 0.05 * sin_turns(9.0 * t + float(rng.random()))
    )
    half = 0.33 * (0.85 + 0.3 * float(rng.random())) * outline * lobes
    y = half[:, None] * across
    veins = (t[:, None] - 0.4 * np.abs(across)) * 6.5 + float(rng.random())
    bulge = _abs_sine(veins) * _abs_sine(0.5 + 1.6 * across[None, :])
    droop, fold = 0.15 + 0.35 * float(rng.random()), 0.1 + 0.35 * float(rng.random())
    edge = np.abs(across) ** 3
    wave = 0.05 * sin_turns(2.3 * t[:, None] + 0.3 * across + float(rng.random())) * edge
    z = -droop * (t * t)[:, None] + fold * np.abs(y) - 0.07 * edge * outline[:, None] + wave
    z = z + 0.032 * bulge * outline[:, None]
    x = np.broadcast_to((t - 0.08 * t * t)[:, None], y.shape)
    lightness = 0.72 + 0.5 * bulge + 0.35 * (np.abs(across) < 0.1)
    return join(
        [grid(np.stack([x, y, z], axis=-1), lightness[..., None] * np.ones(3))], THIN, int(rng.integers(0, 2))
    )


def _abs_sine(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.abs(sin_turns(0.5 * turns)))
