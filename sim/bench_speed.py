"""Times the simulator: rows in lock-step against real time, seasons, and what both cost in small and large houses."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import Any

from sim.lockstep import LockstepRow, machine_for
from sim.scenario import load_scenario
from sim.season.config import load_season, season_house
from sim.season.response import load_response
from sim.season.season import Tally, run_season
from sim.troubles import SimLedger

TARGETS = {"onnx": 2.0, "truth": 100.0, "season_s": 600.0}
"""Times real time, and seconds at most for a season of 14 days in 60 rows."""
TRIES = 3
"""Each row is driven so often and its quickest drive counts: other programs only ever slow it down."""
DRIVEN_M = {"onnx": 0.3, "truth": 2.0}
SHORT_M, LONG_M = 2.0, 160.0
"""Cost per frame must not grow with the row: the same way is driven at the head of both."""
SEASON_DAYS, WARM_UP_ROWS = 4, 1
WHOLE_DAYS, WHOLE_ROWS, LONG_DAYS = 14, 60, 42


def bench_speed(rows: int) -> dict[str, Any]:
    """Return times real time of both detectors, and cost per frame and per flower, small against large."""
    # In turns, so that the machine's load hits them alike.
    kinds = (("truth", SHORT_M), ("truth", LONG_M), ("onnx", SHORT_M))
    drives = [[_row(*kind) for kind in kinds] for _ in range(TRIES)]
    truth, long, onnx = (min(tries, key=_own_s) for tries in zip(*drives, strict=True))
    lockstep = {"truth": truth, "onnx": onnx}
    _season(WARM_UP_ROWS)
    return {
        "lockstep": lockstep,
        "targets": TARGETS,
        "cpu_ms_per_frame": {
            f"row of {SHORT_M:g} m": lockstep["truth"]["cpu_ms_per_frame"],
            f"row of {LONG_M:g} m": long["cpu_ms_per_frame"],
        },
        "season": _whole_season(),
        "season_us_per_flower_and_day": {f"{count} rows": _season(count) for count in sorted({1, rows})},
    }


def _own_s(row: dict[str, float]) -> float:
    return row["sim_s"] / row["times_real_time_by_main_thread"]


def _row(detector: str, length_m: float) -> dict[str, float]:
    """Drive the beginning of a row. The main thread's own seconds are what a second, free core leaves to wait for."""
    scenario = load_scenario("row", length_m=length_m)
    with tempfile.TemporaryDirectory(prefix="bombus-") as folder:
        config = machine_for(scenario, None, Path(folder) / "ledger.sqlite")
        row = LockstepRow(scenario, 1, config, detector, SimLedger(config.ledger.path))
        began = perf_counter(), process_time(), thread_time()
        row.drive_to(DRIVEN_M[detector])
        wall_s, cpu_s, own_s = (
            now - then
            for now, then in zip((perf_counter(), process_time(), thread_time()), began, strict=True)
        )
        row.close()
    frames = sum(side.frames for side in row.loop.sights.values())
    sim_s = row.clock.now()
    return {
        "sim_s": round(sim_s, 1),
        "frames": frames,
        "times_real_time": round(sim_s / wall_s, 2),
        "times_real_time_by_cpu": round(sim_s / cpu_s, 2),
        "times_real_time_by_main_thread": round(sim_s / own_s, 2),
        "cpu_ms_per_frame": round(1000.0 * cpu_s / max(frames, 1), 3),
    }


def _season(rows: int) -> float:
    """Return the processor's microseconds for each living flower and day."""
    began = process_time()
    tally = _drive_season(rows, SEASON_DAYS)
    return round(1e6 * (process_time() - began) / (tally.most_alive * SEASON_DAYS), 4)


def _drive_season(rows: int, days: int) -> Tally:
    house = season_house(None, rows, max(1, rows // 12))
    return run_season(house, load_season("spring"), load_response(), "robot", days, seed=1)


def _whole_season() -> dict[str, Any]:
    """Return how long a season takes, and the most memory that it and one three times as long hold at once."""
    began = perf_counter()
    _drive_season(WHOLE_ROWS, WHOLE_DAYS)
    seconds = perf_counter() - began
    return {
        "rows": WHOLE_ROWS,
        "days": WHOLE_DAYS,
        "seconds": round(seconds, 2),
        "peak_mib": {f"{days} days": _peak_mib(days) for days in (WHOLE_DAYS, LONG_DAYS)},
    }


def _peak_mib(days: int) -> float:
    tracemalloc.start()
    try:
        _drive_season(WHOLE_ROWS, days)
        return round(tracemalloc.get_traced_memory()[1] / 2**20, 1)
    finally:
        tracemalloc.stop()
