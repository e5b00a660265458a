"""How warm the valves' coils get: a first-order model of each, fed by the edges that switch it."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict, Field


class CoilConfig(BaseModel):
    """A small fast-switching solenoid. Every value is assumed unless a source is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ambient_c: float = Field(30.0, ge=-20, le=60, description="air around the coils, degrees Celsius")
    rise_k: float = Field(160.0, gt=0, le=1000, description="rise when it is never switched off")
    time_constant_s: float = Field(90.0, gt=0, le=3600, description="of warming and cooling")
    limit_c: float = Field(130.0, gt=0, le=250, description="insulation class B, IEC 60085")


class Coils:
    """All coils of a machine; each costs something only when it is switched. Times in s, per coil rising."""

    def __init__(self, config: CoilConfig) -> None:
        self._config = config
        self._coils: dict[int, tuple[float, float, bool]] = {}
        self._hottest_c = config.ambient_c

    def switch(self, nozzle: int, on: bool, t: float) -> None:
        """Switch a coil on or off at `t`."""
        self._coils[nozzle] = (self.celsius(nozzle, t), t, on)

    def celsius(self, nozzle: int, t: float) -> float:
        """Return a coil's temperature at `t`, not before it was last switched."""
        config = self._config
        before, since, on = self._coils.get(nozzle, (config.ambient_c, t, False))
        goal = config.ambient_c + (config.rise_k if on else 0.0)
        now = goal + (before - goal) * math.exp(-max(0.0, t - since) / config.time_constant_s)
        self._hottest_c = max(self._hottest_c, now)
        return now

    def hottest_c(self, t: float) -> float:
        """Return the highest temperature that any coil has had until `t`."""
        for nozzle in self._coils:
            self.celsius(nozzle, t)
        return self._hottest_c
