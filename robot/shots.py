"""Lays one train among neighbouring flowers: which nozzle, how far off centre, and what it covers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from robot.aim import JetConfig, NozzleBank, candidate_shifts, jet_distance, opening_offsets, shot_at
from robot.types import Reason, Train

NOZZLES_TRIED = 3


class ShotConfig(BaseModel):
    """How a jet is laid among its neighbours."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    needed_share: float = Field(
        0.5, gt=0, le=1, description="share of a train that must meet a flower (assumed)"
    )
    counted_share: float = Field(
        0.55, gt=0, le=1, description="the same for its neighbours to be done too (assumed)"
    )
    aim_error: float = Field(0.004, gt=0, le=0.05, description="std of the aim, m (assumed)")
    max_shift: float = Field(
        0.016,
        ge=0,
        le=0.05,
        description="most the aim moves off a flower along s, m (chosen on simulated rows)",
    )
    shift_step: float = Field(0.002, ge=0.0005, le=0.01, description="step of that search, m (assumed)")
    bud_margin: float = Field(0.003, ge=0, le=0.05, description="clearance of jet to bud, m (assumed)")
    max_bud_margin: float = Field(
        0.015, ge=0, le=0.1, description="most that a bud of unsure place gets, m (assumed)"
    )
    bud_share: float = Field(
        0.25, ge=0, le=1, description="share of a train that may graze a bud (chosen on simulated rows)"
    )
    spare_weight: float = Field(
        0.8, ge=0, le=1, description="cost of meeting a bud, a treated or a spent flower (assumed)"
    )
    centre_weight: float = Field(
        0.15, ge=0, le=1, description="cost of an aim off the flower's centre (assumed)"
    )
    min_lead_s: float = Field(0.03, ge=0, le=1, description="least time from sending to opening, s (assumed)")
    nozzle_gap_s: float = Field(0.03, ge=0, le=5, description="rest of a nozzle between trains, s (assumed)")
    max_trains: int = Field(6, ge=1, le=64, description="trains that may run at the same moment (assumed)")


class Job(msgspec.Struct, frozen=True):
    """A train sent and not yet over: the cart's s at its first opening and after its last closing."""

    pulse_id: int
    nozzle: int
    start_s: float
    end_s: float


class Blower(msgspec.Struct, frozen=True):
    """One side's nozzles at this moment: cart at `s`, moving at `velocity` (not zero)."""

    bank: NozzleBank
    jet: JetConfig
    train: Train
    config: ShotConfig
    s: float
    velocity: float

    @property
    def direction(self) -> int:
        """+1 along rising s, -1 against it."""
        return 1 if self.velocity > 0 else -1

    def job(self, pulse_id: int, nozzle: int, aim_s: float, distance: float) -> Job:
        """Return the train that meets `aim_s`, `distance` m before the mouth."""
        shot = shot_at(
            self.bank, self.jet, self.train, aim_s=aim_s, distance=distance, velocity=self.velocity
        )
        return Job(pulse_id, nozzle, shot.start_s, shot.end_s)

    def travel_to(self, job: Job) -> float:
        """Return how far (m) the cart still rolls to the first opening; negative when it is past."""
        return (job.start_s - self.s) * self.direction


class Neighbours(msgspec.Struct, frozen=True):
    """N flowers around the nozzles as arrays.

    `clearance` is what the jet's edge keeps from each bud, 0 for flowers that it may meet; `spare`
    marks those it had better miss (treated, spent).
    """

    places: NDArray[np.float64]
    clearance: NDArray[np.float64]
    ready: NDArray[np.bool_]
    spare: NDArray[np.bool_]


class ShotChoice(msgspec.Struct, frozen=True):
    """A train for one flower: the aim, its job and the neighbours in the heart of the jet, target first."""

    job: Job
    aim_s: float
    aim_h: float
    covered: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Aims:
    """C possible aims and the expected share (C, N) of the train that meets each flower."""

    nozzles: list[int]
    s: NDArray[np.float64]
    share: NDArray[np.float64]
    off_centre: NDArray[np.float64]
    """(C,) distance of the aim from the target, in radii of the jet there."""
    bud_share: NDArray[np.float64]
    """(C, N) expected share of the train that comes nearer to a bud than its clearance; 0 for the others."""


