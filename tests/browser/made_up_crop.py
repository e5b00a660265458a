"""Counts as a grower would enter them over six weeks, and the demonstration house with control rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from robot.clock import Clock
from robot.dashboard.counts import Count, Counts
from robot.dashboard.store import Store
from robot.mission.house import DEMO_HOUSE

CONTROLS = ("north-010", "south-010")
COUNTED = ("north-002", "north-004", "south-003", "south-005", *CONTROLS)
WEEKS = 4


def with_controls(path: Path) -> None:
    """Write the demonstration house, with two cultivars and two control rows, to `path`."""
    text = DEMO_HOUSE.read_text().replace(
        "no_go =", f"controls = {list(CONTROLS)}\nno_go =".replace("'", '"')
    )
    for block, cultivar in (("north", "Merlice"), ("south", "Xandor")):
        text = text.replace(f'name = "{block}"', f'cultivar = "{cultivar}"\nname = "{block}"')
    path.write_text(text)


def count_crop(accounts: Path, clock: Clock) -> None:
    """Enter a count a week for each of COUNTED: 88 % fruit set with robot, 78 % without."""
    random, now = np.random.default_rng(3), clock.wall()
    store = Store(accounts)
    counts = Counts(store)
    for number, row in enumerate(COUNTED):
        for week in range(WEEKS):
            day = (now - timedelta(days=7 * (WEEKS - 1 - week))).date()
            share = (0.78 if row in CONTROLS else 0.88) + random.normal(0.0, 0.015)
            flowers = int(random.integers(90, 150))
            truss = 6.0 + 0.1 * number + week * 0.86 + random.normal(0.0, 0.06)
            count = Count(0, day, row, flowers, round(share * flowers), round(truss, 1), "Ana")
            counts.add(count, now.timestamp())
    store.close()
