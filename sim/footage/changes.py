"""Two runs side by side: which shots one has and the other has not, which moved, and for what reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import hypot
from typing import Literal

import msgspec
import numpy as np

from robot.types import Place
from sim.footage.track import Left, Shot, Track
from vision.types import Side

SAME_FLOWER_M = 0.03
"""Two runs' maps place one flower this near at most (two std of its sway and of the map, and its radius)."""

MOVED_M = 0.002
"""A shot that meets the crop this much elsewhere has moved."""

Kind = Literal["gained", "lost", "moved"]


class Change(msgspec.Struct, frozen=True):
    """One shot that only this run has (gained), only the other (lost), or both at another place (moved).

    `before` is the other run's decision, `after` this run's; `place` is (s, h, d) in m.
    """

    kind: Kind
    t: float
    row: int
    side: Side
    place: Place
    before: str
    after: str
    moved_mm: float = 0.0


class Changes(msgspec.Struct, frozen=True):
    """All shots of two runs, matched by the flower they are aimed at."""

    ours: str
    theirs: str
    same: int
    gained: int
    lost: int
    moved: int
    rows: list[Change]


def changes_of(ours: Track, theirs: Track) -> Changes:
    """Return what this run does otherwise than the other, in the order of time."""
    mine, other = _sent(ours.shots), _sent(theirs.shots)
    pairs = _matched(mine, other)
    matched_mine, matched_other = {i for i, _ in pairs}, {j for _, j in pairs}
    rows = [change for i, j in pairs for change in _moved(mine[i], other[j])]
    same = len(pairs) - len(rows)
    rows += [
        _change("gained", shot, _why_not(theirs, shot), _told(shot))
        for i, shot in enumerate(mine)
        if i not in matched_mine
    ]
    rows += [
        _change("lost", shot, _told(shot), _why_not(ours, shot))
        for j, shot in enumerate(other)
        if j not in matched_other
    ]
    rows.sort(key=lambda change: (change.t, change.side, change.place))
    counts = {kind: sum(change.kind == kind for change in rows) for kind in ("gained", "lost", "moved")}
    return Changes(ours.label, theirs.label, same, counts["gained"], counts["lost"], counts["moved"], rows)


def _sent(shots: Iterable[Shot]) -> list[Shot]:
    return [shot for shot in shots if not shot.refused]


def _matched(mine: Sequence[Shot], other: Sequence[Shot]) -> list[tuple[int, int]]:
    """Pair shots aimed at one flower, the nearest pairs first."""
    near: list[tuple[float, int, int]] = []
    order = (
        np.argsort([shot.pulse.places[0][0] for shot in other], kind="stable") if other else np.empty(0, int)
    )
    sorted_s = np.array([other[j].pulse.places[0][0] for j in order.tolist()])
    for i, shot in enumerate(mine):
        s = shot.pulse.places[0][0]
        low, high = np.searchsorted(sorted_s, (s - SAME_FLOWER_M, s + SAME_FLOWER_M), side="left")
        for j in order[low : high + 1].tolist():
            away = _away(shot, other[j])
            if away <= SAME_FLOWER_M:
                near.append((away, i, j))
    pairs: list[tuple[int, int]] = []
    taken_i: set[int] = set()
    taken_j: set[int] = set()
    for _, i, j in sorted(near):
        if i not in taken_i and j not in taken_j:
            pairs.append((i, j))
            taken_i.add(i)
            taken_j.add(j)
    return pairs


def _away(one: Shot, two: Shot) -> float:
    if (one.row, one.pulse.side) != (two.row, two.pulse.side):
        return float("inf")
    return _distance(one.pulse.places[0], two.pulse.places[0])


def _distance(one: Place, two: Place) -> float:
    """Return the distance along the row and in height; depth is the least known and least needed."""
    return hypot(one[0] - two[0], one[1] - two[1])


def _moved(mine: Shot, other: Shot) -> Iterator[Change]:
    """Yield a change when the pair is not the same shot."""
    metres = _distance(mine.pulse.aim, other.pulse.aim)
    same_train = mine.pulse.train == other.pulse.train
    if metres <= MOVED_M and mine.pulse.nozzle == other.pulse.nozzle and same_train:
        return
    yield _change("moved", mine, _told(other), _told(mine), round(1000 * metres, 1))


def _change(kind: Kind, shot: Shot, before: str, after: str, moved_mm: float = 0.0) -> Change:
    s, h, d = (round(x, 4) for x in shot.pulse.places[0])
    return Change(kind, round(shot.t, 3), shot.row, shot.pulse.side, (s, h, d), before, after, moved_mm)


def _told(shot: Shot) -> str:
    pulse = shot.pulse
    flowers = "flower " if len(pulse.flower_ids) == 1 else "flowers "
    flowers += ", ".join(map(str, pulse.flower_ids))
    train = f"{pulse.train.count} x {pulse.train.on_us / 1000:g} ms"
    return f"shot at {flowers} with nozzle {pulse.nozzle} at s = {pulse.aim[0]:.3f} m, {train}"


def _why_not(track: Track, shot: Shot) -> str:
    """Return what the run that has no such shot made of the flower."""
    place = shot.pulse.places[0]
    for one in track.shots:
        if (one.row, one.pulse.side) != (shot.row, shot.pulse.side):
            continue
        if any(_distance(place, covered) <= SAME_FLOWER_M for covered in one.pulse.places):
            if one.refused:
                return f"refused by safety: {one.refused.replace('_', ' ')}"
            return f"covered by the shot at flower {one.pulse.flower_ids[0]}"
    nearest = _nearest(track.left, shot, place)
    if nearest is None:
        return "no such flower on the map"
    return f"flower {nearest.flower_id} left: {nearest.reason.value.replace('_', ' ')}"


def _nearest(left: Iterable[Left], shot: Shot, place: Place) -> Left | None:
    """Return the last word on the flower that stands nearest."""
    here = [one for one in left if (one.row, one.side) == (shot.row, shot.pulse.side)]
    near = [one for one in here if _distance(place, one.place) <= SAME_FLOWER_M]
    if not near:
        return None
    flower_id = min(near, key=lambda one: _distance(place, one.place)).flower_id
    return next(one for one in reversed(near) if one.flower_id == flower_id)
