"""Flowers that were treated again in a later pass or after a restart, by a ledger over all its rows."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from math import dist
from pathlib import Path

from robot.types import Place

TARGETS = """
SELECT i.row, i.side, i.wall, f.s, f.h, f.d
FROM intent i JOIN intent_flower f USING (pulse_id) LEFT JOIN outcome o USING (pulse_id)
WHERE o.outcome IS NULL OR o.outcome NOT IN ('not_fired', 'refused') ORDER BY i.pulse_id
"""
"""What had air, or may have had."""

BIN_M = 0.1

SAME_PASS_S = 2.0
"""Two jets that overlap in one pass are the planner's choice; a second visit comes later."""


def treated_twice(ledger: Path, same_flower_m: float) -> int:
    """Return how many places had a pulse within `same_flower_m` of one of over `SAME_PASS_S` before."""
    with closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as db:
        targets = db.execute(TARGETS).fetchall()
    seen: defaultdict[tuple[str, str, int], list[tuple[float, Place]]] = defaultdict(list)
    twice = 0
    for row, side, wall, *place in targets:
        here: Place = (place[0], place[1], place[2])
        bin_s = int(here[0] // BIN_M)
        near = [known for at in (bin_s - 1, bin_s, bin_s + 1) for known in seen[row, side, at]]
        twice += any(wall - then > SAME_PASS_S and dist(there, here) <= same_flower_m for then, there in near)
        seen[row, side, bin_s].append((wall, here))
    return twice
