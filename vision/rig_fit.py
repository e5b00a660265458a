"""How a camera is mounted and how late its time stamps are, from landmarks that a moving cart drives past.

A bundle adjustment: every landmark stands still at an unknown place, and the camera's latency, read-out, place
and turn are what makes all its sightings agree. What a drive cannot tell stays as it was, and is said to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vision.calibration import CameraModel
from vision.lens_fit import CalibrationError
from vision.rig_problem import FIRST_NOISE_PX, NAMES, Floats, Known, Problem, Sighting, Track, smoothed

TOLD_STD: Final[Mapping[str, float]] = {
    "latency_s": 0.005,
    "readout_s": 0.003,
    "s_offset": 0.005,
    "h": 0.01,
    "d": 0.01,
    "yaw": 0.01,
    "pitch": 0.02,
    "roll": 0.01,
}
"""A parameter is told when its standard error is at most this; else the machine file's value stays."""

LEAST_LANDMARKS = 3
LEAST_SIGHTINGS = 6
LEAST_TRAVEL_M = 0.1
"""A landmark must be seen from places at least this far apart."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One parameter before and after; `told` is false where the drive says nothing of it."""

    name: str
    before: float
    value: float
    std: float
    told: bool


@dataclass(frozen=True, slots=True)
class LandmarkError:
    """How far a landmark's sightings are off, where it stands, and how far that is from its measured place."""

    name: str
    sightings: int
    rms_px: float
    place: tuple[float, float, float]
    misplaced_m: float | None


@dataclass(frozen=True, slots=True)
class RigFit:
    """The mount; `rms_px` over all sightings, `noise_px` the usual error of one coordinate."""

    estimates: tuple[Estimate, ...]
    landmarks: tuple[LandmarkError, ...]
    rms_px: float
    noise_px: float

    @property
    def told(self) -> dict[str, float]:
        """The values that the drive told; no shutter reads backwards."""
        return {
            one.name: max(one.value, 0.0) if one.name == "readout_s" else one.value
            for one in self.estimates
            if one.told
        }


def fit_rig(
    sightings: Sequence[Sighting],
    track: Track,
    camera: CameraModel,
    known: Known | None = None,
    known_std: float = 0.003,
) -> RigFit:
    """Return the camera's mount and timing; `known_std` (m) is how well the known places were measured.

    Raises CalibrationError.
    """
    names, chosen = _enough(sightings, track)
    problem = Problem.of(names, chosen, smoothed(track), camera, known or {}, known_std)
    parameters, places, noise = problem.solve(*problem.start(), FIRST_NOISE_PX)
    formal = np.sqrt(
        np.maximum(np.diagonal(np.linalg.inv(problem.information(parameters, places, noise))), 0.0)
    )
    std = np.maximum(formal, problem.spread(parameters, places, noise))
    before = problem.before
    estimates = tuple(
        Estimate(name, float(before[i]), float(parameters[i]), float(std[i]), bool(std[i] <= TOLD_STD[name]))
        for i, name in enumerate(NAMES)
    )
    error = problem.errors(parameters, places)
    square = np.square(error).sum(axis=1)
    landmarks = tuple(_landmark(problem, places, square, i) for i in range(len(names)))
    return RigFit(estimates, landmarks, float(np.sqrt(square.mean())), noise)


def _landmark(problem: Problem, places: Floats, square: Floats, index: int) -> LandmarkError:
    mine = square[problem.which == index]
    anchored = problem.anchor_weight[index] > 0
    away = (places[index] - problem.anchors[index])[anchored]
    s, h, d = (float(x) for x in places[index])
    return LandmarkError(
        problem.names[index],
        len(mine),
        float(np.sqrt(mine.mean())),
        (s, h, d),
        float(np.sqrt(np.square(away).sum())) if anchored.any() else None,
    )


def _enough(sightings: Sequence[Sighting], track: Track) -> tuple[list[str], list[Sighting]]:
    """Return the landmarks seen often enough from places far enough apart, and their sightings."""
    if len(track.t) < 2:
        raise CalibrationError("the recording holds no travel: record a drive past the landmarks")
    seen: dict[str, list[Sighting]] = {}
    for one in sightings:
        if track.t[0] <= one.t <= track.t[-1]:
            seen.setdefault(one.landmark, []).append(one)
    good = {
        name: all_of
        for name, all_of in seen.items()
        if len(all_of) >= LEAST_SIGHTINGS
        and np.ptp(track.at(np.array([one.t for one in all_of]))) >= LEAST_TRAVEL_M
    }
    if len(good) < LEAST_LANDMARKS:
        raise CalibrationError(
            f"{len(good)} landmarks were seen {LEAST_SIGHTINGS} times along {LEAST_TRAVEL_M:g} m, it takes "
            f"{LEAST_LANDMARKS}: drive past more of them, slowly, in good light"
        )
    return list(good), [one for all_of in good.values() for one in all_of]
