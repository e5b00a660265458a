"""Times the simulator: rows in lock-step against real time, and a season's cost per flower in small and large houses."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import Any

from sim.lockstep import LockstepRow, machine_for
from sim.scenario import load_scenario
from sim.season.config import load_season, season_house
from sim.season.response import load_response
from sim.season.season import run_season
from sim.troubles import SimLedger

TARGETS = {"onnx": 2.0, "truth": 100.0}
"""Times real time."""
DRIVEN_M = {"onnx": 0.3, "truth": 2.0}
SHORT_M, LONG_M = 2.0, 160.0
"""Cost per frame must not grow with the row: the same way is driven at the head of both."""
SEASON_DAYS, WARM_UP_ROWS = 4, 1


def bench_speed(rows: int) -> dict[str, Any]:
    """Return times real time of both detectors, and cost per frame and per flower, small against large."""
    lockstep = {name: _row(name, SHORT_M) for name in ("truth", "onnx")}
    long = _row("truth", LONG_M)
    _season(WARM_UP_ROWS)
    return {
        "lockstep": lockstep,
        "targets": TARGETS,
        "cpu_ms_per_frame": {
            f"row of {SHORT_M:g} m": lockstep["truth"]["cpu_ms_per_frame"],
            f"row of {LONG_M:g} m": long["cpu_ms_per_frame"],
        },
        "season_us_per_flower_and_day": {f"{count} rows": _season(count) for count in sorted({1, rows})},
    }


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
    house, config, response = (
        season_house(None, rows, max(1, rows // 12)),
        load_season("spring"),
        load_response(),
    )
    began = process_time()
    tally = run_season(house, config, response, "robot", SEASON_DAYS, seed=1)
    return round(1e6 * (process_time() - began) / (tally.most_alive * SEASON_DAYS), 4)
