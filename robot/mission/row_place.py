"""Where in the row the cart is: the encoder corrected by tags along the row, and the row's end by a vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, sqrt

from robot.end_switch import Odd
from robot.mission.fiducials import TagSeen

GATE = 4.0
"""A tag farther off than this many standard deviations is no correction but a doubt."""

FARTHEST_M = 1.5
"""Tags beyond are too small to correct a place by (assumed)."""

DRIFT_PER_M = 0.006
"""Std of what the wheel slips in a metre: mean 0.2 %, spread 0.3 % (assumed, as the simulator's)."""

START_STD = 0.02
"""How well a cart is placed at a row's entrance, m (assumed)."""

FRESH_S = 3.0
END_SLACK_M = 0.1


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


def odd_one(tag: bool | None, switch: bool | None, by_map: bool | None) -> Odd:
    """Return who is contradicted by two others, or that two disagree and nobody has a majority."""
    votes = {Odd.TAG: tag, Odd.SWITCH: switch, Odd.MAP: by_map}
    voters = [who for who, vote in votes.items() if vote is not None]
    yes = [who for who in voters if votes[who]]
    if len(yes) in {0, len(voters)}:
        return Odd.NONE
    if len(voters) == 2:
        return Odd.NOBODY
    return yes[0] if len(yes) == 1 else next(who for who in voters if who not in yes)


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


class RowPlace:
    """How sure the place in the row is, and what the tags along it say; the mission begins one a row."""

    def __init__(self, tags: Mapping[int, float], length: float) -> None:
        self._tags, self._length = tags, length
        self._std = self._fixed_std = START_STD
        self._since_m = 0.0
        """Rolled since the place was last fixed: the wheel slips one way for long, so its doubt grows with the way."""
        self._s: float | None = None
        self._end: tuple[float, float, float] | None = None
        """When the end's tag was seen, by how many metres the cart was short of the row's end then, and its `s`."""
        self.odd = Odd.NONE
        """Who was found to be wrong about the row's end."""
        self.looked = False
        """A person has looked at a switch that says what the map denies, and goes on without it."""

    def look(self, s: float, seen: Sequence[TagSeen], lens_ahead: float, now: float) -> float:
        """Return by how many metres the place `s` is to be corrected; 0 without a tag of this row."""
        if self._s is not None:
            self._since_m += abs(s - self._s)
        self._std = drifted(self._fixed_std, self._since_m)
        self._s = s
        for one in seen:
            at = self._tags.get(one.tag)
            if at is None:
                continue
            if at >= self._length and 0.0 < one.distance <= FARTHEST_M:
                self._end = now, self._length - (at - one.distance - lens_ahead), s
            fix = corrected(Fix(s, self._std), one, at, lens_ahead, 1)
            if not fix.refused:
                self._std = self._fixed_std = fix.std
                self._since_m = 0.0
                return fix.s - s
        return 0.0

    def end_by_tag(self, overrun: float, s: float, now: float) -> bool | None:
        """Return whether the end's tag says that the end is reached; None when it was not seen just now."""
        left = self.left_by_tag(s, now)
        return None if left is None else left + overrun <= END_SLACK_M

    def left_by_tag(self, s: float, now: float) -> float | None:
        """Return the metres to the row's end by its tag; None when it was not seen just now."""
        if self._end is None or now - self._end[0] > FRESH_S:
            return None
        _, short, seen_from = self._end
        return short - (s - seen_from)
