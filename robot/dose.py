"""How much air a flower gets, and how soon again. Treatments are remembered by place, not by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import dist, floor, isfinite

from pydantic import BaseModel, ConfigDict, Field

from robot.types import FlowerKey, Place, Reason, Train
from vision.types import Side

BIN_M = 0.05
DAY_S = 86_400.0


class DoseConfig(BaseModel):
    """The pulse train and the rules of repetition."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    openings: int = Field(3, ge=1, le=24, description="openings in a train (assumed)")
    frequency_hz: float = Field(
        24.0, ge=2, le=50, description="best published: 24 Hz, Jiangsu Univ. j-csam 2024s133"
    )
    on_ms: float = Field(15.0, ge=2, le=50, description="length of one opening (assumed)")
    min_interval_h: float = Field(
        18.0, ge=0, le=240, description="rest between treatments of a flower (assumed)"
    )
    daily_cap: int = Field(
        2, ge=1, le=20, description="trains for one flower in 24 h (assumed; LSU: too many abort it)"
    )
    same_place_m: float = Field(
        0.015, ge=0, le=0.1, description="a flower this near is the treated one (assumed)"
    )
    same_flower_m: float = Field(
        0.006, ge=0, le=0.1, description="the same, while both are in view apart (assumed)"
    )

    def train(self) -> Train:
        """Return the train every ready flower gets."""
        return Train(round(self.on_ms * 1000), round(1e6 / self.frequency_hz), self.openings)


@dataclass(frozen=True, slots=True)
class Treatment:
    """One flower's place met by one pulse at loop time `t` (s; negative for earlier runs).

    `flower` names it while its track lives in this run; None for treatments of earlier runs, which
    `recognised` names once robot/recognition.py has found the flower again. `origin` is the place as it was
    remembered, where `place` has been moved since.
    """

    side: Side
    place: Place
    t: float
    pulse_id: int
    flower: FlowerKey | None = None
    recognised: FlowerKey | None = None
    origin: Place | None = None


class Treatments:
    """Treated places of one row, found by place at a cost that does not grow with the row."""

    def __init__(self, treatments: Iterable[Treatment] = ()) -> None:
        self._bins: defaultdict[tuple[Side, int], list[Treatment]] = defaultdict(list)
        self._by_pulse: defaultdict[int, list[Treatment]] = defaultdict(list)
        self._flowers: defaultdict[FlowerKey, list[Treatment]] = defaultdict(list)
        for treatment in treatments:
            self.add(treatment)

    def __len__(self) -> int:
        return sum(len(found) for found in self._by_pulse.values())

    def add(self, treatment: Treatment) -> None:
        """Remember one; a place that is not finite is remembered by its flower only."""
        self._by_pulse[treatment.pulse_id].append(treatment)
        if treatment.flower is not None:
            self._flowers[treatment.flower].append(treatment)
        self._file(treatment)

    def of_earlier(self) -> list[Treatment]:
        """Return the treatments of earlier runs."""
        return [one for found in self._by_pulse.values() for one in found if one.flower is None]

    def exchange(self, old: Treatment, new: Treatment) -> bool:
        """Put `new` in the place of `old`, both of an earlier run; False when `old` is not there any more."""
        found = self._by_pulse.get(old.pulse_id, [])
        if old not in found:
            return False
        found[found.index(old)] = new
        self._unfile(old)
        self._file(new)
        return True

    def remove_pulse(self, pulse_id: int) -> None:
        """Forget what a pulse treated: it was refused or never opened."""
        for treatment in self._by_pulse.pop(pulse_id, ()):
            if treatment.flower is not None:
                self._flowers[treatment.flower].remove(treatment)
            self._unfile(treatment)

    def rename(self, gone: FlowerKey, kept: FlowerKey) -> None:
        """Move a flower's treatments to another name: the map found the two to be one."""
        for treatment in list(self._flowers.pop(gone, ())):
            renamed = replace(treatment, flower=kept)
            found = self._by_pulse[treatment.pulse_id]
            found[found.index(treatment)] = renamed
            self._unfile(treatment)
            self._file(renamed)
            self._flowers[kept].append(renamed)

    def of_flower(self, flower: FlowerKey) -> Sequence[Treatment]:
        """Return the treatments of a flower tracked in this run, oldest first."""
        return self._flowers.get(flower, ())

    def near(self, side: Side, place: Place, radius: float) -> list[Treatment]:
        """Return the treatments within `radius` m of `place`; `radius` is at most one bin (50 mm).

        One that has been moved is found by its remembered place, too: a pattern that is matched wrongly moves it by
        more than a bin.
        """
        middle = floor(place[0] / BIN_M)
        found = {
            id(treatment): treatment
            for index in (middle - 1, middle, middle + 1)
            for treatment in self._bins.get((side, index), ())
            if dist(treatment.place, place) <= radius
            or (treatment.origin is not None and dist(treatment.origin, place) <= radius)
        }
        return list(found.values())

    def _file(self, treatment: Treatment) -> None:
        for index in _bins_of(treatment):
            self._bins[treatment.side, index].append(treatment)

    def _unfile(self, treatment: Treatment) -> None:
        for index in _bins_of(treatment):
            filed = self._bins[treatment.side, index]
            if treatment in filed:
                filed.remove(treatment)


def _bins_of(treatment: Treatment) -> set[int]:
    """Return the bins of where a treatment is now and where it was remembered."""
    places = [treatment.place] if treatment.origin is None else [treatment.place, treatment.origin]
    return {floor(place[0] / BIN_M) for place in places if all(map(isfinite, place))}


def why_not_again(
    treatments: Treatments,
    flower: FlowerKey,
    place: Place,
    *,
    in_view: frozenset[FlowerKey],
    now: float,
    config: DoseConfig,
) -> Reason | None:
    """Return why this flower must not be treated now, or None.

    `in_view` names the flowers tracked at the moment: a treated one that is still seen apart from this
    one is another flower, unless both lie closer than two flowers can.
    """
    times = [own.t for own in treatments.of_flower(flower)]
    times += [
        treatment.t
        for treatment in treatments.near(flower[0], place, BIN_M)
        if treatment.flower != flower and _is_of(treatment, flower, place, in_view, config)
    ]
    if any(now - t < config.min_interval_h * 3600.0 for t in times):
        return Reason.TREATED_RECENTLY
    if sum(now - t < DAY_S for t in times) >= config.daily_cap:
        return Reason.DAILY_CAP
    return None


def _is_of(
    treatment: Treatment, flower: FlowerKey, place: Place, in_view: frozenset[FlowerKey], config: DoseConfig
) -> bool:
    """Tell whether a treatment may have been this flower's; `treatment.flower` is not it.

    A wrong recognition may cost a neighbour its train, never give a flower a second one: the place as it was
    remembered bars too.
    """
    if treatment.origin is not None and dist(treatment.origin, place) <= config.same_flower_m:
        return True
    owner = treatment.recognised if treatment.flower is None else treatment.flower
    if owner == flower:
        return True
    reach = config.same_flower_m if owner is not None and owner in in_view else config.same_place_m
    return dist(treatment.place, place) <= reach
