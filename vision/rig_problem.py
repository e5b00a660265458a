"""The sums behind `vision/rig_fit.py`: landmarks that stand still, seen by one camera on a cart that moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vision.calibration import CameraModel

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

PRIOR_STD: Final[Mapping[str, float]] = {
    "latency_s": 0.1,
    "readout_s": 0.01,
    "s_offset": 0.05,
    "h": 0.05,
    "d": 0.05,
    "yaw": 0.1,
    "pitch": 0.1,
    "roll": 0.1,
}
"""How far the machine file may be off before the drive; whatever stays as vague was not told by it."""

NAMES: Final = tuple(PRIOR_STD)
STEPS: Final = np.array([1e-4, 1e-4, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5])

SMOOTH_READINGS = 9
"""0.16 s at the controller's 50 Hz."""

TAIL = 4.0
LEAST_NOISE_PX = 0.05
FIRST_NOISE_PX = 8.0
"""Taken for the noise at first, then halved: else the few sightings that tell the latency look like outliers."""
LOST_PX = 1e3
"""Error given to a sighting of a point that is behind the lens."""
ROUNDS = 20
GROUPS = 5
"""Parts of the landmarks that are left out in turn to see the spread."""

Known = Mapping[str, tuple[float | None, float | None, float | None]]
"""Measured s, h, d of landmarks; None for what was not measured."""


@dataclass(frozen=True, slots=True)
class Track:
    """Where the cart was: places `s` (K,) at host times `t` (K,), rising."""

    t: Floats
    s: Floats

    def at(self, t: Floats) -> Floats:
        """Return s (N,) at times (N,); the ends are held."""
        return np.asarray(np.interp(t, self.t, self.s), np.float64)


