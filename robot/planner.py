"""Which flowers to shoot now, from which nozzle, at which encoder position; and why not the others.

`plan` is pure: same arguments, same plan. Its cost follows the flowers near the nozzles, not the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from operator import itemgetter

import msgspec
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from robot.aim import JetConfig, NozzleBank
from robot.dose import DoseConfig, Treatments, why_not_again
from robot.shots import Blower, Job, Neighbours, ShotChoice, ShotConfig, choose_shot
from robot.types import FlowerKey, FlowerRefusal, Place, PlannedPulse, Reason
from vision.types import Flower, Pose, Side, Stage

LARGEST_PULSE_ID = 2**32 - 1
LARGEST_TICKS = 2**31 - 1


class PlannerConfig(BaseModel):
    """When a flower is ready, and when it is committed to."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    open_threshold: float = Field(
        0.6, gt=0.5, le=1, description="belief in 'open' that makes a flower ready (assumed)"
    )
    bud_threshold: float = Field(
        0.1, gt=0, le=0.5, description="belief in 'bud' that keeps the jet away (chosen on simulated rows)"
    )
    min_views: int = Field(2, ge=1, le=50, description="views before a flower is ready (assumed)")
    max_place_std: float = Field(
        0.010, gt=0, le=0.1, description="std of s and h up to which we aim, m (assumed)"
    )
    commit_distance: float = Field(
        0.10, gt=0, le=1, description="travel before the trigger to commit, m (assumed)"
    )
    min_speed: float = Field(0.01, gt=0, le=1, description="m/s below which nothing is planned (assumed)")


FARTHEST_M = 1000.0
"""A flower beyond this on any axis is a broken number, as NaN is; no greenhouse is as large."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The parts of the robot that planning depends on."""

    banks: Mapping[Side, NozzleBank]
    jet: JetConfig
    dose: DoseConfig
    shot: ShotConfig
    planner: PlannerConfig
    ticks_per_m: int

    @property
    def reach(self) -> float:
        """Return how far along the row a shot and what it must spare lie from the nozzle that fires, m."""
        return 2 * self.jet.radius + self.shot.max_shift + self.shot.max_bud_margin

    def behind(self, speed: float) -> float:
        """Return how far behind the nozzles a flower still counts at `speed` (m/s), m: a train travels, too."""
        return self.reach + speed * self.dose.train().duration_us * 1e-6


class Situation(msgspec.Struct, frozen=True):
    """What is true at the moment of planning; `origin_s` is s at encoder zero.

    `held` names flowers whose pulses were refused again and again, with the reason.
    """

    now: float
    pose: Pose
    origin_s: float
    treatments: Treatments
    jobs: Sequence[Job]
    next_pulse_id: int
    held: Mapping[FlowerKey, Reason] = msgspec.field(default_factory=dict)


class Plan(msgspec.Struct, frozen=True):
    """Pulses to send, their jobs in the same order, and every considered flower that is not shot."""

    pulses: tuple[PlannedPulse, ...] = ()
    jobs: tuple[Job, ...] = ()
    refusals: tuple[FlowerRefusal, ...] = ()


def plan(flowers: Mapping[Side, Sequence[Flower]], situation: Situation, machine: Machine) -> Plan:
    """Return what to do now. Never plans for a bud, twice for one flower, or a trigger not finite."""
    pose = situation.pose
    numbers = (pose.s, pose.velocity, situation.origin_s, situation.now)
    if not all(map(isfinite, numbers)) or abs(pose.velocity) < machine.planner.min_speed:
        return Plan()
    whole = Plan()
    for side in machine.banks:
        part = _plan_side(side, flowers.get(side, ()), situation, machine, whole)
        whole = Plan(whole.pulses + part.pulses, whole.jobs + part.jobs, whole.refusals + part.refusals)
    return whole


def _plan_side(
    side: Side, flowers: Sequence[Flower], situation: Situation, machine: Machine, before: Plan
) -> Plan:
    pose, bank = situation.pose, machine.banks[side]
    blower = Blower(bank, machine.jet, machine.dose.train(), machine.shot, pose.s, pose.velocity)
    near = _near(flowers, blower, machine)
    keys: list[FlowerKey] = [(side, flower.flower_id) for flower in near]
    in_view = frozenset(keys)
    reasons = [
        _reason(key, flower, in_view, situation, machine) for key, flower in zip(keys, near, strict=True)
    ]
    neighbours: Neighbours | None = None
    pulses: list[PlannedPulse] = []
    jobs: list[Job] = []
    refused: dict[int, Reason] = {}
    shot = {index for index, key in enumerate(keys) if situation.treatments.of_flower(key)}
    for index, flower in enumerate(near):
        if index in shot:
            continue
        answer = reasons[index]
        if answer is None and _due(flower, blower, machine.planner):
            # Few plans come to a shot: what surrounds the flowers is drawn up for those alone.
            neighbours = neighbours or _neighbours(near, reasons, machine)
            pulse_id = situation.next_pulse_id + len(before.pulses) + len(pulses)
            choice = choose_shot(neighbours, index, [*situation.jobs, *before.jobs, *jobs], blower, pulse_id)
            pulse = _pulse(side, near, choice, blower, situation=situation, machine=machine)
            if isinstance(choice, ShotChoice) and pulse is not None:
                pulses.append(pulse)
                jobs.append(choice.job)
                shot.update(choice.covered)
                neighbours.ready[list(choice.covered)] = False
                neighbours.spare[list(choice.covered)] = True
            answer = choice if isinstance(choice, Reason) else None
        if answer is not None:
            refused[index] = answer
    refusals = (
        FlowerRefusal(side, near[i].flower_id, reason) for i, reason in refused.items() if i not in shot
    )
    return Plan(tuple(pulses), tuple(jobs), tuple(refusals))