def choose_shot(
    near: Neighbours, target: int, jobs: Sequence[Job], blower: Blower, pulse_id: int
) -> ShotChoice | Reason:
    """Return the train that meets flower `target` and most ready neighbours, clear of buds; or why there is none."""
    aims = _aims(near, target, blower)
    allowed = aims.share[:, target] >= blower.config.needed_share
    if not allowed.any():
        return Reason.OUT_OF_REACH
    allowed &= (aims.bud_share <= blower.config.bud_share).all(axis=1)
    if not allowed.any():
        return Reason.BUD_IN_JET
    verdict: Reason | None = None
    for choice in _best_first(near, aims, target, blower.config, allowed):
        nozzle, aim_s = aims.nozzles[choice], float(aims.s[choice])
        distance = float(near.places[target, 2]) - blower.bank.d_mouth
        job = blower.job(pulse_id, nozzle, aim_s, distance)
        refusal = _why_not(job, jobs, blower)
        if refusal is None:
            covered = _covered(near, aims.share[choice], target, blower.config)
            return ShotChoice(job, aim_s, blower.bank.height(nozzle), covered)
        verdict = verdict or refusal
    return verdict or Reason.PASSED


def _aims(near: Neighbours, target: int, blower: Blower) -> _Aims:
    config, bank = blower.config, blower.bank
    target_s, target_h = float(near.places[target, 0]), float(near.places[target, 1])
    shifts = candidate_shifts(config.shift_step, config.max_shift)
    nozzles = bank.nearest(target_h, NOZZLES_TRIED)
    pairs = [(nozzle, target_s + shift) for shift in shifts for nozzle in nozzles]
    s = np.array([aim_s for _, aim_s in pairs])
    h = np.array([bank.height(nozzle) for nozzle, _ in pairs])
    away = jet_distance(near.places, s, h, opening_offsets(blower.velocity, blower.train))
    radius = blower.jet.radius_at(near.places[:, 2] - bank.d_mouth)
    grazed = _share_inside((radius + near.clearance)[None, :, None] - away, config.aim_error)
    return _Aims(
        nozzles=[nozzle for nozzle, _ in pairs],
        s=s,
        share=_share_inside(radius[None, :, None] - away, config.aim_error),
        off_centre=np.hypot(s - target_s, h - target_h) / radius[target],
        bud_share=np.where(near.clearance > 0, grazed, 0.0),
    )


def _share_inside(depth: NDArray[np.float64], aim_error: float) -> NDArray[np.float64]:
    """Return the expected share (C, N) of openings whose footprint holds a flower `depth` (C, N, K) m inside it.

    Linear in the depth: 1 well inside, 0 well outside, by the aim's error.
    """
    share: NDArray[np.float64] = np.clip(0.5 + 0.5 * depth / aim_error, 0.0, 1.0).mean(axis=2)
    return share


def _best_first(
    near: Neighbours, aims: _Aims, target: int, config: ShotConfig, allowed: NDArray[np.bool_]
) -> Iterator[int]:
    """Yield the allowed aims, most ready flowers met first; equals in order of the smallest shift."""
    done = near.ready[None, :] & (aims.share >= config.counted_share)
    done[:, target] = True
    gain = np.where(done, aims.share, 0.0).sum(axis=1)
    met_in_vain = np.where(near.spare[None, :], aims.share, 0.0) + aims.bud_share
    cost = met_in_vain.sum(axis=1) * config.spare_weight
    off_centre = config.centre_weight * np.square(aims.off_centre)
    worth = np.where(allowed, np.round(gain - cost - off_centre, 9), -np.inf)
    for choice in np.argsort(-worth, kind="stable")[: int(allowed.sum())]:
        yield int(choice)


def _why_not(job: Job, jobs: Sequence[Job], blower: Blower) -> Reason | None:
    config = blower.config
    if blower.travel_to(job) < abs(blower.velocity) * config.min_lead_s:
        return Reason.PASSED
    low, high = sorted((job.start_s, job.end_s))
    gap = abs(blower.velocity) * config.nozzle_gap_s
    at_once = 0
    for other in jobs:
        other_low, other_high = sorted((other.start_s, other.end_s))
        if other.nozzle == job.nozzle and low <= other_high + gap and other_low <= high + gap:
            return Reason.NOZZLE_BUSY
        at_once += low <= other_high and other_low <= high
    return Reason.OVER_AIR_BUDGET if at_once >= config.max_trains else None


def _covered(
    near: Neighbours, share: NDArray[np.float64], target: int, config: ShotConfig
) -> tuple[int, ...]:
    """Return the flowers that get the train, ready or not: air asks nobody. The target comes first."""
    met = np.flatnonzero(share >= config.counted_share)
    return (target, *(int(index) for index in met if index != target))
