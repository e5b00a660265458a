"""Which detection is which flower: gated, globally best and the same on every run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from vision.flower_filter import BELIEF, RHO, S0, VAR_B, B, Floats, predicted_rays, ray_s_variance
from vision.sightings import Sightings

GATE = 13.8
"""Squared Mahalanobis distance that 99.9 % of true pairs stay under (chi-square, two degrees of freedom)."""

UNMATCHED = GATE + 20.0
"""Cost of leaving a detection without a flower."""

OVERLAP_M = 0.008
"""Flowers whose centres are nearer than this across the view give one box: the nearer flower's."""

BEHIND_COST = 4.0
"""Cost of taking a box for a flower that should be behind another: about one in seven still shows."""

MISS_COST = 3.0
"""Cost of leaving out a flower that should show: about one in five does not."""

Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Pairs(NamedTuple):
    """K detections and flowers that belong together: indices (K,) into the sightings and into the rows."""

    seen: Indices
    flower: Indices


def match(seen: Sightings, flowers: Floats, rays: Floats, expected: Mask, place_std: float) -> Pairs:
    """Return the pairs that belong together: of all matchings, the one with the least cost.

    `rays` (N, 2): where the flowers should appear; `expected` (N,): which of them the image should show.
    `place_std` (m): how far a flower may be from its mean place in one frame, by sway and cart position.
    """
    if not len(seen) or not len(flowers):
        none = np.empty(0, dtype=np.int64)
        return Pairs(none, none)
    per_flower = BEHIND_COST * _behind(flowers[:, RHO], rays) - MISS_COST * expected
    cost = _costs(seen, flowers, per_flower, place_std)
    rows, columns = linear_sum_assignment(cost)
    good = cost[rows, columns] < UNMATCHED
    return Pairs(rows[good].astype(np.int64), columns[good].astype(np.int64))


def _costs(seen: Sightings, flowers: Floats, per_flower: Floats, place_std: float) -> Floats:
    """Return costs (M, N): -2 log-likelihood of each pair, UNMATCHED outside the gate."""
    baseline = seen.camera_s[:, None] - flowers[None, :, S0]
    jitter = (flowers[:, RHO] * place_std) ** 2
    var_s = ray_s_variance(flowers[None], baseline) + jitter + seen.noise_s[:, None]
    var_h = flowers[None, :, VAR_B] + jitter + seen.noise_h[:, None]
    error_s = seen.rays[:, :1] - predicted_rays(flowers, seen.camera_s)
    error_h = seen.rays[:, 1:] - flowers[None, :, B]
    distance = error_s * error_s / var_s + error_h * error_h / var_h
    agreement = np.einsum("mk,nk->mn", seen.stages, flowers[:, BELIEF])
    # Twice the log-likelihood of the place, once that of the stage: views repeat the detector's own mistakes.
    # The spread keeps a vague flower, or a box cut by the border, from taking what fits another well.
    spread = np.log(var_s * var_h / ((seen.noise_s * seen.noise_h).min() * agreement))
    cost = np.minimum(distance + spread + per_flower, UNMATCHED - 1e-6)
    gated: Floats = np.where(distance <= GATE, cost, UNMATCHED)
    return gated


def _behind(rho: Floats, rays: Floats) -> Floats:
    """Return 1 for each flower (N,) that a nearer one covers, else 0."""
    reach = OVERLAP_M * rho
    covers = np.abs(rays[:, None, 0] - rays[None, :, 0]) < reach[None, :]
    covers &= np.abs(rays[:, None, 1] - rays[None, :, 1]) < reach[None, :]
    covers &= rho[None, :] > rho[:, None]
    covered: Floats = np.logical_or.reduce(covers, axis=1).astype(np.float64)
    return covered
