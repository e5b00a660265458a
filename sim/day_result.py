"""What a simulated day came to: the truth's score beside the robot's own account."""

from __future__ import annotations

import msgspec

from sim.result import percent, with_share


class DayResult(msgspec.Struct, frozen=True):
    """What a simulated day came to; times in s. `ready`, `treated` and `coverage` are of the rows done.

    `twice` must be 0: flowers that were treated again, on the way back or after a restart.
    """

    scenario: str
    seed: int
    detector: str
    finished: bool
    ended_because: str
    rows: dict[str, str]
    rows_done: int
    kills: int
    power_cuts: int
    rows_blocked: int
    replans: int
    headland_m: float
    rail_error_mm: float | None
    ready: int
    treated: int
    coverage: float | None
    pulses: int
    bud_hits: int
    twice: int
    prediction_error_s: float | None
    house_error_s: float | None
    sim_s: float
    wall_s: float
    faults: tuple[str, ...]
    said: tuple[str, ...]
    decisions_sha256: str

    def for_people(self) -> dict[str, object]:
        """Return the table's rows."""
        error = self.prediction_error_s
        return {
            "rows done / blocked / of": f"{self.rows_done} / {self.rows_blocked} / {len(self.rows)}",
            "kills, power cuts, new plans": f"{self.kills}, {self.power_cuts}, {self.replans}",
            "driven on the headland": f"{self.headland_m:.0f} m",
            "beside the rail at most": "-" if self.rail_error_mm is None else f"{self.rail_error_mm:.0f} mm",
            "ready flowers": self.ready,
            "treated": self.treated,
            "coverage": percent(self.coverage),
            "pulses": self.pulses,
            "bud hits": with_share(self.bud_hits, self.pulses),
            "flowers treated twice": self.twice,
            "row's end predicted to": "-" if error is None else f"{error:.1f} s",
            "house's end predicted to": "-" if self.house_error_s is None else f"{self.house_error_s:.0f} s",
            "day": f"{self.sim_s:.0f} s",
            "wall time": f"{self.wall_s:.0f} s ({self.sim_s / max(self.wall_s, 1e-9):.1f} x real time)",
            "faults": ", ".join(self.faults) or "none",
        }
