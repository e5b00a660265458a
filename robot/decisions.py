"""The fingerprint of everything decided: two runs with the same one decided the same, in the same order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from robot.types import FlowerRefusal, PlannedPulse, PulseRefusal


class DecisionHash:
    """SHA-256 over one line per planned pulse and refusal."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(
        self,
        pulses: Iterable[PlannedPulse],
        pulse_refusals: Iterable[PulseRefusal],
        flower_refusals: Iterable[FlowerRefusal],
    ) -> None:
        """Take one step's decisions; a step without any leaves no trace."""
        for pulse in pulses:
            self._line("pulse", _pulse_text(pulse))
        for refused in pulse_refusals:
            self._line("refused", _pulse_text(refused.pulse), refused.reason)
        for flower in flower_refusals:
            self._line("flower", flower.side, str(flower.flower_id), flower.reason, str(int(flower.final)))

    def hexdigest(self) -> str:
        """Return the fingerprint so far."""
        return self._hash.hexdigest()

    def _line(self, *words: str) -> None:
        self._hash.update(" ".join(words).encode() + b"\n")


def _pulse_text(pulse: PlannedPulse) -> str:
    numbers = (pulse.pulse_id, pulse.nozzle, pulse.trigger_ticks, pulse.direction)
    train = (pulse.train.on_us, pulse.train.period_us, pulse.train.count)
    return f"{pulse.side} {numbers} {train} {pulse.flower_ids}"
