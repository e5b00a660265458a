"""The three clocks' common shape, and the real one. Only this file may read or wait on the machine's time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Host time in float seconds from a monotonic origin, and wall time for records read by people."""

    def now(self) -> float:
        """Return monotonic seconds; never steps back."""
        ...

    def wall(self) -> datetime:
        """Return UTC wall time, only for file names and records."""
        ...

    def sleep_until(self, t: float) -> None:
        """Return once `now() >= t`."""
        ...


class MonotonicClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return CLOCK_MONOTONIC in seconds: the same origin in every process of this machine."""
        return time.monotonic()

    def wall(self) -> datetime:
        """Return UTC now."""
        return datetime.now(UTC)

    def sleep_until(self, t: float) -> None:
        """Sleep until `t`; returns at once when `t` has passed."""
        delay = t - time.monotonic()
        if delay > 0:
            time.sleep(delay)
