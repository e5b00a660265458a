"""Host time of MCU clock stamps: a window of pings, the best quarter of them, a straight line."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

WINDOW = 64
TRIPS_KEPT = 600
"""Round trips from which people are told median and 99th percentile: a minute at ten pings a second."""
GROUP = 4
FIT_SPAN_S = 2.0
MAX_DRIFT = 500e-6
"""Quartz is within 100 ppm; a larger slope is a bad fit."""
LONGEST_TRIP_S = 1e-3
"""A round trip beyond this was spent waiting for the host's next read, not on the wire (assumed)."""
SHORT_WAY_S = 1e-4
"""Then this much is taken for the way to the MCU, which waits for nobody (assumed)."""


class Sample(NamedTuple):
    """A ping: sent at `sent` (host s), stamped `tick_us` (extended), answered after `trip_s`."""

    sent: float
    tick_us: int
    trip_s: float

    @property
    def way_s(self) -> float:
        """Estimated time from sending to stamping."""
        return 0.5 * self.trip_s if self.trip_s <= LONGEST_TRIP_S else SHORT_WAY_S


def extend(tick_us: int, near_us: int) -> int:
    """Return the uint32 MCU time as a growing count: the one nearest to `near_us` (within 35.8 minutes)."""
    return near_us + ((tick_us - near_us + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000


class ClockSync:
    """Maps MCU microseconds to host seconds, from pings.

    Of each four pings in a row the one with the shortest trip counts, and among long trips the one that
    the MCU stamped earliest: reads wait for the host's next step, writes do not. Grouping in time keeps
    clock drift from picking the samples.
    """

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=WINDOW)
        self._last_us = 0
        self._tick0_us = 0
        self._host0 = 0.0
        self.seconds_per_us = 1e-6
        self.taken = 0
        """Pings so far."""
        self.last_trip_s = 0.0
        self._trips: deque[float] = deque(maxlen=TRIPS_KEPT)

    @property
    def samples(self) -> int:
        """Pings in the window."""
        return len(self._samples)

    @property
    def trip_s(self) -> float | None:
        """Shortest round trip in the window."""
        return min((sample.trip_s for sample in self._samples), default=None)

    def trip_percentile_s(self, share: float) -> float | None:
        """Return the round trip that `share` (0 to 1) of the last `TRIPS_KEPT` stayed within, or None.

        Sending to hearing: an answer waits for the host's next read, so it is never below what the loop sees.
        """
        trips = sorted(self._trips)
        return trips[min(int(share * len(trips)), len(trips) - 1)] if trips else None

    def add(self, sent: float, received: float, tick_us: int) -> None:
        """Take a ping's send and receive time and the MCU's uint32 stamp."""
        tick = extend(tick_us, self._last_us) if self._samples else tick_us
        self._last_us = max(self._last_us, tick) if self._samples else tick
        self.taken += 1
        self.last_trip_s = max(0.0, received - sent)
        self._trips.append(self.last_trip_s)
        self._samples.append(Sample(sent, tick, self.last_trip_s))
        self._fit()

    def to_host(self, tick_us: int) -> float:
        """Return the host time of a uint32 MCU stamp; it may be from before or after the last ping."""
        tick = extend(tick_us, self._last_us)
        self._last_us = max(self._last_us, tick)
        return self._host0 + (tick - self._tick0_us) * self.seconds_per_us

    def to_mcu(self, t: float) -> int:
        """Return the uint32 MCU time at host time `t`."""
        return (self._tick0_us + round((t - self._host0) / self.seconds_per_us)) & 0xFFFF_FFFF

    def _quality(self, sample: Sample) -> tuple[float, float]:
        return min(sample.trip_s, LONGEST_TRIP_S), sample.tick_us * self.seconds_per_us - sample.sent

    def _fit(self) -> None:
        samples = list(self._samples)
        groups = [samples[i : i + GROUP] for i in range(0, len(samples), GROUP)]
        best = [min(group, key=self._quality) for group in groups]
        first = best[0]
        ticks = [sample.tick_us - first.tick_us for sample in best]
        times = [sample.sent - first.sent + sample.way_s for sample in best]
        mean_tick, mean_time = sum(ticks) / len(best), sum(times) / len(best)
        slope = 1e-6
        if (times[-1] - times[0]) >= FIT_SPAN_S:
            spread = sum((tick - mean_tick) ** 2 for tick in ticks)
            joint = sum(
                (tick - mean_tick) * (time - mean_time) for tick, time in zip(ticks, times, strict=True)
            )
            fitted = joint / spread if spread > 0.0 else slope
            slope = fitted if abs(fitted * 1e6 - 1.0) <= MAX_DRIFT else slope
        self.seconds_per_us = slope
        self._tick0_us = first.tick_us
        self._host0 = first.sent + mean_time - slope * mean_tick
