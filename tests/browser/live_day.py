"""A day in a small house with everything real but the crop: world, C core, daemon and page, each its own process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from robot.build import core_config
from robot.children import end_process, free_port, page_arguments
from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config, with_overrides
from sim.live_world import LiveWorld
from sim.mcu_process import McuProcess
from sim.realtime import Operator, daemon_command, write_machine
from sim.scenario import load_scenario

HOUSE = """
name = "three rows"
[[headlands]]
name = "path"
end = [8.0, 0.0]
[[blocks]]
name = "north"
headland = "path"
count = 3
first_at = 1.6
length = 12.0
first_tag = 1
[[docks]]
name = "dock"
headland = "path"
at = 7.0
[[robots]]
name = "demo"
dock = "dock"
[climate]
open_hour = 0.0
close_hour = 24.0
"""
READY_S = 240.0


@dataclass
class LiveDay:
    """The parts that a test ends and begins again; `url` is the page."""

    folder: Path
    machine: Path
    url: str
    accounts: Path
    daemon: subprocess.Popen[bytes]
    board: subprocess.Popen[bytes]

    def kill_daemon(self) -> None:
        """End the control process as a power cut would."""
        os.kill(self.daemon.pid, signal.SIGKILL)
        self.daemon.wait()

    def start_daemon(self) -> None:
        """Begin it again."""
        self.daemon = _daemon(self.machine, self.folder)

    def await_robot(self) -> None:
        """Wait until control process and page show themselves; raises TimeoutError."""
        clock, operator = MonotonicClock(), Operator(self.folder / "telemetry.sock")
        until = clock.now() + READY_S
        while operator.snapshot is None or not self._page_listens():
            if clock.now() > until or self.daemon.poll() is not None:
                raise TimeoutError((self.folder / "log").read_text())
            operator.look(0.5)
        operator.close()

    def _page_listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(self.url.rstrip("/").rpartition(":")[2]))) == 0


@contextmanager
def live_day(folder: Path, record: Path | None = None) -> Iterator[LiveDay]:
    """Start everything in `folder`, and end it; the day is recorded into the folder `record`."""
    scenario = load_scenario("demo", length_m=12.0)
    (folder / "house.toml").write_text(HOUSE)
    overrides = {
        **scenario.machine_overrides(),
        "mission.house": str(folder / "house.toml"),
        "mission.plan_s": 0.0,
        "dashboard.port": 0,
    }
    config = with_overrides(load_config(DEMO_MACHINE), overrides)
    mcu = McuProcess(folder, core_config(config))
    world = LiveWorld(scenario, 1, config, mcu.page, folder)
    data = config.model_dump(mode="json", exclude_unset=True)
    machine = write_machine(data, world, mcu.port, folder, record)
    settings = load_config(machine)
    port = free_port(settings.dashboard)
    world.start()
    command = [sys.executable, "-m", "robot.dashboard", *page_arguments(settings, machine, port)]
    with (folder / "board.log").open("wb") as log:
        board = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/"
    day = LiveDay(folder, machine, url, settings.dashboard.accounts, _daemon(machine, folder), board)
    try:
        day.await_robot()
        yield day
    finally:
        end_process(day.daemon, 10.0)
        end_process(board, 10.0)
        world.stop()
        mcu.stop()


def _daemon(machine: Path, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen([*daemon_command(machine), "--alone"], stdout=log, stderr=log)
