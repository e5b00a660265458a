"""Made-up houses and histories for comparing planners: a central path, rows on both sides, robots at docks."""

from __future__ import annotations

from math import ceil

import numpy as np

from robot.mission.day import Visits
from robot.mission.due import DAY_S, HOUR_S, LastVisit, RowSide, Window, expected_ready
from robot.mission.house import BlockConfig, DockConfig, HeadlandConfig, HouseConfig, RobotConfig
from robot.mission.house_map import House

ROBOTS_PER_DOCK = 4
PITCH_M = 1.6
LONG_M, SHORT_M = 160.0, 120.0
"""Rows above and below the path; 160 m in a large house (vendor pages), 120 m and the layout are assumed."""
SKIPPED_SHARE = 0.03
"""Rows that a day of the history left out: a blocked row, a fault (assumed)."""
LATEST_START_S = 2400.0
"""Robots of the history began up to this long after the opening (assumed)."""
MOST_DAYS = 30
INFECTED_SHARE = NO_GO_SHARE = 0.01
OPENING = 1_700_000_000.0
"""Wall time of a made-up day's opening, POSIX s; only differences matter."""


def made_up_house(rows: int, robots: int, seed: int) -> HouseConfig:
    """Return a regular house of `rows` rows and `robots` robots; some rows infected or not to be entered."""
    random = np.random.default_rng((seed, 1))
    above, below = ceil(rows / 2), rows // 2
    length = max(above * PITCH_M, PITCH_M)
    blocks = [BlockConfig(name="north", headland="path", count=above, length=LONG_M, toward="up")]
    if below:
        blocks.append(BlockConfig(name="south", headland="path", count=below, length=SHORT_M, toward="down"))
    names = [f"{block.name}-{number + 1:03d}" for block in blocks for number in range(block.count)]
    shuffled = [names[i] for i in random.permutation(len(names))]
    infected, no_go = int(rows * INFECTED_SHARE), int(rows * NO_GO_SHARE)
    return HouseConfig(
        name=f"made up, {rows} rows",
        headlands=(HeadlandConfig(name="path", end=(length, 0.0)),),
        blocks=tuple(blocks),
        docks=made_up_docks(robots, "path", length),
        robots=made_up_robots(robots, [dock.name for dock in made_up_docks(robots, "path", length)]),
        infected=tuple(shuffled[:infected]),
        no_go=tuple(shuffled[infected : infected + no_go]),
    )


def made_up_docks(robots: int, headland: str, length: float) -> tuple[DockConfig, ...]:
    """Return docks for four robots each, evenly along the headland."""
    count = ceil(robots / ROBOTS_PER_DOCK)
    return tuple(
        DockConfig(name=f"dock-{i + 1}", headland=headland, at=round(length * (i + 0.5) / count, 3))
        for i in range(count)
    )


def made_up_robots(robots: int, docks: list[str]) -> tuple[RobotConfig, ...]:
    """Return robots spread evenly over the docks."""
    return tuple(
        RobotConfig(name=f"bee-{i + 1:02d}", dock=docks[i * len(docks) // robots]) for i in range(robots)
    )


def made_up_window(house: House) -> Window:
    """Return a window of the house's hours."""
    climate = house.config.climate
    closes = OPENING + (climate.close_hour - climate.open_hour) * HOUR_S
    return Window(OPENING, closes, OPENING + DAY_S)


def made_up_visits(house: House, seed: int, scattered: bool = False) -> Visits:
    """Return a history of last visits, each row with a crop of its own.

    It is what this house's own robots would have left: each swept its share of the rows, day after day, with
    late starts and skipped rows. `scattered` instead gives each row any time one to three days ago.
    """
    random = np.random.default_rng((seed, 2))
    window = made_up_window(house)
    last = _any_time(house, window, random) if scattered else _swept(house, window, random)
    found = {}
    for row in house.rows.values():
        crop = float(random.lognormal(0.0, 0.25))
        for side in row.sides:
            full = RowSide(row.name, side, row.length, row.pitch)
            found[row.name, side] = LastVisit(
                last.get(row.name), crop * expected_ready(full, window.opens, house.config.due)
            )
    return found


def _any_time(house: House, window: Window, random: np.random.Generator) -> dict[str, float]:
    days = random.choice((1, 2, 3), p=(0.52, 0.44, 0.04), size=len(house.rows))
    hours = random.uniform(0.07, 1.0, len(house.rows)) * (window.closes - window.opens)
    return {
        row: window.opens - float(d) * DAY_S + float(h)
        for row, d, h in zip(house.rows, days, hours, strict=True)
    }


def _swept(house: House, window: Window, random: np.random.Generator) -> dict[str, float]:
    """Each robot sweeps its stretch of the headland, from where it stopped the day before."""
    rows = sorted(
        (row for row in house.rows.values() if not row.no_go), key=lambda row: (row.head.x, row.name)
    )
    motion, last = house.config.motion, dict[str, float]()
    for share in np.array_split(np.arange(len(rows)), max(1, len(house.config.robots))):
        mine = [rows[i] for i in share]
        at = int(random.integers(0, max(1, len(mine))))
        for day in range(min(MOST_DAYS, 2 + len(mine)), 0, -1):
            opening = window.opens - day * DAY_S
            t = opening + float(random.uniform(0.0, LATEST_START_S))
            for _ in range(len(mine)):
                row = mine[at % len(mine)]
                t += motion.visit_s(row.length) * float(random.uniform(1.0, 1.1))
                if t > opening + window.closes - window.opens:
                    break
                at += 1
                if random.random() >= SKIPPED_SHARE:
                    last[row.name] = t
    return last