def smoothed(track: Track) -> Track:
    """Return the track with parabolas laid through nine readings at a time.

    Single readings jump by a tick or two: the speed between two of them, and with it the latency, would be noise.
    """
    width = SMOOTH_READINGS
    if len(track.t) < width:
        return track
    t = np.lib.stride_tricks.sliding_window_view(track.t, width)
    s = np.lib.stride_tricks.sliding_window_view(track.s, width)
    middle = width // 2
    x = (t - t[:, middle : middle + 1]) / np.maximum(t[:, -1:] - t[:, :1], 1e-9)
    powers = np.stack([np.ones_like(x), x, x * x], axis=2)
    normal = np.einsum("nki,nkj->nij", powers, powers) + 1e-12 * np.eye(3)
    base = s[:, middle : middle + 1]
    right = np.einsum("nki,nk->ni", powers, s - base)
    place = track.s.copy()
    place[middle : len(place) - (width - 1 - middle)] = (
        base[:, 0] + np.linalg.solve(normal, right[..., None])[:, 0, 0]
    )
    return Track(track.t, place)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A landmark, by name, seen at `pixel` (x, y) of a frame with time stamp `t`."""

    landmark: str
    t: float
    pixel: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Problem:
    """N sightings of L landmarks; parameters in the order of NAMES."""

    names: list[str]
    t: Floats
    pixels: Floats
    which: Indices
    track: Track
    camera: CameraModel
    anchors: Floats
    anchor_weight: Floats

    @classmethod
    def of(
        cls,
        names: list[str],
        sightings: Sequence[Sighting],
        track: Track,
        camera: CameraModel,
        known: Known,
        known_std: float,
    ) -> Problem:
        """Lay out the sightings of `names`; places in `known` pull with `known_std` (m)."""
        index = {name: i for i, name in enumerate(names)}
        anchors, weight = np.zeros((len(names), 3)), np.zeros((len(names), 3))
        for name, place in known.items():
            for axis, value in enumerate(place if name in index else ()):
                if value is not None:
                    anchors[index[name], axis], weight[index[name], axis] = value, known_std**-2
        return cls(
            names,
            np.array([one.t for one in sightings]),
            np.array([one.pixel for one in sightings], np.float64),
            np.array([index[one.landmark] for one in sightings], np.int64),
            track,
            camera,
            anchors,
            weight,
        )

    @property
    def before(self) -> Floats:
        """The machine file's parameters."""
        return np.array([getattr(self.camera, name) for name in NAMES])

    def start(self) -> tuple[Floats, Floats]:
        """Return the machine file's parameters and, with them, the landmarks' places by least squares."""
        before = self.before
        camera_s = self._cart_s(before) + self.camera.s_offset
        rays = self.camera.ray(self.pixels)
        places = np.empty((len(self.names), 3))
        for i in range(len(self.names)):
            mine = self.which == i
            # s = camera_s + depth ray_s and h = camera_h + depth ray_h, in the unknowns (s, h, depth).
            count = int(mine.sum())
            ahead = np.zeros((2 * count, 3))
            ahead[:count, 0] = ahead[count:, 1] = 1.0
            ahead[:count, 2], ahead[count:, 2] = -rays[mine, 0], -rays[mine, 1]
            here = np.concatenate([camera_s[mine], np.full(count, self.camera.h)])
            s, h, depth = np.linalg.lstsq(ahead, here, rcond=None)[0].tolist()
            places[i] = s, h, self.camera.d + min(max(depth, 0.05), 20.0)
        return before, places

    def errors(self, parameters: Floats, places: Floats) -> Floats:
        """Return seen minus expected pixels (N, 2)."""
        told = self.camera.model_dump() | dict(zip(NAMES, parameters.tolist(), strict=True))
        camera = CameraModel.model_construct(**told)
        points = places[self.which]
        points[:, 0] -= self._cart_s(parameters)
        error = self.pixels - camera.project(points, 0.0)
        return np.where(np.isfinite(error), error, LOST_PX)

    def solve(self, parameters: Floats, places: Floats, least_px: float) -> tuple[Floats, Floats, float]:
        """Return parameters, places and noise (px) at the optimum; the noise is found on the way.

        It is taken to be `least_px` at least at first, and half of that after each round.
        """
        damping, noise = 1e-3, least_px
        for _ in range(ROUNDS):
            error = self.errors(parameters, places)
            usual = max(1.4826 * float(np.median(np.abs(error))), LEAST_NOISE_PX)
            noise, least_px = max(usual, least_px), 0.5 * least_px
            cost = self._cost(error, parameters, places, noise)
            for _ in range(6):
                moved, shifted = self._step(parameters, places, error, noise, damping)
                new = self._cost(self.errors(moved, shifted), moved, shifted, noise)
                if new <= cost:
                    break
                damping *= 10.0
            else:
                break
            parameters, places, damping = moved, shifted, max(damping * 0.1, 1e-9)
            if cost - new < 1e-6 * cost and noise == usual:
                break
        return parameters, places, noise

    def information(self, parameters: Floats, places: Floats, noise: float) -> Floats:
        """Return the information (P, P) on the parameters once every landmark's place is solved for."""
        error = self.errors(parameters, places)
        total, cross, own, _, _ = self._normal(parameters, places, error, noise)
        return np.asarray(total - np.einsum("lpi,lij,lqj->pq", cross, np.linalg.inv(own), cross))

    def spread(self, parameters: Floats, places: Floats, noise: float) -> Floats:
        """Return the jackknife's standard error (P,) over groups of landmarks: sway is no white noise."""
        groups = min(GROUPS, len(self.names))
        found = []
        for group in range(groups):
            kept = [i for i in range(len(self.names)) if i % groups != group]
            part = self._only(kept)
            found.append(part.solve(parameters, places[kept], noise)[0])
        without = np.array(found)
        return np.asarray(
            np.sqrt((groups - 1) / groups * np.square(without - without.mean(axis=0)).sum(axis=0))
        )

    def _only(self, kept: list[int]) -> Problem:
        rows = np.isin(self.which, kept)
        new = np.full(len(self.names), -1)
        new[kept] = np.arange(len(kept))
        names = [self.names[i] for i in kept]
        rest = (self.track, self.camera, self.anchors[kept], self.anchor_weight[kept])
        return Problem(names, self.t[rows], self.pixels[rows], new[self.which[rows]], *rest)

    def _cart_s(self, parameters: Floats) -> Floats:
        latency, readout = parameters[:2].tolist()
        late = readout * (self.pixels[:, 1] / (self.camera.height - 1.0) - 0.5)
        return self.track.at(self.t - latency + late)

    def _cost(self, error: Floats, parameters: Floats, places: Floats, noise: float) -> float:
        square = np.square(error).sum(axis=1) / noise**2
        fit = (TAIL + 2.0) * np.log1p(square / TAIL).sum()
        prior = np.square((parameters - self.before) / _stds()).sum()
        return float(fit + prior + (self.anchor_weight * np.square(places - self.anchors)).sum())

    def _normal(
        self, parameters: Floats, places: Floats, error: Floats, noise: float
    ) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return the normal equations: total (P, P), cross (L, P, 3), own (L, 3, 3) and both slopes."""
        by_parameter = np.stack(
            [
                (error - self.errors(parameters + step, places)) / step[i]
                for i, step in enumerate(np.diag(STEPS))
            ],
            axis=2,
        )
        by_place = np.stack(
            [(error - self.errors(parameters, places + step)) / 1e-5 for step in 1e-5 * np.eye(3)], axis=2
        )
        weight = (TAIL + 2.0) / (TAIL + np.square(error).sum(axis=1) / noise**2) / noise**2
        weight[np.abs(error).max(axis=1) >= LOST_PX] = 0.0
        count = len(self.names)
        cross, own = np.zeros((count, len(NAMES), 3)), np.zeros((count, 3, 3))
        slope_l = -self.anchor_weight * (places - self.anchors)
        np.add.at(cross, self.which, np.einsum("nip,nij,n->npj", by_parameter, by_place, weight))
        np.add.at(own, self.which, np.einsum("nij,nik,n->njk", by_place, by_place, weight))
        np.add.at(slope_l, self.which, np.einsum("nij,ni,n->nj", by_place, error, weight))
        own += self.anchor_weight[:, :, None] * np.eye(3) + 1e-6 * np.eye(3)
        total = np.einsum("nip,niq,n->pq", by_parameter, by_parameter, weight) + np.diag(_stds() ** -2)
        slope = np.einsum("nip,ni,n->p", by_parameter, error, weight)
        slope -= (parameters - self.before) * _stds() ** -2
        return total, cross, own, slope, slope_l

    def _step(
        self, parameters: Floats, places: Floats, error: Floats, noise: float, damping: float
    ) -> tuple[Floats, Floats]:
        """Return parameters and places after one damped step, the landmarks eliminated (Schur)."""
        total, cross, own, slope, slope_l = self._normal(parameters, places, error, noise)
        total = total + damping * np.diag(np.diagonal(total))
        inverse = np.linalg.inv(own + damping * own * np.eye(3))
        reduced = total - np.einsum("lpi,lij,lqj->pq", cross, inverse, cross)
        right = slope - np.einsum("lpi,lij,lj->p", cross, inverse, slope_l)
        step = np.linalg.solve(reduced, right)
        shift = np.einsum("lij,lj->li", inverse, slope_l - np.einsum("lpi,p->li", cross, step))
        return parameters + step, places + shift


def _stds() -> Floats:
    return np.array(list(PRIOR_STD.values()))
