"""The filter behind the flower map: one linear Kalman filter per flower, all flowers of a frame at once.

The cart moves along s only and a camera keeps its height and depth, so with rays per metre of depth
(CameraModel.ray) a flower at depth D = 1/rho, first seen from camera position s0, is seen from s_cam at

    ray_s = a - (s_cam - s0) * rho,     ray_h = b

This is linear in (a, b, rho): inverse depth needs no iteration and cannot diverge, and b stays independent
of the other two. (Inverse depth: Civera, Davison, Montiel, IEEE T-RO 24(5), 2008.)
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Columns of a flower's row. Rays are in metres of s (h) per metre of d, rho in 1/m.
S0: Final = 0
A: Final = 1
B: Final = 2
RHO: Final = 3
VAR_A: Final = 4
COV_A_RHO: Final = 5
VAR_RHO: Final = 6
VAR_B: Final = 7
BELIEF: Final = slice(8, 11)
VIEWS: Final = 11
FIRST_SEEN: Final = 12
LAST_SEEN: Final = 13
SEEN_FROM: Final = 14  # cart s of the last view
EXPECTED_FROM: Final = 15  # cart s of the last frame that should have shown the flower
HIT_RATE: Final = 16  # running share of the frames expected to show it that did
MISSES: Final = 17  # such frames since the last view
COLUMNS: Final = 18

RHO_LIMITS: Final = (0.2, 20.0)
"""Inverse depths that are kept: flowers between 5 m and 50 mm from the lens."""


def predicted_rays(rows: Floats, camera_s: Floats) -> Floats:
    """Return the ray_s (M, N) at which N flowers appear from M camera positions; ray_h is column B."""
    at_zero = rows[:, A] + rows[:, S0] * rows[:, RHO]
    rays: Floats = at_zero[None, :] - camera_s[:, None] * rows[None, :, RHO]
    return rays


def drifted(rows: Floats, t: float, rate: float, most: float) -> Floats:
    """Return rows whose variances grew by the movement of the plant since the last view.

    The std of each coordinate grows by `rate` (m per root second) up to `most` (m) between two views.
    """
    moved = np.minimum(rate * rate * np.maximum(t - rows[:, LAST_SEEN], 0.0), most * most)
    rho2 = rows[:, RHO] ** 2
    grown = rows.copy()
    grown[:, VAR_A] += moved * rho2
    grown[:, VAR_B] += moved * rho2
    grown[:, VAR_RHO] += moved * rho2 * rho2
    return grown


def ray_s_variance(rows: Floats, baseline: Floats) -> Floats:
    """Return the variance of ray_s due to the state, seen from `baseline` metres of s beyond S0."""
    spread: Floats = rows[..., VAR_A] + baseline * (
        baseline * rows[..., VAR_RHO] - 2.0 * rows[..., COV_A_RHO]
    )
    return spread


def corrected(rows: Floats, rays: Floats, camera_s: Floats, noise_s: Floats, noise_h: Floats) -> Floats:
    """Return rows (N, COLUMNS) after one view each: rays (N, 2) with variances `noise_s`, `noise_h` (N,)."""
    baseline = camera_s - rows[:, S0]
    error_s = rays[:, 0] - (rows[:, A] - baseline * rows[:, RHO])
    error_h = rays[:, 1] - rows[:, B]
    to_a = rows[:, VAR_A] - baseline * rows[:, COV_A_RHO]
    to_rho = rows[:, COV_A_RHO] - baseline * rows[:, VAR_RHO]
    total_s = to_a - baseline * to_rho + noise_s
    total_h = rows[:, VAR_B] + noise_h
    gain_a, gain_rho = to_a / total_s, to_rho / total_s
    after = rows.copy()
    after[:, A] += gain_a * error_s
    after[:, RHO] = np.clip(rows[:, RHO] + gain_rho * error_s, *RHO_LIMITS)
    after[:, B] += rows[:, VAR_B] / total_h * error_h
    after[:, VAR_A] -= gain_a * to_a
    after[:, COV_A_RHO] -= gain_a * to_rho
    after[:, VAR_RHO] -= gain_rho * to_rho
    after[:, VAR_B] *= noise_h / total_h
    return after


def positions(rows: Floats, camera_h: float, camera_d: float) -> Floats:
    """Return the flowers' places (N, 3) as s, h, d in m."""
    depth = 1.0 / rows[:, RHO]
    places = np.empty((len(rows), 3))
    places[:, 0] = rows[:, S0] + rows[:, A] * depth
    places[:, 1] = camera_h + rows[:, B] * depth
    places[:, 2] = camera_d + depth
    return places


def covariances(rows: Floats) -> Floats:
    """Return the covariances (N, 3, 3) of `positions`, to first order, in m^2."""
    depth = 1.0 / rows[:, RHO]
    a, b = rows[:, A], rows[:, B]
    # d(s, h, d)/d(rho) = -depth^2 (a, b, 1), d(s)/d(a) = d(h)/d(b) = depth
    var_depth = depth**4 * rows[:, VAR_RHO]
    cross = -(depth**3) * rows[:, COV_A_RHO]
    result = np.empty((len(rows), 3, 3))
    result[:, 0, 0] = depth**2 * rows[:, VAR_A] + 2.0 * a * cross + a * a * var_depth
    result[:, 1, 1] = depth**2 * rows[:, VAR_B] + b * b * var_depth
    result[:, 2, 2] = var_depth
    result[:, 0, 1] = result[:, 1, 0] = b * cross + a * b * var_depth
    result[:, 0, 2] = result[:, 2, 0] = cross + a * var_depth
    result[:, 1, 2] = result[:, 2, 1] = b * var_depth
    return result
