"""Do the pictures look like those that the detector was trained on? Compares colours and scores with its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vision.types import Detections

Floats = NDArray[np.float64]

SAMPLE_STEP = 8
LEAST_CHANNEL_STD, LEAST_CAST_STD, LEAST_SCORE_STD = 3.0, 0.03, 0.02
"""Training on one row alone would make its card narrower than any other row of the same house."""

CHANNELS = ("blue", "green", "red")
CASTS = ("blue against green", "red against green")


class DomainConfig(BaseModel):
    """When pictures count as unlike those of training."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    frames: int = Field(90, ge=5, le=10_000, description="frames that are averaged; 90 is 6 s (assumed)")
    sigmas: float = Field(
        3.0, gt=0.5, le=20, description="standard deviations from the model card's pictures (assumed)"
    )


@dataclass(frozen=True, slots=True)
class Domain:
    """Mean and spread, from picture to picture, of what a model was trained on; None for what its card lacks.

    `channels`: blue, green, red; `casts`: log of blue and of red over green; `score`: mean of a picture's scores.
    """

    channels: tuple[Floats, Floats] | None
    casts: tuple[Floats, Floats] | None
    score: tuple[float, float] | None


def domain_of(card: object) -> Domain:
    """Read what a model card tells of its training; whatever is missing or no numbers is left out."""
    channels: object = getattr(card, "channels", None)
    score = _pair(getattr(card, "confidence", None), "mean", "std", 1)
    return Domain(
        _pair(channels, "mean_bgr", "std_bgr", 3),
        _pair(channels, "mean_casts", "std_casts", 2),
        None if score is None else (float(score[0][0]), float(score[1][0])),
    )


def _pair(told: object, mean: str, std: str, size: int) -> tuple[Floats, Floats] | None:
    if not isinstance(told, Mapping):
        return None
    try:
        values = [np.asarray(told[key], np.float64).reshape(size) for key in (mean, std)]
    except (KeyError, TypeError, ValueError):
        return None
    return (values[0], values[1]) if np.isfinite(values).all() else None


def casts_of(mean_bgr: Floats) -> Floats:
    """Return log(blue / green) and log(red / green) of mean colours (..., 3): light's colour, not its strength."""
    log = np.log(np.maximum(mean_bgr, 1.0))
    return np.asarray(np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1]], axis=-1))


class DomainWatch:
    """One camera's running means, held against the model's domain."""

    def __init__(self, domain: Domain, config: DomainConfig) -> None:
        self._domain, self._config = domain, config
        self._frames = self._scored = 0
        self._colour: Floats = np.zeros(3)
        self._cast: Floats = np.zeros(2)
        self._score = 0.0

    def see(self, image: NDArray[np.uint8], detections: Detections) -> None:
        """Take in a usable frame, BGR (H, W, 3), and what was detected in it."""
        colour = image[::SAMPLE_STEP, ::SAMPLE_STEP].reshape(-1, 3).mean(axis=0, dtype=np.float64)
        self._frames += 1
        weight = 1.0 / min(self._frames, self._config.frames)
        self._colour = self._colour + weight * (colour - self._colour)
        self._cast = self._cast + weight * (casts_of(colour) - self._cast)
        if len(detections):
            self._scored += 1
            score = float(detections.scores.mean(dtype=np.float64))
            self._score += (score - self._score) / min(self._scored, self._config.frames)

    @property
    def text(self) -> str:
        """What is unlike training, in words; '' while all is well or too little was seen."""
        most = self._config.sigmas
        if self._frames < self._config.frames:
            return ""
        found = [text for z, text in self._distances() if abs(z) > most]
        return "; ".join(found)

    def _distances(self) -> list[tuple[float, str]]:
        """Return standard deviations and words, for all that the card tells."""
        domain, found = self._domain, []
        if domain.channels is not None:
            found += _named(self._colour, domain.channels, LEAST_CHANNEL_STD, CHANNELS)
        if domain.casts is not None:
            found += _named(self._cast, domain.casts, LEAST_CAST_STD, CASTS)
        if domain.score is not None and self._scored >= self._config.frames:
            mean, std = domain.score
            z = (self._score - mean) / max(std, LEAST_SCORE_STD)
            found.append((z, f"scores {self._score:.2f}, in training {mean:.2f}"))
        return found


def _named(
    seen: Floats, told: tuple[Floats, Floats], least_std: float, names: tuple[str, ...]
) -> list[tuple[float, str]]:
    z = (seen - told[0]) / np.maximum(told[1], least_std)
    return [
        (float(value), f"{'more' if value > 0 else 'less'} {name} by {abs(value):.1f} standard deviations")
        for value, name in zip(z, names, strict=True)
    ]


def card_statistics(pictures_bgr: Floats, scores: Floats | None = None) -> dict[str, Any]:
    """Return what a card says of its training pictures' mean colours (N, 3) and mean scores (M,)."""
    casts = casts_of(pictures_bgr)
    channels = {
        "mean_bgr": _rounded(pictures_bgr.mean(axis=0), 1),
        "std_bgr": _rounded(pictures_bgr.std(axis=0), 1),
        "mean_casts": _rounded(casts.mean(axis=0), 3),
        "std_casts": _rounded(casts.std(axis=0), 3),
    }
    if scores is None or not len(scores):
        return {"channels": channels}
    confidence = {"mean": round(float(scores.mean()), 3), "std": round(float(scores.std()), 3)}
    return {"channels": channels, "confidence": confidence}


def _rounded(values: Floats, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]
