"""How many nozzles truly blow: the commanded edges, each late by its valve's lag."""

from __future__ import annotations

import heapq

import numpy as np

from sim.airjet import AirJetConfig


class ValveFlow:
    """Takes commanded edges as they come, tells how much air flowed; times in seconds, never backwards."""

    def __init__(self, config: AirJetConfig, seed: int, start_t: float = 0.0) -> None:
        self._config = config
        self._random = np.random.Generator(np.random.PCG64([seed, 0xF10]))
        self._coming: list[tuple[float, int]] = []
        self._blowing = 0
        self._valves = 0
        self._t = start_t

    def still(self, valves: int) -> int | None:
        """Return how many nozzles blow as long as the commands stay `valves`; None while that still changes."""
        return self._blowing if valves == self._valves and not self._coming else None

    def skip(self, t: float) -> None:
        """Go on to `t`, all that time still."""
        self._t = t

    def follow(self, valves: int, t: float) -> None:
        """Take the commands as a bitmap (bit n: nozzle n is to blow) that came to be at `t`."""
        changed = self._valves ^ valves
        if not changed:
            return
        self._valves = valves
        while changed:
            bit = changed & -changed
            self.edge(bool(valves & bit), t)
            changed ^= bit

    def edge(self, is_open: bool, t: float) -> None:
        """Take one valve's commanded edge at `t`."""
        config = self._config
        lag_s = config.valve_lag_s + config.valve_lag_std_s * float(self._random.standard_normal())
        heapq.heappush(self._coming, (t + max(0.0, lag_s), 1 if is_open else -1))

    def take(self, t: float) -> float:
        """Return how many nozzles blew since the last call, on average up to `t`."""
        dt = t - self._t
        if not self._coming:
            self._t = t
            return self._blowing * dt / dt if self._blowing and dt > 0.0 else 0.0
        blown_s = self._blowing * dt
        while self._coming and self._coming[0][0] <= t:
            moved_t, change = heapq.heappop(self._coming)
            self._blowing += change
            # An edge told late may lie before the last call: what was missed then flows now.
            blown_s += change * (t - moved_t)
        self._t = t
        return blown_s / dt if dt > 0.0 else 0.0
