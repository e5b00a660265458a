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

UNCERTAIN = frozenset({Reason.UNSURE, Reason.PLACE_UNSURE})
"""Reasons that more views may resolve: on the way back the flower is seen from other places."""

NOT_YET = UNCERTAIN | {Reason.NOT_READY}
"""Reasons that say the flower itself is not to be shot; under any other one it was ready."""


@dataclass(slots=True)
class _Watched:
    place: Place
    reason: Reason | None


class ReasonBook:
    """The flowers between first being considered and being passed, and the last word on those of this row.

    A flower that is passed uncertain is marked LOOK_AGAIN and stays unshot. When the nozzles pass it once more
    its last word changes; the counts follow, so that they count flowers, not passes.
    """

    def __init__(self, banks: Mapping[Side, NozzleBank], passed_by_m: float) -> None:
        """`passed_by_m`: how far behind the nozzles the planner looks at no flower, whatever the speed."""
        self._banks, self._passed_by_m = banks, passed_by_m
        self._watched: dict[FlowerKey, _Watched] = {}
        self._said: dict[FlowerKey, Reason | None] = {}
        self._ready: set[FlowerKey] = set()
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
                self._is_ready(key)
            # Too late now is only the answer for a flower that had no better one in time.
            late = refusal.reason is Reason.PASSED and watched.reason is not None
            if not late and watched.reason is not refusal.reason:
                watched.reason = refusal.reason
                changed.append(refusal)
        return changed

    def shot(self, side: Side, flower_ids: Iterable[int], places: Iterable[Place]) -> None:
        """Note that these flowers have a pulse on its way."""
        for flower_id, place in zip(flower_ids, places, strict=True):
            key: FlowerKey = (side, flower_id)
            self._watched.setdefault(key, _Watched(place, None)).reason = None
            self._is_ready(key)

    def merge(self, gone: FlowerKey, kept: FlowerKey) -> None:
        """Watch a flower on under the name that the map kept for it."""
        watched = self._watched.pop(gone, None)
        if watched is not None:
            self._watched.setdefault(kept, watched)
        if gone in self._said:
            word = self._said.pop(gone)
            if kept in self._said:
                self._count(word, -1)
            else:
                self._said[kept] = word
        if gone in self._ready:
            self._ready.remove(gone)
            self.ready_seen -= kept in self._ready
            self._ready.add(kept)

    def reason_of(self, flower: FlowerKey) -> Reason | None:
        """Return why a flower near the nozzles is left alone, LOOK_AGAIN for one passed uncertain, or None."""
        watched = self._watched.get(flower)
        if watched is not None:
            return watched.reason
        return Reason.LOOK_AGAIN if self._said.get(flower) is Reason.LOOK_AGAIN else None

    def passed(
        self, pose: Pose, direction: int, treatments: Treatments
    ) -> tuple[list[FlowerRefusal], list[FinalFlower]]:
        """Return the last word on each flower that the nozzles have left behind, where it is new."""
        refusals: list[FlowerRefusal] = []
        finals: list[FinalFlower] = []
        for key, watched in list(self._watched.items()):
            side, flower_id = key
            behind = (pose.s + self._banks[side].s_offset - watched.place[0]) * direction
            if behind < self._passed_by_m:
                continue
            del self._watched[key]
            word = None if treatments.of_flower(key) else watched.reason or Reason.PASSED
            if word in UNCERTAIN and key not in self._said:
                word = Reason.LOOK_AGAIN
            if not self._says(key, word):
                continue
            finals.append(FinalFlower(side, flower_id, watched.place, word or TREATED))
            if word is not None:
                refusals.append(FlowerRefusal(side, flower_id, word, final=True))
        return refusals, finals

    def clear(self) -> None:
        """Forget the flowers of this row: the row or the position changed."""
        self._watched.clear()
        self._said.clear()
        self._ready.clear()

    def _says(self, key: FlowerKey, word: Reason | None) -> bool:
        """Take the last word on a flower, None for treated; False when it was that before."""
        if key in self._said:
            if self._said[key] is word:
                return False
            self._count(self._said[key], -1)
        self._said[key] = word
        self._count(word, 1)
        return True

    def _count(self, word: Reason | None, step: int) -> None:
        if word is None:
            self.treated += step
        else:
            self.final[word] += step
            if not self.final[word]:
                del self.final[word]

    def _is_ready(self, key: FlowerKey) -> None:
        self.ready_seen += key not in self._ready
        self._ready.add(key)
