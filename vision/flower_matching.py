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

STAGE_WEIGHT = 0.5
"""Share of the stage's log-likelihood in the cost: views of one flower repeat the detector's own mistakes."""

UNMATCHED = GATE + 20.0
"""Cost of leaving a detection without a flower."""

OVERLAP_M = 0.008
"""Flowers whose centres are nearer than this across the view give one box: the nearer flower's."""

BEHIND_COST = 4.0
"""Cost of taking a box for a flower that should be behind another: about one in seven still shows."""

Indices = NDArray[np.int64]


class Pairs(NamedTuple):
    """K detections and flowers that belong together: indices (K,) into the sightings and into the rows."""

    seen: Indices
    flower: Indices


def match(seen: Sightings, flowers: Floats, place_std: float) -> Pairs:
    """Return the pairs that belong together: of all matchings, the one with the least cost.

    `place_std` (m) is how far a flower may be from its mean place in one frame: sway and cart position.
    """
    if not len(seen) or not len(flowers):
        none = np.empty(0, dtype=np.int64)
        return Pairs(none, none)
    cost = _costs(seen, flowers, place_std)
    rows, columns = linear_sum_assignment(cost)
    good = cost[rows, columns] < UNMATCHED
    return Pairs(rows[good].astype(np.int64), columns[good].astype(np.int64))


def _costs(seen: Sightings, flowers: Floats, place_std: float) -> Floats:
    """Return costs (M, N): -2 log-likelihood of each pair, UNMATCHED outside the gate."""
    baseline = seen.camera_s[:, None] - flowers[None, :, S0]
    jitter = (flowers[:, RHO] * place_std) ** 2
    var_s = ray_s_variance(flowers[None], baseline) + jitter + seen.noise_s[:, None]
    var_h = flowers[None, :, VAR_B] + jitter + seen.noise_h[:, None]
    error_s = seen.rays[:, :1] - predicted_rays(flowers, seen.camera_s)
    error_h = seen.rays[:, 1:] - flowers[None, :, B]
    distance = error_s * error_s / var_s + error_h * error_h / var_h
    # The spread term keeps a vague flower, or a box cut by the border, from taking what fits another well.
    spread = np.log(var_s * var_h / (seen.noise_s * seen.noise_h).min())
    belief = flowers[:, BELIEF]
    agreement = np.einsum("mk,nk->mn", seen.stages, belief)
    cost = distance + spread - 2.0 * STAGE_WEIGHT * np.log(agreement)
    cost += BEHIND_COST * _behind(flowers, float(seen.camera_s.mean()))
    gated: Floats = np.where(distance <= GATE, np.minimum(cost, UNMATCHED - 1e-6), UNMATCHED)
    return gated


def _behind(flowers: Floats, camera_s: float) -> Floats:
    """Return 1 for each flower (N,) that a nearer one covers, seen from `camera_s`, else 0."""
    rho = flowers[:, RHO]
    ray_s, ray_h = predicted_rays(flowers, np.array([camera_s]))[0], flowers[:, B]
    reach = OVERLAP_M * rho
    covers = np.abs(ray_s[:, None] - ray_s[None, :]) < reach[None, :]
    covers &= np.abs(ray_h[:, None] - ray_h[None, :]) < reach[None, :]
    covers &= rho[None, :] > rho[:, None]
    covered: Floats = np.logical_or.reduce(covers, axis=1).astype(np.float64)
    return covered
