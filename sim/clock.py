"""Simulated time: waiting for a moment is what makes the world advance to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

SIM_EPOCH = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
"""Wall time at simulated second 0: fixed, so that two runs of one seed write the same records."""


class SimClock:
    """A Clock whose seconds pass only while someone waits; `advance(t)` moves the world to `t`."""

    def __init__(
        self, advance: Callable[[float], None], start: float = 0.0, epoch: datetime = SIM_EPOCH
    ) -> None:
        self._advance = advance
        self._now = start
        self.epoch = epoch

    def now(self) -> float:
        """Return simulated seconds."""
        return self._now

    def wall(self) -> datetime:
        """Return the simulated wall time."""
        return self.epoch + timedelta(seconds=self._now)

    def sleep_until(self, t: float) -> None:
        """Advance the world to `t`; returns at once when `t` has passed."""
        if t > self._now:
            self._advance(t)
            self._now = t
