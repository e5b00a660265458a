"""The result of a simulated run: the truth's score beside what the robot itself says."""

from __future__ import annotations

import msgspec

from sim.score import Percentiles, Score
from sim.witness import Identity


class SimResult(msgspec.Struct, frozen=True):
    """What `bombus sim --json` prints; times in s, air in normal litres."""

    scenario: str
    seed: int
    mode: str
    detector: str
    finished: bool
    ended_because: str
    ready: int
    treated: int
    coverage: float | None
    pulses: int
    precision: float | None
    bud_hits: int
    spent_hits: int
    doubles: int
    aim_error_mm: Percentiles
    aim_point_error_mm: Percentiles | None
    identity: Identity | None
    latency_ms: Percentiles
    air_l: float
    hottest_coil_c: float
    sim_s: float
    wall_s: float
    frames: int
    refusals: dict[str, int]
    faults: list[str]
    decisions_sha256: str

    def for_people(self) -> dict[str, object]:
        """Return the score table's rows."""
        aim = self.aim_error_mm
        return {
            "ready flowers": self.ready,
            "treated": self.treated,
            "coverage": percent(self.coverage),
            "pulses": self.pulses,
            "precision": percent(self.precision),
            "bud hits": with_share(self.bud_hits, self.pulses),
            "spent hits": with_share(self.spent_hits, self.pulses),
            "doubles": self.doubles,
            "aim error p50 / p95": f"{aim.p50} / {aim.p95} mm",
            **self._who_is_who(),
            "air": f"{self.air_l:.0f} normal litres",
            "hottest coil": f"{self.hottest_coil_c:.0f} degrees Celsius",
            "driven": f"{self.sim_s:.0f} s, {self.frames} frames",
            "wall time": f"{self.wall_s:.0f} s ({self.sim_s / max(self.wall_s, 1e-9):.1f} x real time)",
            **{f"not shot: {reason.replace('_', ' ')}": count for reason, count in self.refusals.items()},
            "faults": ", ".join(self.faults) or "none",
            "decisions": self.decisions_sha256[:16],
        }

    def _who_is_who(self) -> dict[str, object]:
        point, identity = self.aim_point_error_mm, self.identity
        if point is None or identity is None:
            return {}
        return {
            "  from the point meant": f"{point.p50} / {point.p95} mm",
            "flowers counted once": f"{percent(identity.kept)} of {identity.counted} ({identity.twice} twice)",
            "  mixed up, made up": f"{identity.mixed}, {identity.ghosts}",
        }


def percent(share: float | None) -> str:
    """Return a share as a percentage, a dash for None."""
    return "-" if share is None else f"{100 * share:.1f} %"


def with_share(part: int, whole: int) -> str:
    """Return a count with its share of `whole`."""
    return f"{part} ({percent(part / whole if whole else None)})"


def scored(result: Score, **rest: object) -> SimResult:
    """Join a score with the rest of the result's fields."""
    return msgspec.convert({**msgspec.structs.asdict(result), **rest}, SimResult)
