"""Where in the row the cart is: the encoder corrected by tags along the row, and the row's end by a vote."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, sqrt

from robot.mission.fiducials import TagSeen

GATE = 4.0
"""A tag farther off than this many standard deviations is no correction but a doubt."""

FARTHEST_M = 1.5
"""Tags beyond are too small to correct a place by (assumed)."""

DRIFT_PER_M = 0.006
"""Std of what the wheel slips in a metre: mean 0.2 %, spread 0.3 % (assumed, as the simulator's)."""


class End(StrEnum):
    """What a vote on the row's end says."""

    END = "end"
    GO_ON = "go_on"
    DOUBT = "doubt"
    """The witnesses disagree and nobody has a majority."""


def row_end(tag: bool | None, switch: bool | None, by_map: bool | None) -> End:
    """Return whether the row's end is reached: any two of tag, limit switch and map.

    None is a witness who is not there. One witness alone decides alone; two that disagree leave a doubt; without
    any the cart must not go on.
    """
    votes = [vote for vote in (tag, switch, by_map) if vote is not None]
    yes = sum(votes)
    if yes >= 2 or (len(votes) == 1 and yes == 1):
        return End.END
    if len(votes) - yes >= 2 or len(votes) == 1:
        return End.GO_ON
    return End.DOUBT


@dataclass(frozen=True, slots=True)
class Fix:
    """A place along the row with its standard deviation, m; `refused` says why a tag was not believed."""

    s: float
    std: float
    refused: str = ""


def drifted(std: float, metres: float) -> float:
    """Return the std of a place after rolling on by `metres`."""
    return sqrt(std * std + (DRIFT_PER_M * metres) ** 2)


def corrected(place: Fix, seen: TagSeen, tag_s: float, lens_ahead: float, direction: int) -> Fix:
    """Return the place after a tag at `tag_s` is seen ahead in the direction the camera looks.

    A tag that is too far, or contradicts the place by over `GATE` deviations of both, changes nothing.
    """
    if not (isfinite(seen.distance) and 0.0 < seen.distance <= FARTHEST_M):
        return Fix(place.s, place.std, "too far")
    measured = tag_s - direction * (seen.distance + lens_ahead)
    std = max(seen.std[2], 0.002)
    off, spread = measured - place.s, sqrt(place.std**2 + std**2)
    if abs(off) > GATE * spread:
        return Fix(
            place.s, place.std, f"{off * 1000:+.0f} mm off, {GATE * spread * 1000:.0f} mm would be believed"
        )
    gain = place.std**2 / spread**2
    return Fix(place.s + gain * off, sqrt(1.0 - gain) * place.std)
