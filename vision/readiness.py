"""How far the map's stage beliefs can be trusted: their temperature, their reliability, a threshold for few buds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from vision.types import Stage

Floats = NDArray[np.float64]
Stages = NDArray[np.int64]

TEMPERATURES = (0.1, 20.0)
LEAST_BELIEF = 1e-6


class Bin(msgspec.Struct, frozen=True):
    """Flowers whose belief lay in one tenth: how many, the mean belief and the share it was true of."""

    low: float
    count: int
    said: float
    was: float


class Threshold(msgspec.Struct, frozen=True):
    """The least belief in `open` that keeps buds rare among the flowers taken for ready."""

    belief: float
    precision: float
    recall: float
    bud_share: float


def tempered(beliefs: Floats, temperature: float) -> Floats:
    """Return beliefs (N, 3) made milder by a temperature above 1, bolder below (Guo et al. 2017, section 4.2)."""
    logits = np.log(np.maximum(beliefs, LEAST_BELIEF)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: Floats = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def fit_temperature(beliefs: Floats, stages: Stages) -> float:
    """Return the temperature that makes the true `stages` (N,) likeliest; flowers that are none (-1) are left out.

    Raises ValueError without any flower.
    """
    real = stages >= 0
    if not real.any():
        raise ValueError("no flower to fit the temperature on")
    picked, row = stages[real], np.arange(int(real.sum()))

    def surprise(log_temperature: float) -> float:
        chances = tempered(beliefs[real], float(np.exp(log_temperature)))[row, picked]
        return float(-np.log(np.maximum(chances, LEAST_BELIEF)).mean())

    low, high = (float(np.log(limit)) for limit in TEMPERATURES)
    return float(np.exp(minimize_scalar(surprise, bounds=(low, high), method="bounded").x))


def reliability(said: Floats, true: NDArray[np.bool_], bins: int = 10) -> list[Bin]:
    """Return the filled bins of beliefs `said` (N,) against what was `true` (N,), lowest first."""
    which = np.minimum((said * bins).astype(np.int64), bins - 1)
    found = []
    for number in np.unique(which).tolist():
        inside = which == number
        share = float(true[inside].mean())
        found.append(
            Bin(number / bins, int(inside.sum()), round(float(said[inside].mean()), 4), round(share, 4))
        )
    return found


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean gap between said and true, weighed by count."""
    count = sum(one.count for one in bins)
    return sum(one.count * abs(one.said - one.was) for one in bins) / count if count else 0.0


def threshold_for(said: Floats, stages: Stages, most_buds: float) -> Threshold | None:
    """Return the lowest belief in open (N,) from which on at most a share `most_buds` are buds; None when none is.

    Recall counts the flowers given, not those that the map never held.
    """
    order = np.argsort(-said, kind="stable")
    taken = np.arange(1, len(said) + 1)
    buds = np.cumsum(stages[order] == Stage.BUD) / taken
    is_open = np.cumsum(stages[order] == Stage.OPEN)
    # A threshold takes all flowers of the same belief: only the last of equals may end the list.
    ends = np.append(said[order][1:] < said[order][:-1], True) if len(said) else np.empty(0, np.bool_)
    good = np.flatnonzero((buds <= most_buds) & ends)
    if not len(good):
        return None
    last = int(good[-1])
    return Threshold(
        belief=round(float(said[order[last]]), 4),
        precision=round(float(is_open[last] / taken[last]), 4),
        recall=round(float(is_open[last] / max(1, int((stages == Stage.OPEN).sum()))), 4),
        bud_share=round(float(buds[last]), 4),
    )
