"""Models of tomato flowers at the stages bud, open and spent; z is the flower's axis, in metres.

Sizes and colours follow photographs: corolla about 25 mm across, anther cone 9 mm (assumed).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sim.render.meshes import FUZZY, THIN, Blade, Mesh, grid, join, ramp, turned

Sheet = tuple[NDArray[np.void], NDArray[np.int32]]

PETAL_TEXTURE = 2
GREEN, GREEN_PALE = (0.125, 0.24, 0.07), (0.27, 0.41, 0.135)
YELLOW_GREEN, YELLOW, YELLOW_DEEP = (0.46, 0.5, 0.06), (0.82, 0.64, 0.035), (0.8, 0.47, 0.015)
CREAM, PEACH, ORANGE = (0.74, 0.58, 0.27), (0.72, 0.34, 0.13), (0.68, 0.26, 0.045)
PINK, TAN, BROWN = (0.66, 0.36, 0.26), (0.46, 0.3, 0.14), (0.2, 0.1, 0.04)

Colours = Sequence[Sequence[float]]


def _between(rng: Generator, low: float, high: float) -> float:
    return low + (high - low) * float(rng.random())


def _blade(blade: Blade, colours: Colours) -> Sheet:
    t = np.linspace(0.0, 1.0, blade.stations)
    places = np.linspace(0.0, 1.0, len(colours))
    return grid(blade.points(), ramp(t, list(places), colours))


def sepals(
    rng: Generator,
    length: float,
    angles: tuple[float, float],
    *,
    root: float,
    lift: float,
    width: float = 0.0029,
) -> list[Sheet]:
    """Return five narrow green sepals that open from angles[0] to angles[1] turns."""
    sheets = []
    start = float(rng.random())
    for k in range(5):
        blade = Blade(
            length=length * _between(rng, 0.85, 1.12),
            width=width * _between(rng, 0.85, 1.2),
            azimuth=start + (k + _between(rng, -0.12, 0.12)) / 5,
            angle_root=angles[0] + _between(rng, -0.02, 0.02),
            angle_tip=angles[1] + _between(rng, -0.07, 0.07),
            root=root,
            lift=lift,
            crease=0.35,
            stations=5,
        )
        sheets.append(_blade(blade, (GREEN, GREEN, GREEN_PALE)))
    return sheets


def _knob(radius: float, lift: float) -> Sheet:
    """The green end of the pedicel, that the sepals grow from."""
    z = np.array([-1.6, -1.0, 0.0, 0.6]) * radius + lift
    return grid(turned(np.array([0.45, 0.9, 1.0, 0.2]) * radius, z, 6), np.array(GREEN))


def open_flower(rng: Generator) -> Mesh:
    """Return an open flower: a star of five to seven yellow petals, from a bell to fully bent back."""
    count = int(rng.choice((5, 5, 6, 6, 7)))
    openness = float(rng.random())
    root_angle, tip_angle = 0.08 + 0.1 * openness, 0.14 + 0.32 * openness
    length, width = _between(rng, 0.0125, 0.0155), _between(rng, 0.0052, 0.0068)
    fresh = YELLOW_GREEN if openness < 0.35 else YELLOW
    sheets = sepals(rng, 0.0105, (0.17, _between(rng, 0.24, 0.4)), root=0.0012, lift=-0.0015)
    for k in range(count):
        blade = Blade(
            length=length * _between(rng, 0.9, 1.08),
            width=width * _between(rng, 0.88, 1.1),
            azimuth=(k + _between(rng, -0.1, 0.1)) / count,
            angle_root=root_angle + _between(rng, -0.015, 0.015),
            angle_tip=tip_angle + _between(rng, -0.06, 0.06),
            root=0.0016,
            crease=_between(rng, 0.1, 0.3),
            twist=_between(rng, -0.02, 0.02),
            stations=8,
        )
        sheets.append(_blade(blade, (fresh, YELLOW, YELLOW, YELLOW)))
    cone = turned(np.array([1.9, 2.3, 2.0, 1.2, 0.35]) * 1e-3, np.array([0.0, 2.0, 5.0, 7.6, 9.6]) * 1e-3, 7)
    sheets.append(grid(cone, ramp(np.linspace(0, 1, 5), (0.0, 0.7, 1.0), (YELLOW_DEEP, YELLOW_DEEP, YELLOW))))
    sheets.append(_knob(0.0019, -0.001))
    return join(sheets, THIN, PETAL_TEXTURE)


def bud(rng: Generator) -> Mesh:
    """Return a closed bud, from all green to one whose pale yellow petals stand out of the sepals."""
    age = float(rng.random())
    length, radius = 0.006 + 0.0055 * age, 0.0018 + 0.0011 * age
    t = np.array([0.0, 0.12, 0.35, 0.6, 0.82, 1.0])
    body = turned(np.array([0.35, 0.8, 1.0, 0.85, 0.5, 0.05]) * radius, (t - 0.45) * length, 8)
    tip = YELLOW_GREEN if age < 0.55 else (0.68, 0.6, 0.12)
    colours = ramp(t, (0.0, 0.45, 1.0), (GREEN_PALE, GREEN_PALE, GREEN_PALE if age < 0.3 else tip))
    hug = _between(rng, 0.035, 0.06)
    leaves = sepals(
        rng,
        length * _between(rng, 0.75, 1.05),
        (hug + 0.07, -0.02 + _between(rng, 0.0, 0.06) * (0.5 + age)),
        root=radius * 0.45,
        lift=-0.43 * length,
        width=radius * 1.15,
    )
    return join([grid(body, colours), *leaves, _knob(radius * 0.6, -0.47 * length)], THIN | FUZZY)


def spent_flower(rng: Generator) -> Mesh:
    """Return a withered flower: petals closed, crumpled, orange to pale brown, sepals spread around it."""
    age = float(rng.random())
    palettes: list[Colours] = [
        (ORANGE, PEACH, PEACH),
        (YELLOW_DEEP, ORANGE, PEACH),
        (PEACH, PINK, CREAM),
        (CREAM, TAN, PINK),
        (TAN, TAN, BROWN),
        (PEACH, ORANGE, BROWN),
    ]
    colours = palettes[int(rng.integers(0, len(palettes)))]
    shrink = 1.0 - 0.3 * age
    swollen = age > 0.6
    start = 0.004 * age if swollen else 0.0
    sheets = sepals(rng, 0.0105, (0.16, _between(rng, 0.14, 0.42)), root=0.0013, lift=-0.004)
    for k in range(5):
        blade = Blade(
            length=0.0125 * shrink * _between(rng, 0.75, 1.1),
            width=0.0038 * shrink * _between(rng, 0.8, 1.3),
            azimuth=(k + _between(rng, -0.2, 0.2)) / 5,
            angle_root=_between(rng, 0.02, 0.07),
            angle_tip=_between(rng, -0.05, 0.09) + (0.12 if rng.random() < 0.25 else 0.0),
            root=0.0017,
            lift=start - 0.003,
            crease=_between(rng, -0.6, 0.7),
            twist=_between(rng, -0.14, 0.14),
            wave=_between(rng, -0.07, 0.07),
            widths=(0.8, 1.0, 0.9, 0.7, 0.25),
        )
        sheets.append(_blade(blade, colours))
    radius = 0.0022 + 0.0026 * age if swollen else 0.0018
    ovary = turned(
        np.array([0.3, 0.85, 1.0, 0.8, 0.1]) * radius,
        np.array([-1.0, -0.6, 0.0, 0.6, 1.0]) * radius - 0.003,
        8,
    )
    sheets += [grid(ovary, np.array(GREEN_PALE)), _knob(0.0019, -0.0055)]
    return join(sheets, THIN, PETAL_TEXTURE)
