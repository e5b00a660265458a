"""The pulses on their way: from the plan to the outcome the MCU measured, and what that means for flowers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robot.dose import Treatment, Treatments
from robot.ledger import NO_AIR, PulseState, Settled, TreatedPlace
from robot.recognition import Recognition
from robot.shots import Job
from robot.types import FlowerKey, PlannedPulse, Reason

KEEP_RECENT = 64
ATTEMPTS = 3
OVERDUE_S = 25.0
"""Longer than any MCU keeps a pulse queued; then nobody will answer any more."""
JOB_PAST_M = 0.2


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A pulse sent at `t` whose outcome is not known yet."""

    pulse: PlannedPulse
    job: Job
    t: float


class PulseBook:
    """Which pulses run, which flowers they treat, and which flowers are given up after refusals."""

    def __init__(self) -> None:
        self.treatments = Treatments()
        self.recognition = Recognition(self.treatments)
        self.recent: deque[PlannedPulse] = deque(maxlen=KEEP_RECENT)
        self.sent_times: deque[float] = deque(maxlen=1024)
        self.unanswered_times: deque[float] = deque(maxlen=64)
        self.held: dict[FlowerKey, Reason] = {}
        self.counts: Counter[PulseState] = Counter()
        self.sent = 0
        self.open_s = 0.0
        """Seconds that nozzles were open, summed over all of them."""
        self.next_id = 1
        self._outstanding: dict[int, Outstanding] = {}
        self._attempts: Counter[FlowerKey] = Counter()

    def begin_row(self, treated: Iterable[TreatedPlace], now: float) -> None:
        """Start with what the ledger remembers of this row; forget everything tracked before."""
        self.treatments = Treatments(
            Treatment(place.side, place.place, now - place.age_s, place.pulse_id) for place in treated
        )
        self.recognition = Recognition(self.treatments)
        self.held.clear()
        self._attempts.clear()

    def skip_ids_to(self, last_id: int) -> None:
        """Make the next id higher than `last_id`: the MCU or the ledger has seen that one."""
        self.next_id = max(self.next_id, last_id + 1)

    @property
    def jobs(self) -> list[Job]:
        """The trains on their way, oldest first."""
        return [outstanding.job for outstanding in self._outstanding.values()]

    @property
    def outstanding(self) -> list[Outstanding]:
        """The pulses without an outcome, oldest first."""
        return list(self._outstanding.values())

    def sending(self, pulses: Sequence[PlannedPulse], jobs: Sequence[Job], now: float) -> None:
        """Note that these pulses go out now; their flowers count as treated until we hear otherwise."""
        by_id = {job.pulse_id: job for job in jobs}
        for pulse in pulses:
            self._outstanding[pulse.pulse_id] = Outstanding(pulse, by_id[pulse.pulse_id], now)
            self.next_id = max(self.next_id, pulse.pulse_id + 1)
            self.recent.append(pulse)
            self.sent_times.append(now)
            self.sent += 1
            for flower_id, place in zip(pulse.flower_ids, pulse.places, strict=True):
                key: FlowerKey = (pulse.side, flower_id)
                self.treatments.add(Treatment(pulse.side, place, now, pulse.pulse_id, key))

    def settle(self, outcomes: Iterable[Settled]) -> list[Settled]:
        """Take outcomes; return those that were not known yet. Flowers that got no air may be tried again."""
        new: list[Settled] = []
        for outcome in outcomes:
            outstanding = self._outstanding.pop(outcome.pulse_id, None)
            if outstanding is None and outcome.pulse_id >= self.next_id:
                continue
            new.append(outcome)
            if outstanding is not None:
                self.counts[outcome.state] += 1
                self.open_s += outcome.openings * outstanding.pulse.train.on_us * 1e-6
            if outcome.state in NO_AIR:
                self.treatments.remove_pulse(outcome.pulse_id)
                self._count_attempt(outstanding, outcome)
        return new

    def merge(self, gone: FlowerKey, kept: FlowerKey) -> None:
        """Carry a flower's history over to the name that the map kept for it."""
        self.treatments.rename(gone, kept)
        self._attempts[kept] += self._attempts.pop(gone, 0)
        if gone in self.held:
            self.held[kept] = self.held.pop(gone)

    def state_of(self, flower: FlowerKey) -> str | None:
        """Return 'planned' while a pulse for the flower is on its way, 'treated' after it, else None."""
        treatments = self.treatments.of_flower(flower)
        if not treatments:
            return None
        return "planned" if treatments[-1].pulse_id in self._outstanding else "treated"

    def lost(self, why: str) -> list[Settled]:
        """Give up every pulse on its way: the MCU that had them is gone. They may have fired."""
        return self.settle([Settled(i, PulseState.MAYBE_FIRED, why) for i in list(self._outstanding)])

    def overdue(self, now: float) -> list[Settled]:
        """Give up pulses that nobody will answer any more. They may have fired."""
        old = [i for i, outstanding in self._outstanding.items() if now - outstanding.t > OVERDUE_S]
        self.unanswered_times.extend(now for _ in old)
        return self.settle([Settled(i, PulseState.MAYBE_FIRED, "no outcome came") for i in old])

    def _count_attempt(self, outstanding: Outstanding | None, outcome: Settled) -> None:
        if outstanding is None:
            return
        for flower_id in outstanding.pulse.flower_ids:
            key: FlowerKey = (outstanding.pulse.side, flower_id)
            self._attempts[key] += 1
            if self._attempts[key] >= ATTEMPTS:
                self.held[key] = reason_named(outcome.reason)


_REASONS: dict[str, Reason] = {
    **{reason.value: reason for reason in Reason},
    "deadman": Reason.LINK_DOWN,
    "new_session": Reason.LINK_DOWN,
    "leak": Reason.STOPPED,
    "expired": Reason.LATE,
    "no_nozzle": Reason.OVER_CAP,
    "bad_request": Reason.OVER_CAP,
}


def reason_named(word: str) -> Reason:
    """Return the Reason for the controller's word; NO_ANSWER for a word we do not know."""
    return _REASONS.get(word, Reason.NO_ANSWER)
