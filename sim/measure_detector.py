"""Measures how a detector errs on rendered rows, view by view and flower by flower: what truth mode draws from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from robot.sight import FlowerDetector
from sim.leaf_screen import LeafScreen
from sim.render.renderer import Renderer
from sim.scenario import ScenarioConfig
from sim.truth import TrueFlowers
from sim.truth_detector import in_picture
from sim.truth_errors import TruthErrors
from sim.world import World
from vision.calibration import CameraModel
from vision.types import Detections

Floats = NDArray[np.float64]
MOST_FLOWERS = 1_000_000
"""More than a side of a row holds."""
STEP_M = 0.05
"""From view to view: a third of a second of driving."""
ENOUGH_VIEWS, ENOUGH_FINDS = 6, 3
"""A flower seen this often and never found is blind; one found this often has a usual stage."""
QUANTILES = np.arange(0.05, 1.0, 0.1)


@dataclass(slots=True)
class Views:
    """Each time that a true flower stood in a picture: (N,) arrays. `read` is -1 where it was not found."""

    flower: NDArray[np.int64]
    stage: NDArray[np.int64]
    behind_leaf: NDArray[np.bool_]
    read: NDArray[np.int64]
    sure: Floats
    """Probabilities (N, 2) of the stage read, and of the two others in the mean; nan where not found."""
    error_px: Floats
    """Distance of the box's centre in x, nan where not found."""
    frames: int = 0
    ghosts: int = 0


def view_rows(
    scenario: ScenarioConfig,
    cameras: Sequence[CameraModel],
    detector: FlowerDetector,
    seeds: Sequence[int],
    progress: Callable[[], None],
) -> list[Views]:
    """Look along the rows of `seeds` with each camera; returns the views of each side of each row."""
    found = []
    for seed in seeds:
        world = World.build(scenario.world, seed)
        found += [_look_along(scenario, world, camera, detector) for camera in cameras]
        progress()
    return found


def joined(parts: Sequence[Views]) -> Views:
    """Return the views of all parts, each flower with a number of its own."""
    for number, part in enumerate(parts):
        part.flower = part.flower % MOST_FLOWERS + MOST_FLOWERS * number
    columns = ("flower", "stage", "behind_leaf", "read", "sure", "error_px")
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    return Views(
        **whole, frames=sum(part.frames for part in parts), ghosts=sum(part.ghosts for part in parts)
    )


def _look_along(
    scenario: ScenarioConfig, world: World, camera: CameraModel, detector: FlowerDetector
) -> Views:
    renderer = Renderer(world, camera, camera.side, scenario.lens)
    flowers, leaves = TrueFlowers(world, camera.side), LeafScreen(world.side(camera.side))
    lines: list[tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64], Floats, Floats]] = []
    ghosts = 0
    places = np.arange(-camera.s_offset, scenario.world.row_length_m - camera.s_offset, STEP_M)
    for seq, cart_s in enumerate(places.tolist()):
        t = seq * STEP_M / scenario.speed_m_s
        jpeg = simplejpeg.encode_jpeg(
            renderer.render(cart_s, t, seq).image,
            quality=scenario.camera.jpeg_quality,
            colorspace="BGR",
            colorsubsampling="420",
        )
        seen = detector.detect(simplejpeg.decode_jpeg(jpeg, colorspace="BGR"))
        index, where, pixels = in_picture(flowers, camera, cart_s, t)
        behind = leaves.blocks(np.array([cart_s + camera.s_offset, camera.h, camera.d]), where, t)
        half = camera.fx * world.side(camera.side).radii[index] / np.maximum(where[:, 2] - camera.d, 0.05)
        which, extra = matched(seen, pixels, half)
        ghosts += extra
        has = which >= 0
        read, sure = np.full(len(index), -1), np.full((len(index), 2), np.nan)
        error = np.full(len(index), np.nan)
        stages = seen.stages[which[has]]
        read[has] = stages.argmax(axis=1)
        most = stages.max(axis=1)
        sure[has] = np.stack([most, 0.5 * (stages.sum(axis=1) - most)], axis=1)
        boxes = seen.boxes[which[has]]
        error[has] = 0.5 * (boxes[:, 0] + boxes[:, 2]) - pixels[has, 0]
        lines.append((index.astype(np.int64), behind, read, sure, error))
    flower, behind_leaf, read, sure, error = (np.concatenate(column) for column in zip(*lines, strict=True))
    stage = flowers.stage[flower].astype(np.int64)
    return Views(flower, stage, behind_leaf, read, sure, error, len(places), ghosts)


