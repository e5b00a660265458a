"""Looks over the robot's shoulder: which true flower each detection was, hence who was counted twice or mixed up.

A Recorder that passes every step on to the real one. Its figures are the map's own: stages do not matter here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from firmware_bridge.events import PulseOutcome
from robot.sight import Sight
from robot.types import FlowerKey, PlannedPulse, Recorder, StepRecord
from sim.airjet import TrainEffect
from sim.score import Percentiles
from sim.truth import TrueFlowers
from sim.world import World
from vision.calibration import CameraModel
from vision.types import Detections, Side

VIEW_REACH_M = 0.7
FARTHEST = 0.8
"""A detection is a flower's when its middle is within so many of the flower's radii, and SLACK_PX."""
SLACK_PX = 3.0
FAR_OUT_PX = -1e6
"""Where a flower is put that the lens cannot see."""
HIDDEN_COST = 0.5
"""A flower whose middle another one covers is the less likely owner of a box there."""

SEEN_OFTEN = 10
"""True flowers detected fewer times than this are not asked about."""
A_TRACK = 3
"""Detections that make a map flower one of a true flower's names."""
MIXED_SHARE = 0.7
SAME_TRAIN_S = 0.1


class Identity(msgspec.Struct, frozen=True):
    """How well the map told flowers apart, over flowers of known place.

    `seen`: true flowers detected 10 times or more; `counted`: those the map knows; `twice`: by more than
    one name; `kept`: share counted once; `mixed`: names that stand for several flowers; `ghosts`: for none.
    """

    seen: int
    counted: int
    twice: int
    kept: float | None
    mixed: int
    ghosts: int


