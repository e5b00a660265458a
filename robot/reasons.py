"""Tells once, and again only on a change, why a flower is not shot; and the last word when it is passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from robot.aim import NozzleBank
from robot.dose import Treatments
from robot.ledger import FinalFlower
from robot.types import FlowerKey, FlowerRefusal, Place, Reason
from vision.types import Pose, Side

TREATED = "treated"
PASSED_BY_M = 0.08
NOT_YET = frozenset({Reason.NOT_READY, Reason.UNSURE, Reason.PLACE_UNSURE})
"""Reasons that say the flower itself is not to be shot; under any other one it was ready."""


@dataclass(slots=True)
class _Watched:
    place: Place
    reason: Reason | None
    ready: bool = False


class ReasonBook:
    """The flowers between first being considered and being passed; its cost follows those alone."""

    def __init__(self, banks: Mapping[Side, NozzleBank]) -> None:
        self._banks = banks
        self._watched: dict[FlowerKey, _Watched] = {}
        self.final: Counter[Reason] = Counter()
        """How many flowers were passed untreated, by their last reason."""
        self.treated = 0
        self.ready_seen = 0

    def refuse(
        self, refusals: Iterable[FlowerRefusal], places: Mapping[FlowerKey, Place]
    ) -> list[FlowerRefusal]:
        """Take this step's refusals; return those that are new for their flower."""
        changed: list[FlowerRefusal] = []
        for refusal in refusals:
            key: FlowerKey = (refusal.side, refusal.flower_id)
            watched = self._watched.get(key)
            if watched is None:
                watched = self._watched[key] = _Watched(places[key], None)
            watched.place = places.get(key, watched.place)
            if refusal.reason not in NOT_YET:
                self._is_ready(watched)
            # Too late now is only the answer for a flower that had no better one in time.
            late = refusal.reason is Reason.PASSED and watched.reason is not None
            if not late and watched.reason is not refusal.reason:
                watched.reason = refusal.reason
                changed.append(refusal)
        return changed

    def shot(self, side: Side, flower_ids: Iterable[int], places: Iterable[Place]) -> None:
        """Note that these flowers have a pulse on its way."""
        for flower_id, place in zip(flower_ids, places, strict=True):
            watched = self._watched.setdefault((side, flower_id), _Watched(place, None))
            watched.reason = None
            self._is_ready(watched)

    def merge(self, gone: FlowerKey, kept: FlowerKey) -> None:
        """Watch a flower on under the name that the map kept for it."""
        watched = self._watched.pop(gone, None)
        if watched is not None:
            self._watched.setdefault(kept, watched)

    def reason_of(self, flower: FlowerKey) -> Reason | None:
        """Return why a flower near the nozzles is left alone at the moment, or None."""
        watched = self._watched.get(flower)
        return watched.reason if watched is not None else None

    def passed(
        self, pose: Pose, direction: int, treatments: Treatments
    ) -> tuple[list[FlowerRefusal], list[FinalFlower]]:
        """Return the last word on each flower that the nozzles have left behind, and forget it."""
        refusals: list[FlowerRefusal] = []
        finals: list[FinalFlower] = []
        for key, watched in list(self._watched.items()):
            side, flower_id = key
            behind = (pose.s + self._banks[side].s_offset - watched.place[0]) * direction
            if behind < PASSED_BY_M:
                continue
            del self._watched[key]
            if treatments.of_flower(key):
                self.treated += 1
                finals.append(FinalFlower(side, flower_id, watched.place, TREATED))
                continue
            reason = watched.reason or Reason.PASSED
            self.final[reason] += 1
            refusals.append(FlowerRefusal(side, flower_id, reason, final=True))
            finals.append(FinalFlower(side, flower_id, watched.place, reason))
        return refusals, finals

    def _is_ready(self, watched: _Watched) -> None:
        self.ready_seen += not watched.ready
        watched.ready = True

    def clear(self) -> None:
        """Forget the flowers being watched: the row or the position changed."""
        self._watched.clear()
