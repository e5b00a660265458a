"""Fills a ledger as weeks of work in the demonstration house would have: for browser tests and pictures of pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from robot.ledger import FinalFlower, Ledger, PulseState, Settled
from robot.mission.house import DEMO_HOUSE, load_house
from robot.mission.house_map import Row, lay_out
from robot.types import PlannedPulse, Reason, Train
from vision.types import Side

DAY_S = 86_400.0
REASONS = ("treated", Reason.LATE, Reason.NOZZLE_BUSY, Reason.BUD_IN_JET, Reason.UNSURE, Reason.NOT_READY)
SHARES = (0.62, 0.05, 0.04, 0.05, 0.08, 0.16)
HOURS_AGO = (3.0, 5.0, 22.0, 26.0, 30.0, 44.0, 47.0, 60.0)


def fill(
    path: Path,
    now: float,
    rows: int = 40,
    metres: float = 160.0,
    older_weeks: int = 2,
    house: Path = DEMO_HOUSE,
) -> None:
    """Write one pass a row, and a few short ones in the weeks before; `now` is wall time in POSIX s."""
    laid_out = lay_out(load_house(house))
    random = np.random.default_rng(7)
    ledger = Ledger(path)
    ledger._db.execute("PRAGMA synchronous = OFF")  # made up: nothing is lost with it
    old = [now - (week + 1) * 7 * DAY_S for week in range(older_weeks)]
    todo = [(row, wall) for wall in sorted(old) for row in list(laid_out.rows.values())[:4]]
    for number, row in enumerate(list(laid_out.rows.values())[:rows]):
        if not row.no_go and number % 9 != 8:
            todo.append((row, now - HOURS_AGO[number % len(HOURS_AGO)] * 3600.0))
    pulse = 0
    for row, wall in sorted(todo, key=lambda one: one[1]):
        reach = min(row.length, metres) * (0.4 if row.name == "north-006" else 1.0)
        pulse = _pass(ledger, row, wall, reach, pulse, random)
    ledger.close(now)


def _pass(
    ledger: Ledger, row: Row, wall: float, reach: float, pulse: int, random: np.random.Generator
) -> int:
    ledger.begin(row.name, wall - reach / 0.15)
    ledger.note("mode", "ready -> running", "Ana", 5.0, wall - reach / 0.15)
    for side in row.sides:
        flowers = _flowers(side, reach, random)
        ledger.finish_flowers(flowers, wall)
        shot = [one for one in flowers if one.reason == "treated"][:40]
        pulses = [_pulse(pulse + 1 + i, one) for i, one in enumerate(shot)]
        ledger.intend(pulses, row.name, 5.0, wall)
        ledger.settle([Settled(one.pulse_id, PulseState.DONE, openings=3) for one in pulses], wall)
        pulse += len(pulses)
    ledger.note("mode", "running -> done", "", 5.0, wall)
    return pulse


def _flowers(side: Side, reach: float, random: np.random.Generator) -> list[FinalFlower]:
    count = int(reach * 5)
    s, h = np.sort(random.uniform(0, reach, count)), random.uniform(1.3, 1.9, count)
    reasons = random.choice(len(REASONS), count, p=SHARES)
    return [
        FinalFlower(side, i, (float(s[i]), float(h[i]), 0.42), str(REASONS[reasons[i]])) for i in range(count)
    ]


def _pulse(number: int, one: FinalFlower) -> PlannedPulse:
    train = Train(15000, 41667, 3)
    return PlannedPulse(number, one.side, 7, 0, 1, train, one.place, (one.flower_id,), (one.place,))
