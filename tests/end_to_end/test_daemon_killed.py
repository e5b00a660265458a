"""The daemon dies in the middle of a train: the core closes every valve, the next daemon goes on."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from robot.build import core_config
from robot.config import DEMO_MACHINE, load_config, with_overrides
from robot.settings import SHIPPED_MODEL
from robot.types import CommandName, Mode
from sim.live_world import LiveWorld
from sim.mcu_process import McuProcess
from sim.realtime import Operator, daemon_command, write_machine
from sim.scenario import load_scenario
from vision.types import Stage

DEADMAN_S = 0.25
ROW_M = 3.0

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.slow,
    pytest.mark.skipif(not SHIPPED_MODEL.exists(), reason="the shipped model is not there"),
]


@contextmanager
def daemon(machine: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(daemon_command(machine))
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


def wait_for(done: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, f"waited {seconds} s in vain for {what}"


def start(operator: Operator) -> None:
    def ready() -> bool:
        operator.look(0.2)
        return operator.snapshot is not None and operator.snapshot.mode is Mode.READY

    wait_for(ready, 60, "READY")
    operator.press(CommandName.START)


def test_valves_shut_in_time_and_nothing_is_treated_twice(tmp_path: Path) -> None:
    scenario = load_scenario("demo", length_m=ROW_M)
    config = with_overrides(
        load_config(DEMO_MACHINE),
        {"row.length": ROW_M, "row.start_s": scenario.vehicle.start_s, "dashboard.enabled": False},
    )
    mcu = McuProcess(tmp_path, core_config(config))
    world = LiveWorld(scenario, 1, config, mcu.page, tmp_path)
    machine = write_machine(
        config.model_dump(mode="json", exclude_unset=True), world, mcu.port, tmp_path, None
    )
    world.start()
    try:
        with daemon(machine) as first:
            operator = Operator(tmp_path / "telemetry.sock")
            start(operator)
            wait_for(lambda: len(world.plant.jets.trains) >= 3 and mcu.page.valves != 0, 60, "an open valve")
            os.kill(first.pid, signal.SIGKILL)
            killed_at = time.monotonic()
            first.wait()
            operator.close()
        wait_for(lambda: mcu.page.valves == 0, 5, "closed valves")
        time.sleep(1.0)
        last_train = max(train.track[-1][0] for train in world.plant.jets.trains)
        assert mcu.page.valves == 0
        assert last_train <= killed_at + DEADMAN_S + 0.05
        before = len(world.plant.jets.trains)

        connection = sqlite3.connect(tmp_path / "ledger.sqlite")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()

        with daemon(machine):
            operator = Operator(tmp_path / "telemetry.sock")
            start(operator)

            def done() -> bool:
                operator.look(0.2)
                return operator.snapshot is not None and operator.snapshot.mode is Mode.DONE

            wait_for(done, 90, "the row's end")
            operator.close()
    finally:
        world.stop()
        mcu.stop()
    dose = scenario.jets.treated_dose
    treated = [
        {
            (train.side, flower)
            for train in trains
            for flower, given in train.dose.items()
            if given >= dose and world.truths[train.side].stage[flower] == Stage.OPEN
        }
        for trains in (world.plant.jets.trains[:before], world.plant.jets.trains[before:])
    ]
    assert treated[1], "the second daemon treated nothing"
    assert not treated[0] & treated[1]
