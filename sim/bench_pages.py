"""The control loop's times with nobody on the page, and with a crowd and an attacker on it: the real daemon, live."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from rich.console import Console

from robot.clock import MonotonicClock
from robot.stopwatch import KEEP
from robot.types import CommandName, Mode
from sim.bench import machine_said
from sim.realtime import START_LIMIT_S, LiveRobot, RealtimeError, live_robot
from sim.scenario import load_scenario

VIEWERS, RATE = 10, 500.0
ROW_M = 60.0
SPEED_M_S = 0.15
SETTLE_S = 8.0
"""Until the stopwatch's last laps are all of a phase: it keeps the last 512 steps, frames and all."""
LAPS = ("step", "frame_age", "detect")
SPARE_M = 4.0


def longest_phase_s() -> float:
    """Return how long each of the three phases may be at most: the row has an end."""
    return (ROW_M - SPARE_M) / SPEED_M_S / 3.0 - SETTLE_S


def bench_pages(seconds: float, console: Console) -> dict[str, Any]:
    """Return the loop's p50 and p99 before, during and after; raises RealtimeError."""
    scenario = load_scenario("demo", length_m=ROW_M, speed_m_s=SPEED_M_S)
    with live_robot(scenario, 1, None, 0, None, console) as live:
        live.await_page()
        _set_off(live)
        before = _phase(live, seconds)
        crowd = _crowd(live.url, seconds + SETTLE_S)
        try:
            during = _phase(live, seconds)
            said, _ = crowd.communicate(timeout=60)
        finally:
            crowd.kill()
            crowd.wait()
        if crowd.returncode != 0:
            raise RealtimeError(f"the crowd ended with {crowd.returncode}; see its message above")
        after = _phase(live, seconds)
        left = [fault.code for fault in live.operator.snapshot.faults] if live.operator.snapshot else []
    return {
        "loop": {"before": before, "during": during, "after": after},
        "crowd": json.loads(said),
        "faults": left,
        "seconds": seconds,
        "load": [round(one, 1) for one in os.getloadavg()],
        "machine": machine_said(),
    }


def _set_off(live: LiveRobot) -> None:
    clock = MonotonicClock()
    until, pressed = clock.now() + START_LIMIT_S, False
    while clock.now() < until:
        seen = live.look(0.5)
        if seen is not None and seen.mode is Mode.RUNNING:
            return
        if seen is not None and seen.mode is Mode.READY and not pressed:
            live.operator.press(CommandName.START)
            pressed = True
    raise RealtimeError(f"the robot did not set off within {START_LIMIT_S:.0f} s; see its messages above")


def _phase(live: LiveRobot, seconds: float) -> dict[str, dict[str, float]]:
    """Return each lap's p50 and p99 in ms, the middle and the worst of the windows that lie in the phase."""
    clock = MonotonicClock()
    begun, windows = clock.now(), []
    last = begun + SETTLE_S
    while clock.now() < begun + SETTLE_S + seconds:
        seen = live.look(0.5)
        if seen is None or seen.mode is not Mode.RUNNING:
            what = "nothing" if seen is None else f"{seen.mode.value}: {seen.reason}"
            raise RealtimeError(f"the robot does not work its row any more ({what}); nothing to measure")
        # Windows overlap: one a second is plenty.
        if clock.now() >= last:
            last += 1.0
            windows.append(seen.latency_ms)
    return {name: _over([one[name] for one in windows if name in one]) for name in LAPS}


def _over(windows: list[tuple[float, float]]) -> dict[str, float]:
    if not windows:
        raise RealtimeError(f"the loop told no times in its last {KEEP} steps; measure longer")
    p50, p99 = sorted(one[0] for one in windows), sorted(one[1] for one in windows)
    middle = len(windows) // 2
    return {
        "p50_ms": round(p50[middle], 2),
        "p99_ms": round(p99[middle], 2),
        "worst_p99_ms": round(p99[-1], 2),
    }


def _crowd(url: str, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sim.crowd", "--url", url, "--viewers", str(VIEWERS)]
    command += ["--rate", str(RATE), "--seconds", str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