def matched(seen: Detections, pixels: Floats, half_px: Floats) -> tuple[NDArray[np.int64], int]:
    """Return for each flower (N,) its detection or -1, and how many detections are left over.

    A detection belongs to a flower when its centre lies within 0.8 of the flower's half size, 4 px at least.
    """
    which = np.full(len(pixels), -1, np.int64)
    if not len(seen) or not len(pixels):
        return which, len(seen)
    centres = 0.5 * (seen.boxes[:, :2] + seen.boxes[:, 2:])
    apart = np.hypot(*(pixels[:, None, k] - centres[None, :, k] for k in (0, 1)))
    within = apart <= np.maximum(4.0, 0.8 * half_px)[:, None]
    flower, detection = linear_sum_assignment(np.where(within, apart, 1e6))
    real = within[flower, detection]
    which[flower[real]] = detection[real]
    return which, len(seen) - int(real.sum())


def fit_errors(views: Views, measured_by: str) -> TruthErrors:
    """Return the errors that these views show."""
    found = views.read >= 0
    seen_n, found_n, usual, number = _by_flower(views)
    blind_flower = (seen_n >= ENOUGH_VIEWS) & (found_n == 0)
    blind = blind_flower[number]
    own = usual[number]
    stages = range(3)
    flower_stage = np.zeros(len(seen_n), np.int64)
    flower_stage[number] = views.stage
    sight = ~views.behind_leaf & ~blind
    right = views.read == views.stage
    flickers = found & (own >= 0) & (views.read != own)
    return TruthErrors(
        measured_by=measured_by,
        found=_shares(found, [sight & (views.stage == k) for k in stages]),
        found_behind_leaf=_shares(found, [views.behind_leaf & (views.stage == k) for k in stages]),
        blind=_shares(blind_flower, [(seen_n >= ENOUGH_VIEWS) & (flower_stage == k) for k in stages]),
        misread=tuple(_row(usual[(flower_stage == k) & (usual >= 0)], k) for k in stages),
        flicker=_shares(flickers, [found & (own >= 0) & (views.stage == k) for k in stages]),
        jitter_px=round(float(np.nanstd(np.clip(views.error_px[found], -6.0, 6.0))), 3),
        certainty=_pairs(views.sure[found & right]),
        certainty_wrong=_pairs(views.sure[found & ~right]),
        ghosts_per_frame=round(views.ghosts / max(views.frames, 1), 4),
    )


def _by_flower(
    views: Views,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64], NDArray[np.intp]]:
    """Return per flower: views in sight, finds, usual stage (-1: too few finds); and each view's flower."""
    flowers, number = np.unique(views.flower, return_inverse=True)
    found = views.read >= 0
    seen_n = np.bincount(number[~views.behind_leaf], minlength=len(flowers))
    found_n = np.bincount(number[found], minlength=len(flowers))
    reads = np.zeros((len(flowers), 3), np.int64)
    np.add.at(reads, (number[found], views.read[found]), 1)
    usual = np.where(reads.sum(axis=1) >= ENOUGH_FINDS, reads.argmax(axis=1), -1)
    return seen_n, found_n, usual, number


def _shares(part: NDArray[np.bool_], of: Sequence[NDArray[np.bool_]]) -> tuple[float, float, float]:
    bud, ready, spent = (round(float(part[chosen].mean()), 4) if chosen.any() else 0.0 for chosen in of)
    return bud, ready, spent


def _row(usual: NDArray[np.int64], stage: int) -> tuple[float, float, float]:
    """Return the shares of usual stages, whole in sum; flowers nobody found are taken for what they are."""
    counts = np.bincount(usual, minlength=3).astype(np.float64)
    counts[stage] += 0.0 if counts.sum() else 1.0
    bud, ready = (round(float(counts[k] / counts.sum()), 4) for k in (0, 1))
    return bud, ready, round(1.0 - bud - ready, 4)


def _pairs(sure: Floats) -> tuple[tuple[float, float], ...]:
    """Return ten pairs as they occurred, evenly over the likelier one's quantiles."""
    if not len(sure):
        return ((0.9, 0.05),)
    ranks = np.argsort(sure[:, 0], kind="stable")[(QUANTILES * len(sure)).astype(np.intp)]
    return tuple((round(float(most), 3), round(float(rest), 3)) for most, rest in sure[ranks])
