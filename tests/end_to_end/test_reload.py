"""A running `bombus run` takes its machine file anew, refuses a bad one, and goes on with the old one when it must."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tomlkit

from robot.build import core_config
from robot.children import end_process
from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, config_id, load_config
from robot.snapshot import Snapshot
from sim.mcu_process import McuProcess
from sim.realtime import Operator

PATIENCE_S = 90.0
pytestmark = [pytest.mark.slow, pytest.mark.realtime]


class Running:
    """The daemon on a board behind a pty, without cameras, and an operator who looks at it."""

    def __init__(self, folder: Path) -> None:
        config = load_config(DEMO_MACHINE)
        self._mcu = McuProcess(folder, core_config(config))
        data = config.model_dump(mode="json", exclude_unset=True)
        data["serial"] = {"port": str(self._mcu.port)}
        data["ledger"] = {"path": str(folder / "ledger.sqlite")}
        data["alerts"] = {"path": str(folder / "alerts.sqlite")}
        data["dashboard"] = {"socket": str(folder / "t.sock"), "enabled": False}
        self.data, self.machine = data, folder / "machine.toml"
        self.machine.write_text(tomlkit.dumps(data))
        command = [sys.executable, "-m", "bombus", "run", "--config", str(self.machine), "--json"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._operator = Operator(folder / "t.sock")

    def wait_for(self, what: Callable[[Snapshot], bool]) -> Snapshot:
        clock = MonotonicClock()
        until = clock.now() + PATIENCE_S
        while clock.now() < until:
            self._operator.look(0.5)
            seen = self._operator.snapshot
            if seen is not None and what(seen):
                return seen
            assert self.process.poll() is None, self.process.stderr.read() if self.process.stderr else ""
        raise AssertionError("not seen in time")

    def written(self, name: str, **row: object) -> Path:
        path = self.machine.with_name(name)
        path.write_text(tomlkit.dumps({**self.data, "row": {**self.data["row"], **row}}))
        return path

    def end(self) -> tuple[int, str]:
        self._operator.close()
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        self._mcu.stop()
        return self.process.returncode, said


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    yield one
    if one.process.poll() is None:
        end_process(one.process, 5.0)


def bombus(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bombus", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_new_file_is_taken_a_bad_one_refused_and_one_that_cannot_run_given_up(running: Running) -> None:
    first = running.machine.read_text()
    running.wait_for(lambda seen: seen.config == config_id(first))

    longer = running.written("longer.toml", length=33.0)
    done = bombus("config", "apply", longer, "--config", running.machine)
    assert done.returncode == 0, done.stderr
    assert "the robot has taken it" in done.stderr
    assert running.wait_for(lambda seen: seen.config == config_id(longer.read_text())).row.length == 33.0

    running.data["serial"]["port"] += "-not-there"
    done = bombus("config", "apply", running.written("lost.toml"), "--config", running.machine)
    assert done.returncode == 1
    assert "as before" in done.stderr
    assert "not there; plug in the cable" in done.stderr
    assert running.machine.read_text() == longer.read_text()
    seen = running.wait_for(lambda seen: bool(seen.config_problem))
    assert seen.config == config_id(longer.read_text())
    assert "config_given_up" in [alert.code for alert in seen.alerts]

    running.machine.write_text("[row]\nlength = -1\n")
    running.process.send_signal(signal.SIGHUP)
    MonotonicClock().sleep_until(MonotonicClock().now() + 1.0)
    code, said = running.end()
    assert code == 0
    assert "machine file not taken" in said
    assert "row.length = -1" in said
