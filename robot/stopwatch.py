"""How long the stages of a step take, for people to read; nothing is decided by it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque

from robot.clock import Clock

KEEP = 512
EDGES_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
"""Where the bins of a histogram end; what took longer has one bin more."""


class Stopwatch:
    """Laps by name over the last steps, read from the injected clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._last = clock.now()
        self._laps: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=KEEP))

    def start(self) -> None:
        """Begin the first lap of a step."""
        self._began = self._last = self._clock.now()

    def lap(self, name: str) -> None:
        """End the running lap under `name` and begin the next."""
        now = self._clock.now()
        self._laps[name].append(now - self._last)
        self._last = now

    def end(self, name: str) -> None:
        """End the last lap of a step, and keep how long the whole of it took as `step`."""
        self.lap(name)
        self._laps["step"].append(self._last - self._began)

    def add(self, name: str, seconds: float) -> None:
        """Keep a duration measured elsewhere."""
        self._laps[name].append(seconds)

    def table(self) -> dict[str, tuple[float, float]]:
        """Return name -> (p50, p99) in ms over the last 512 laps of each."""
        return {name: _percentiles_ms(sorted(laps)) for name, laps in self._laps.items() if laps}

    def histogram(self, name: str) -> list[int]:
        """Return how many of the last laps of `name` fall into each bin of EDGES_MS."""
        ordered = sorted(1e3 * lap for lap in self._laps.get(name, ()))
        below = [bisect_right(ordered, edge) for edge in EDGES_MS]
        return [after - before for before, after in zip([0, *below], [*below, len(ordered)], strict=True)]


def _percentiles_ms(ordered: list[float]) -> tuple[float, float]:
    last = len(ordered) - 1
    return 1e3 * ordered[round(0.5 * last)], 1e3 * ordered[round(0.99 * last)]
