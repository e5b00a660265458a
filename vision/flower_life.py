"""Birth, belief, duplicates and death of the map's flowers: pure functions over rows (N, COLUMNS)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vision import flower_filter as ff
from vision.flower_filter import Floats
from vision.flower_matching import Mask, Pairs
from vision.sightings import Sightings
from vision.types import Pose

HIT_RATE_STEP = 1.0 / 40.0
"""Weight of one frame in a flower's hit rate: about a hundred frames in a row without it end a flower."""

NEW_HIT_RATE = 0.5

DEAD_HIT_RATE = 0.05

NEW_FLOWER_MISSES = 4
"""Misses in a row that end a flower, for every view that it had; with ten views its hit rate decides."""

SETTLED_VIEWS = 10

NOISE_PAIRS = 4
NOISE_STEP = 0.05
MOST_NOISE = 9.0
"""Views may be three times as noisy as assumed before flowers are lost instead."""

MEDIAN_CHI2 = 0.455
"""Median of the squared standard normal."""

COUNTING_TRAVEL = 0.01
"""Cart travel (m) that makes an expected frame count fully: a leaf hides as much while the cart stands."""


class FlowerMapConfig(BaseModel):
    """How detections become flowers. Lengths in m unless the name says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    depth: float = Field(default=0.45, gt=0.05, le=3.0, description="lens to a flower not yet fixed, assumed")
    depth_std: float = Field(default=0.12, gt=0.0, le=2.0, description="spread of that depth, assumed")
    far: float = Field(default=2.0, gt=0.1, le=4.0, description="flowers up to this depth are looked for")
    pixel_std: float = Field(default=1.0, gt=0.0, le=20.0, description="noise of a box centre, px, assumed")
    box_std: float = Field(default=0.04, ge=0.0, le=0.5, description="the same per box size, assumed")
    sway_std: float = Field(default=0.002, ge=0.0, le=0.05, description="a flower's sway, assumed")
    sway_time_s: float = Field(
        default=0.3, ge=0.0, le=5.0, description="views closer in time than this repeat the sway, assumed"
    )
    drift_rate: float = Field(
        default=5e-4, ge=0.0, le=0.1, description="lasting movement, m per root second, assumed"
    )
    drift_most: float = Field(
        default=0.008, ge=0.0, le=0.2, description="its limit between two views, assumed"
    )
    birth_score: float = Field(default=0.5, ge=0.0, le=1.0, description="least score that starts a flower")
    birth_clearance: float = Field(
        default=0.35, ge=0.0, le=2.0, description="its least distance to a better box, in mean box sizes"
    )
    known_depth_std: float = Field(default=0.012, gt=0.0, le=1.0, description="place_known needs less")
    known_views: int = Field(default=3, ge=2, le=100, description="place_known needs as many views")
    stage_temper: float = Field(
        default=0.2, gt=0.0, le=1.0, description="weight of a view in the stage belief: mistakes repeat"
    )
    belief_floor: float = Field(
        default=0.001, gt=0.0, lt=0.3, description="no stage's belief falls below: views mislead"
    )
    stage_time_h: float = Field(
        default=48.0,
        gt=0.0,
        le=1000.0,
        description="how long a stage lasts: open about 2-3 days (Shakya, ASHS)",
    )
    fresh_view: float = Field(
        default=0.02, gt=0.0, le=1.0, description="cart travel that makes a view count fully for the belief"
    )
    merge_distance: float = Field(
        default=0.009, ge=0.0, le=0.05, description="flowers nearer than this are one"
    )
    pose_std_most: float = Field(
        default=0.05, gt=0.0, le=1.0, description="frames of a cart less sure of its place are left out"
    )


def born(seen: Sightings, new: NDArray[np.int64], pose: Pose, config: FlowerMapConfig) -> Floats:
    """Return the rows of new flowers, one for each detection in `new` (N,), at the assumed depth."""
    rho = 1.0 / config.depth
    place = rho**2 * (config.sway_std**2 + pose.s_std**2)
    rows = np.zeros((len(new), ff.COLUMNS))
    rows[:, ff.S0] = seen.camera_s[new]
    rows[:, ff.A], rows[:, ff.B] = seen.rays[new, 0], seen.rays[new, 1]
    rows[:, ff.RHO] = rho
    rows[:, ff.VAR_A] = seen.noise_s[new] + place
    rows[:, ff.VAR_B] = seen.noise_h[new] + place
    rows[:, ff.VAR_RHO] = (config.depth_std * rho * rho) ** 2
    rows[:, ff.BELIEF] = 1.0
    rows[:, ff.BELIEF] = believed(rows, seen.stages[new], np.ones(len(new)), config)
    rows[:, ff.VIEWS] = 1.0
    rows[:, [ff.FIRST_SEEN, ff.LAST_SEEN]] = pose.t
    rows[:, [ff.SEEN_FROM, ff.EXPECTED_FROM]] = pose.s
    rows[:, ff.HIT_RATE] = NEW_HIT_RATE
    return rows


def aged(rows: Floats, t: float, config: FlowerMapConfig) -> Floats:
    """Return the stage beliefs (N, 3) at `t` (s): what was believed fades as stages pass unseen."""
    unseen_s = np.maximum(t - rows[:, ff.LAST_SEEN], 0.0)
    faded = -np.expm1(-unseen_s / (3600.0 * config.stage_time_h))[:, None]
    belief: Floats = rows[:, ff.BELIEF] * (1.0 - faded) + faded / rows[:, ff.BELIEF].shape[1]
    return belief


def believed(rows: Floats, likelihood: Floats, weight: Floats, config: FlowerMapConfig) -> Floats:
    """Return the stage beliefs (N, 3) after views of `likelihood` (N, 3) counting by `weight` (N,), 0..1."""
    belief: Floats = rows[:, ff.BELIEF] * likelihood ** (config.stage_temper * weight)[:, None]
    belief = belief / belief.sum(axis=1, keepdims=True) + config.belief_floor
    belief /= belief.sum(axis=1, keepdims=True)
    return belief


def counted(rows: Floats, hit: Mask, cart_s: float) -> Floats:
    """Return rows of flowers that this frame should have shown, with `hit` (N,) of them really seen."""
    after = rows.copy()
    travel = np.abs(cart_s - rows[:, ff.EXPECTED_FROM]) / COUNTING_TRAVEL
    step = HIT_RATE_STEP * np.minimum(travel, 1.0)
    after[:, ff.HIT_RATE] += step * (hit - rows[:, ff.HIT_RATE])
    after[:, ff.MISSES] = np.where(hit, 0.0, rows[:, ff.MISSES] + 1.0)
    after[:, ff.EXPECTED_FROM] = cart_s
    return after


def over(rows: Floats) -> Mask:
    """Return which flowers (N,) are given up: new ones soon, settled ones after a whole pass unseen."""
    views = rows[:, ff.VIEWS]
    fresh = (views < SETTLED_VIEWS) & (rows[:, ff.MISSES] >= NEW_FLOWER_MISSES * views)
    mask: Mask = fresh | (rows[:, ff.HIT_RATE] < DEAD_HIT_RATE)
    return mask


def hidden(rays: Floats, seen: Sightings) -> Mask:
    """Return which flowers, expected on `rays` (N, 2), lie inside a box of this frame: one is in front."""
    inside = np.abs(rays[None, :, 0] - seen.rays[:, :1]) < seen.half[:, :1]
    inside &= np.abs(rays[None, :, 1] - seen.rays[:, 1:]) < seen.half[:, 1:]
    mask: Mask = np.logical_or.reduce(inside, axis=0)
    return mask


def newcomers(seen: Sightings, free: Mask, config: FlowerMapConfig) -> NDArray[np.int64]:
    """Return the detections that start a flower: `free` (M,), sure, whole, clear of better boxes."""
    wanted = np.flatnonzero(free & (seen.scores >= config.birth_score) & ~seen.entering)
    if not len(wanted):
        return wanted
    apart = np.abs(seen.rays[wanted, None, :] - seen.rays[None, :, :])
    mean_size = seen.half[wanted, None, :] + seen.half[None, :, :]
    near = (apart < config.birth_clearance * mean_size).all(axis=2)
    order = np.arange(len(seen))
    # A box that belongs to a flower is better than any free one; between free ones the higher score wins.
    better = ~free[None, :] | (order[None, :] < wanted[:, None])
    crowded = near & better & (order[None, :] != wanted[:, None])
    clear: NDArray[np.int64] = wanted[~crowded.any(axis=1)]
    return clear


def duplicates(places: Floats, known: Mask, hit: Mask, distance: float) -> list[tuple[int, int]]:
    """Return (lost, kept) rows of flowers (N, 3) with known places nearer than `distance` (m) to each other.

    Two flowers seen in the same frame are two; so the lost one is always one that this frame did not show.
    """
    unseen = np.flatnonzero(known & ~hit)
    apart = ((places[unseen, None, :] - places[None, :, :]) ** 2).sum(axis=2)
    apart[:, ~known] = np.inf
    apart[np.arange(len(unseen)), unseen] = np.inf
    pairs: list[tuple[int, int]] = []
    used: set[int] = set()
    for row in np.flatnonzero(apart.min(axis=1, initial=np.inf) < distance**2).tolist():
        lost, kept = int(unseen[row]), int(apart[row].argmin())
        if lost not in used and kept not in used:
            used.update((lost, kept))
            pairs.append((lost, kept))
    return pairs


def united(one: Floats, other: Floats) -> Floats:
    """Return the row of one flower that was kept as two: the surer place, the belief of more views."""
    row = (one if one[ff.VAR_RHO] < other[ff.VAR_RHO] else other).copy()
    row[ff.BELIEF] = (one if one[ff.VIEWS] > other[ff.VIEWS] else other)[ff.BELIEF]
    row[ff.VIEWS] = one[ff.VIEWS] + other[ff.VIEWS]
    row[ff.FIRST_SEEN] = min(one[ff.FIRST_SEEN], other[ff.FIRST_SEEN])
    row[ff.LAST_SEEN] = max(one[ff.LAST_SEEN], other[ff.LAST_SEEN])
    row[ff.HIT_RATE] = max(one[ff.HIT_RATE], other[ff.HIT_RATE])
    row[ff.MISSES] = min(one[ff.MISSES], other[ff.MISSES])
    return row


def noise_after(noise: float, seen: Sightings, rows: Floats, pairs: Pairs, place_std: float) -> float:
    """Return the scale of the noise variance after a frame: it follows the misses in h of settled flowers.

    `noise` is the scale that `seen` and `place_std` already hold; misses in h do not depend on the depth.
    """
    settled = (rows[pairs.flower, ff.VIEWS] >= SETTLED_VIEWS) & ~seen.cut[pairs.seen]
    if np.count_nonzero(settled) < NOISE_PAIRS:
        return noise
    row, index = rows[pairs.flower[settled]], pairs.seen[settled]
    expected = row[:, ff.VAR_B] + (row[:, ff.RHO] * place_std) ** 2 + seen.noise_h[index]
    surprise = np.sort((seen.rays[index, 1] - row[:, ff.B]) ** 2 / expected)
    ratio = float(surprise[len(surprise) // 2]) / MEDIAN_CHI2
    return min(max(noise * (1.0 + NOISE_STEP * (min(ratio, 3.0) - 1.0)), 1.0), MOST_NOISE)


def known(rows: Floats, config: FlowerMapConfig) -> Mask:
    """Return which flowers (N,) have a place fixed by views from different positions."""
    depth_std = np.sqrt(rows[:, ff.VAR_RHO]) / rows[:, ff.RHO] ** 2
    mask: Mask = (depth_std < config.known_depth_std) & (rows[:, ff.VIEWS] >= config.known_views)
    return mask
