"""Wall time that nobody can push: steps of the computer's clock do not reach what is written or counted.

Ages of treatments decide who gets air. They are differences of wall times, because they must outlive a reboot; so
within a boot the wall time goes by the monotonic clock, and only a clock that the kernel calls synchronised moves it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from robot.clock import Clock

STEP_S = 2.0
"""A difference of the two clocks up to this is drift."""

LOOK_S = 1.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""

MAX_DATE_S = 253_402_300_799.0
"""The last second of the year 9999, which a datetime can hold."""


class Anchors(Protocol):
    """Where the difference of wall and monotonic clock is kept, one a boot: the ledger."""

    def clock_offset(self, boot: str) -> float | None:
        """Return what was kept for this boot, or None."""
        ...

    def last_seen(self) -> float | None:
        """Return the latest wall time at which a robot was alive, or None."""
        ...

    def keep_clock(self, boot: str, offset: float, shift: float) -> None:
        """Keep the difference, and move what this boot has written by `shift` seconds."""
        ...


class GuardedClock:
    """A Clock. Belongs to the loop's thread but for `now` and `wall`, which only read."""

    def __init__(self, clock: Clock, anchors: Anchors, boot: str, synchronised: Callable[[], bool]) -> None:
        """Take the difference kept for this boot, or a first one that is no earlier than what was seen before."""
        self._clock, self._anchors, self._boot = clock, anchors, boot
        self._synchronised = synchronised
        self._look_at = float("-inf")
        self._told: float | None = None
        kept = anchors.clock_offset(boot)
        if kept is None:
            wall, seen = self._real_wall(), anchors.last_seen()
            trusted = wall if seen is None or synchronised() else max(wall, seen)
            kept = trusted - clock.now()
            anchors.keep_clock(boot, kept, 0.0)
        self._offset = kept

    def now(self) -> float:
        """Return monotonic seconds."""
        return self._clock.now()

    def wall(self) -> datetime:
        """Return UTC by the monotonic clock and what is kept for this boot."""
        return datetime.fromtimestamp(min(max(self._clock.now() + self._offset, 0.0), MAX_DATE_S), UTC)

    def sleep_until(self, t: float) -> None:
        """Return once `now() >= t`."""
        self._clock.sleep_until(t)

    def look(self) -> str:
        """Compare with the computer's clock, once a second; returns a sentence when it was set, else nothing.

        Raises LedgerError when a step is taken over and cannot be written down.
        """
        now = self._clock.now()
        if now < self._look_at:
            return ""
        self._look_at = now + LOOK_S
        step = self._real_wall() - now - self._offset
        if abs(step) <= STEP_S:
            self._told = None
            return ""
        if self._synchronised():
            # What this boot wrote before was off by as much.
            self._anchors.keep_clock(self._boot, self._offset + step, step)
            self._offset += step
            self._told = None
            return f"by {step:+.0f} s, taken over: the time is synchronised"
        if self._told is not None and abs(step - self._told) <= STEP_S:
            return ""
        self._told = step
        return f"by {step:+.0f} s, not taken over: the time is not synchronised"

    def _real_wall(self) -> float:
        return self._clock.wall().timestamp()


def this_boot() -> str:
    """Return the kernel's name of this boot."""
    return BOOT_ID.read_text(encoding="ascii").strip()


def clock_is_synchronised() -> bool:
    """Ask the kernel whether something like NTP keeps its clock; False also when it does not say."""
    ask = getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
    if ask is None:
        return False
    # A struct timex with modes = 0 only reads; it has 208 bytes, all of which the kernel fills.
    state = int(ask(ctypes.create_string_buffer(512)))
    return 0 <= state < TIME_ERROR