class Witness:
    """Watches one row. `sights` is given to it once the loop is built."""

    def __init__(
        self,
        world: World,
        truths: Mapping[Side, TrueFlowers],
        cameras: Mapping[Side, CameraModel],
        place_at: Callable[[float], float],
        inner: Recorder,
    ) -> None:
        self._radii = {side: world.side(side).radii for side in truths}
        self._truths, self._cameras, self._place_at, self._inner = truths, cameras, place_at, inner
        self.sights: Mapping[Side, Sight] = {}
        self._owners: defaultdict[FlowerKey, Counter[int]] = defaultdict(Counter)
        self._known: dict[Side, set[int]] = {side: set() for side in truths}
        self._kept: dict[FlowerKey, FlowerKey] = {}
        self._pulses: dict[int, PlannedPulse] = {}
        self._outcomes: list[PulseOutcome] = []

    @property
    def problem(self) -> str:
        """What keeps the real recorder from keeping."""
        return self._inner.problem

    def close(self) -> None:
        """Close the real recorder."""
        self._inner.close()

    def record_step(self, record: StepRecord) -> None:
        """Look at a step and pass it on."""
        for side, found in record.detections.items():
            placed = self.sights[side].placed
            if not isinstance(found, Detections) or placed is None or placed.seq != record.frames[side].seq:
                continue
            for gone, kept in placed.merges:
                self._kept[side, gone] = (side, kept)
            owners = self._owners_of(side, found, record.frames[side].t_capture)
            for flower, owner in zip(placed.ids.tolist(), owners, strict=True):
                if flower >= 0:
                    self._owners[side, flower][owner] += 1
            self._note_known(side, record.frames[side].t_capture)
        self._pulses.update((pulse.pulse_id, pulse) for pulse in record.pulses)
        self._outcomes += [event for event in record.events if isinstance(event, PulseOutcome)]
        self._inner.record_step(record)

    def owners(self) -> Mapping[FlowerKey, Counter[int]]:
        """Return for each map flower how often it was which true flower of its side, -1 for none."""
        owners: defaultdict[FlowerKey, Counter[int]] = defaultdict(Counter)
        for key, counts in self._owners.items():
            owners[self._name(key)].update(counts)
        return owners

    def identity(self) -> Identity:
        """Return what became of who is who."""
        owners = self.owners()
        known = {self._name((side, flower)) for side, ids in self._known.items() for flower in ids}
        seen: Counter[tuple[Side, int]] = Counter()
        names: defaultdict[tuple[Side, int], int] = defaultdict(int)
        mixed = ghosts = 0
        for (side, flower), counts in owners.items():
            for owner, count in counts.items():
                seen[side, owner] += count if owner >= 0 else 0
            owner, count = counts.most_common(1)[0]
            if (side, flower) not in known or counts.total() < A_TRACK:
                continue
            if owner < 0:
                ghosts += 1
                continue
            names[side, owner] += 1
            mixed += count < MIXED_SHARE * (counts.total() - counts[-1])
        often = {owner for owner, count in seen.items() if count >= SEEN_OFTEN}
        counted = [count for owner, count in names.items() if owner in often]
        twice = sum(count > 1 for count in counted)
        kept = round(1.0 - twice / len(counted), 4) if counted else None
        return Identity(len(often), len(counted), twice, kept, mixed, ghosts)

    def aim_point_error_mm(self, trains: Iterable[TrainEffect]) -> Percentiles:
        """Return how far jets missed the points that they were aimed at, mm.

        The plan aims off a flower's middle on purpose, for the nozzles stand apart and neighbours are to be spared;
        that is taken off here, so what is left is the place, the sway, the clock and the valve.
        """
        by_nozzle: defaultdict[int, list[TrainEffect]] = defaultdict(list)
        for train in trains:
            by_nozzle[train.nozzle].append(train)
        errors: list[float] = []
        for outcome in self._outcomes:
            pulse = self._pulses.get(outcome.pulse_id)
            met = None if pulse is None else _train_of(outcome, by_nozzle[pulse.nozzle])
            if pulse is not None and met is not None:
                error = self._missed_by(pulse, met)
                errors += [] if error is None else [1000.0 * error]
        return Percentiles.of(errors)

    def _missed_by(self, pulse: PlannedPulse, train: TrainEffect) -> float | None:
        key = self._name((pulse.side, pulse.flower_ids[0]))
        counts: Counter[int] = Counter()
        for name, owners in self._owners.items():
            if self._name(name) == key:
                counts.update(owners)
        owner = counts.most_common(1)[0][0] if counts else -1
        if owner < 0:
            return None
        t, s, h = train.middle()
        true_s, true_h, _ = self._truths[pulse.side].positions(np.array([owner]), t)[0].tolist()
        meant_s, meant_h = pulse.aim[0] - pulse.places[0][0], pulse.aim[1] - pulse.places[0][1]
        return float(np.hypot(s - true_s - meant_s, h - true_h - meant_h))

    def _name(self, key: FlowerKey) -> FlowerKey:
        while key in self._kept:
            key = self._kept[key]
        return key

    def _note_known(self, side: Side, t: float) -> None:
        middle = self._place_at(t) + self._cameras[side].s_offset
        around = self.sights[side].flowers(middle - VIEW_REACH_M, middle + VIEW_REACH_M)
        self._known[side].update([flower.flower_id for flower in around if flower.place_known])

    def _owners_of(self, side: Side, found: Detections, t: float) -> Sequence[int]:
        """Return the true flower of each detection (N,), -1 for none."""
        truth, camera, cart_s = self._truths[side], self._cameras[side], self._place_at(t)
        near = truth.near(cart_s + camera.s_offset, VIEW_REACH_M)
        owners = [-1] * len(found)
        if not len(found) or not len(near):
            return owners
        places = truth.positions(near, t)
        pixels = camera.project(places, cart_s)
        pixels[np.isnan(pixels)] = FAR_OUT_PX
        radius = camera.fx * self._radii[side][near] / np.maximum(places[:, 2] - camera.d, 0.05)
        boxes = found.boxes.astype(np.float64)
        centres = 0.5 * (boxes[:, :2] + boxes[:, 2:])
        away = np.hypot(*(centres[:, None, axis] - pixels[None, :, axis] for axis in (0, 1)))
        cost = away / radius + HIDDEN_COST * _covered(pixels, radius, places[:, 2])
        outside = away > FARTHEST * radius + SLACK_PX
        cost[outside] = 1e3
        rows, columns = linear_sum_assignment(cost)
        his = ~outside[rows, columns]
        for row, owner in zip(rows[his].tolist(), near[columns[his]].tolist(), strict=True):
            owners[row] = owner
        return owners


def _covered(
    pixels: NDArray[np.float64], radius: NDArray[np.float64], depth: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether another flower (N,) stands before the middle of each."""
    x, y = (pixels[:, None, axis] - pixels[None, :, axis] for axis in (0, 1))
    before = (x * x + y * y < np.square(FARTHEST * radius)) & (depth < depth[:, None])
    return np.asarray(before.any(axis=1), np.bool_)


def _train_of(outcome: PulseOutcome, trains: Sequence[TrainEffect]) -> TrainEffect | None:
    """Return the train that an outcome tells of: what this nozzle blew at that time."""
    if outcome.opened_at is None or not trains:
        return None
    opened = outcome.opened_at
    nearest = min(trains, key=lambda train: abs(train.t_first - opened))
    return nearest if abs(nearest.t_first - opened) < SAME_TRAIN_S else None
