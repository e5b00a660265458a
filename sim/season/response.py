"""What one pass of the robot does to each open flower: measured in lock-step by `bombus measure robot`."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

import sim
from robot.config import ConfigError

Floats = NDArray[np.float64]
SHIPPED = Path(sim.__path__[0]) / "season" / "measured" / "robot.json"
FEATURES = (
    "one",
    "height",
    "height squared",
    "depth",
    "depth squared",
    "bud beside it",
    "bud two flowers on",
    "crowd",
)
CENTRE_H_M, SCALE_H_M = 1.6, 0.1
CENTRE_D_M, SCALE_D_M = 0.44, 0.05
TYPICAL_CROWD = 3.0
"""Open flowers on one truss, about; the feature counts from here."""


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Logistic model of being treated in one pass, and what treated flowers and pulses are like."""

    measured_by: str
    """The command, its machine file and scenario."""
    weights: list[float]
    """One for each of FEATURES, for flowers that are not hidden."""
    hidden: float
    """Share of flowers that no pass reaches, day after day: behind leaves, inside the truss."""
    doses: list[float]
    """Deciles of the dose that a treated flower gets, least first."""
    pulses_per_treated: float
    bud_hits_per_pulse: float
    air_nl_per_pulse: float
    flowers: int
    passes: int
    coverage: float
    held_out_flowers: int
    held_out_coverage: float
    """What rows showed that the model was not fitted to, and below what it says of them."""
    held_out_predicted: float


def features(height_m: Floats, depth_m: Floats, steps_to_bud: NDArray[np.int8], crowd: Floats) -> Floats:
    """Return (N, len(FEATURES)) of flowers: where they hang, how near a bud is, how many are open on the truss."""
    h = (height_m - CENTRE_H_M) / SCALE_H_M
    d = (depth_m - CENTRE_D_M) / SCALE_D_M
    one = np.ones_like(h)
    near = (steps_to_bud == 1).astype(np.float64)
    next_but_one = (steps_to_bud == 2).astype(np.float64)
    return np.stack([one, h, h * h, d, d * d, near, next_but_one, crowd - TYPICAL_CROWD], axis=1)


def chances(weights: Floats, rows: Floats) -> Floats:
    """Return (N,) the logistic chances of feature rows (N, F)."""
    found: Floats = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30.0, 30.0)))
    return found


def load_response(path: Path = SHIPPED) -> Response:
    """Read a measured response; raises ConfigError in one line."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Response)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); measure one with: bombus measure robot"
        ) from error
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"{path}: no measured response ({error}); measure one with: bombus measure robot"
        ) from error
    shares = (found.hidden, found.coverage, found.held_out_coverage)
    numbers = np.array([*found.weights, *found.doses, *shares])
    if len(found.weights) != len(FEATURES) or not found.doses or not np.isfinite(numbers).all():
        raise ConfigError(
            f"{path}: weights = {len(found.weights)} numbers, {len(FEATURES)} are needed, all finite; "
            "measure it anew with: bombus measure robot"
        )
    if not all(0.0 <= share <= 1.0 for share in shares) or min(found.doses) < 0.0:
        raise ConfigError(f"{path}: a share is outside 0..1; measure it anew with: bombus measure robot")
    return found
