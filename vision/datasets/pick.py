"""Which frames of a recording are worth a person's labels: uncertain, contradicted by other views, unlike training.

Uncertainty is that of the scores (near the threshold) and stages (entropy); contradiction is the divergence of
one view's stages from the mean of all views of that flower, the per-view part of the mutual information that
Houlsby et al. 2011 (BALD) pick by; shift is the colour's distance from the model card's statistics.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from vision.types import Detections, Side

Reason = Literal["uncertain", "contradicted", "shifted", "spread"]
Floats = NDArray[np.float64]

LEVELS: Final[Mapping[Reason, float]] = {"uncertain": 0.35, "contradicted": 0.25, "shifted": 3.0}
"""Least value that makes a frame worth picking for a reason (assumed): shares of 1, and standard deviations."""

TEACHERS: Final = 5
"""A frame is as uncertain as its most uncertain so many detections, on average."""

VIEWS: Final = 3
"""Fewer views of a flower say nothing about contradiction."""

FLOOR: Final = 0.02
"""Added to each stage: one view may not be infinitely sure."""

NEAR_S, NEAR_T = 0.15, 1.0
"""Frames of one side nearer than this (m along the row, else s) show the same flowers."""

LEAST_STD: Final = 4.0
"""Grey levels; a card from few scenes must not call every house another world (assumed)."""


@dataclass(frozen=True, slots=True)
class FrameView:
    """What the pick must know of one frame; `flower_ids` (N,) are -1 where the map knows no flower."""

    side: Side
    seq: int
    t: float
    s: float | None
    mean_bgr: tuple[float, float, float]
    found: Detections
    flower_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pick:
    """A chosen frame: its place in the list, why, and the three values."""

    index: int
    reason: Reason
    values: dict[Reason, float]


def choose_frames(
    views: Sequence[FrameView],
    count: int,
    threshold: float,
    colours: tuple[Floats, Floats] | None = None,
) -> list[Pick]:
    """Return up to `count` picks in order of time: the reasons take turns, then the rest is spread evenly.

    `colours` are mean and std of blue, green, red in training; without them the recording's own median serves.
    """
    values: dict[Reason, Floats] = {
        "uncertain": np.array([uncertainty(view.found, threshold) for view in views]),
        "contradicted": contradictions(views),
        "shifted": shifts(views, colours),
    }
    chosen: dict[int, Reason] = {}
    queues = {
        reason: [int(k) for k in np.argsort(-of, kind="stable") if of[k] >= LEVELS[reason]]
        for reason, of in values.items()
    }
    while len(chosen) < count and any(queues.values()):
        for reason, queue in queues.items():
            index = _next_apart(queue, views, chosen)
            if index is not None and len(chosen) < count:
                chosen[index] = reason
    for index in _evenly(len(views)):
        if len(chosen) >= count:
            break
        if _is_apart(views, index, chosen):
            chosen[index] = "spread"
    return [
        Pick(index, reason, {name: float(of[index]) for name, of in values.items()})
        for index, reason in sorted(chosen.items(), key=lambda pair: (views[pair[0]].t, pair[0]))
    ]


def uncertainty(found: Detections, threshold: float) -> float:
    """Return 0 (sure of everything) to 1: the mean over the most uncertain detections, missing ones count 0."""
    if not len(found):
        return 0.0
    scores = found.scores.astype(np.float64)
    room = np.where(scores < threshold, max(threshold, 1e-6), max(1.0 - threshold, 1e-6))
    existence = np.clip(1.0 - np.abs(scores - threshold) / room, 0.0, 1.0)
    stages = _shares(found.stages)
    entropy = -(stages * np.log(stages)).sum(axis=1) / np.log(stages.shape[1])
    each = np.sort(np.maximum(existence, entropy * scores))[::-1][:TEACHERS]
    return float(each.sum() / TEACHERS)


def contradictions(views: Sequence[FrameView]) -> Floats:
    """Return per frame the largest divergence, 0 to 1, of a flower's stages here from all its views, by score."""
    seen: dict[tuple[Side, int], list[tuple[int, float, Floats]]] = defaultdict(list)
    for index, view in enumerate(views):
        told = zip(
            view.flower_ids.tolist(), view.found.scores.tolist(), _shares(view.found.stages), strict=True
        )
        for flower, score, share in told:
            if flower >= 0:
                seen[view.side, flower].append((index, score, share))
    result = np.zeros(len(views))
    for mine in seen.values():
        if len(mine) < VIEWS:
            continue
        mean = np.mean([share for _, _, share in mine], axis=0)
        for index, score, share in mine:
            divergence = float((share * np.log(share / mean)).sum() / np.log(len(share)))
            # What was hardly seen at all contradicts nobody.
            result[index] = max(result[index], min(divergence, 1.0) * score)
    return result


def shifts(views: Sequence[FrameView], colours: tuple[Floats, Floats] | None) -> Floats:
    """Return per frame how many standard deviations its mean colour lies from that of training."""
    means = np.array([view.mean_bgr for view in views], np.float64).reshape(-1, 3)
    if not len(means):
        return np.zeros(0)
    if colours is None:
        middle = np.median(means, axis=0)
        colours = middle, 1.4826 * np.median(np.abs(means - middle), axis=0)
    away: Floats = np.abs(means - colours[0]) / np.maximum(colours[1], LEAST_STD)
    return np.asarray(away.max(axis=1), np.float64)


def _shares(stages: NDArray[np.float32]) -> Floats:
    """Stage probabilities as shares of 1, none of them 0."""
    floored = np.clip(np.nan_to_num(stages.astype(np.float64)), 0.0, 1.0) + FLOOR
    return np.asarray(floored / floored.sum(axis=1, keepdims=True), np.float64)


def _next_apart(queue: list[int], views: Sequence[FrameView], chosen: Mapping[int, Reason]) -> int | None:
    while queue:
        index = queue.pop(0)
        if _is_apart(views, index, chosen):
            return index
    return None


def _is_apart(views: Sequence[FrameView], index: int, chosen: Mapping[int, Reason]) -> bool:
    """Whether a frame shows other flowers than the chosen ones."""
    view = views[index]
    for other in (views[k] for k in chosen):
        if other.side != view.side:
            continue
        if view.s is not None and other.s is not None:
            if abs(view.s - other.s) < NEAR_S:
                return False
        elif abs(view.t - other.t) < NEAR_T:
            return False
    return True


def _evenly(count: int) -> list[int]:
    """Return 0..count - 1 so that any beginning of the list is spread out: by bits in reverse order."""
    bits = max(1, (count - 1).bit_length())
    order = (int(format(k, f"0{bits}b")[::-1], 2) for k in range(2**bits))
    return [k for k in order if k < count]