def readiness(flower: Flower, config: PlannerConfig) -> Reason | None:
    """Return why the flower must not be aimed at for what or where it is, or None when it is ready."""
    belief = flower.belief.tolist()
    if not all(map(isfinite, belief)):
        return Reason.UNSURE
    is_open, bud = belief[Stage.OPEN], belief[Stage.BUD]
    if is_open < config.open_threshold:
        return Reason.NOT_READY if max(belief) >= config.open_threshold else Reason.UNSURE
    if bud >= config.bud_threshold or flower.views < config.min_views:
        return Reason.UNSURE
    if not flower.place_known or not _place_std(flower) <= config.max_place_std:
        return Reason.PLACE_UNSURE
    return None


def _place_std(flower: Flower) -> float:
    """Return the larger std of s and h (m); inf when the covariance makes no sense."""
    in_s, in_h = flower.covariance.item(0, 0), flower.covariance.item(1, 1)
    if not isfinite(in_s) or not isfinite(in_h):
        return inf
    variance: float = max(in_s, in_h)
    return variance**0.5 if variance >= 0 else inf


def _near(flowers: Sequence[Flower], blower: Blower, machine: Machine) -> list[Flower]:
    """Return the flowers that a shot committed now could meet, in the order the nozzles meet them."""
    travel = abs(blower.velocity) * blower.train.duration_us * 1e-6
    ahead = machine.planner.commit_distance + 2 * travel + machine.reach
    behind = -machine.behind(abs(blower.velocity))
    offset, direction = blower.bank.s_offset, blower.direction
    found: list[tuple[float, int, Flower]] = []
    for flower in flowers:
        s, h, d = flower.position.tolist()
        to_go = (s - offset - blower.s) * direction
        if behind <= to_go <= ahead and abs(s) < FARTHEST_M and abs(h) < FARTHEST_M and abs(d) < FARTHEST_M:
            found.append((to_go, flower.flower_id, flower))
    found.sort(key=itemgetter(0, 1))
    return [flower for _, _, flower in found]


def _reason(
    key: FlowerKey, flower: Flower, in_view: frozenset[FlowerKey], situation: Situation, machine: Machine
) -> Reason | None:
    reason = readiness(flower, machine.planner)
    if reason is not None:
        return reason
    distance = float(flower.position[2]) - machine.banks[key[0]].d_mouth
    if not machine.jet.nearest <= distance <= machine.jet.farthest:
        return Reason.OUT_OF_REACH
    again = why_not_again(
        situation.treatments, key, place_of(flower), in_view=in_view, now=situation.now, config=machine.dose
    )
    return again or situation.held.get(key)


def place_of(flower: Flower) -> Place:
    """Return the flower's place as plain numbers."""
    s, h, d = flower.position.tolist()
    return s, h, d


def _neighbours(near: Sequence[Flower], reasons: Sequence[Reason | None], machine: Machine) -> Neighbours:
    again = {Reason.TREATED_RECENTLY, Reason.DAILY_CAP}
    spare = [
        reason in again or flower.belief.item(Stage.SPENT) >= 0.5
        for flower, reason in zip(near, reasons, strict=True)
    ]
    return Neighbours(
        places=np.array([flower.position.tolist() for flower in near], dtype=np.float64).reshape(-1, 3),
        clearance=np.array([_clearance(flower, machine) for flower in near], dtype=np.float64),
        ready=np.array([reason is None for reason in reasons], dtype=np.bool_),
        spare=np.array(spare, dtype=np.bool_),
    )


def _clearance(flower: Flower, machine: Machine) -> float:
    """Return what the jet's edge keeps from this flower; a belief that is not a number may be a bud."""
    if flower.belief.item(Stage.BUD) < machine.planner.bud_threshold:
        return 0.0
    config = machine.shot
    return max(min(config.bud_margin + _place_std(flower), config.max_bud_margin), 1e-6)


def _due(flower: Flower, blower: Blower, config: PlannerConfig) -> bool:
    """Tell whether the flower's trigger is so near that waiting longer gains nothing."""
    s, _, d = flower.position.tolist()
    distance = d - blower.bank.d_mouth
    return blower.travel_to(blower.job(0, 0, s, distance)) <= config.commit_distance


def _pulse(
    side: Side,
    near: Sequence[Flower],
    choice: ShotChoice | Reason,
    blower: Blower,
    *,
    situation: Situation,
    machine: Machine,
) -> PlannedPulse | None:
    """Return the pulse, or None when there is no choice, or its trigger or id does not fit the wire."""
    if isinstance(choice, Reason):
        return None
    ticks = round((choice.job.start_s - situation.origin_s) * machine.ticks_per_m)
    if abs(ticks) > LARGEST_TICKS or not 0 < choice.job.pulse_id <= LARGEST_PULSE_ID:
        return None
    covered = [near[index] for index in choice.covered]
    return PlannedPulse(
        pulse_id=choice.job.pulse_id,
        side=side,
        nozzle=choice.job.nozzle,
        trigger_ticks=ticks,
        direction=blower.direction,
        train=blower.train,
        aim=(choice.aim_s, choice.aim_h, float(covered[0].position[2])),
        flower_ids=tuple(flower.flower_id for flower in covered),
        places=tuple(place_of(flower) for flower in covered),
    )
