"""A daemon on a board behind a pty, for tests that start, stop and watch it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tomlkit

from robot.build import core_config
from robot.children import end_process
from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config
from robot.snapshot import Snapshot
from sim.mcu_process import McuProcess
from sim.realtime import Operator

PATIENCE_S = 90.0


class Running:
    """The daemon on a board behind a pty, without cameras, and an operator who looks at it."""

    def __init__(self, folder: Path, state: Path | None = None) -> None:
        """`state` is where ledger and alerts lie, `folder` when left out."""
        state = state or folder
        config = load_config(DEMO_MACHINE)
        self._mcu = McuProcess(folder, core_config(config))
        data = config.model_dump(mode="json", exclude_unset=True)
        data["serial"] = {"port": str(self._mcu.port)}
        data["ledger"] = {"path": str(state / "ledger.sqlite")}
        data["alerts"] = {"path": str(state / "alerts.sqlite")}
        data["dashboard"] = {"socket": str(folder / "t.sock"), "enabled": False}
        self.data, self.machine = data, folder / "machine.toml"
        self.machine.write_text(tomlkit.dumps(data))
        self.start()

    def start(self) -> None:
        """Start the daemon, for the first time or once more."""
        command = [sys.executable, "-m", "bombus", "run", "--config", str(self.machine), "--json"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.operator = Operator(self.machine.with_name("t.sock"))

    def kill(self) -> None:
        """End it as kill -9 does."""
        self.operator.close()
        self.process.kill()
        self.process.communicate(timeout=PATIENCE_S)

    def wait_for(self, what: Callable[[Snapshot], bool]) -> Snapshot:
        clock = MonotonicClock()
        until = clock.now() + PATIENCE_S
        while clock.now() < until:
            self.operator.look(0.5)
            seen = self.operator.snapshot
            if seen is not None and what(seen):
                return seen
            assert self.process.poll() is None, self.process.stderr.read() if self.process.stderr else ""
        raise AssertionError("not seen in time")

    def written(self, name: str, **row: object) -> Path:
        path = self.machine.with_name(name)
        path.write_text(tomlkit.dumps({**self.data, "row": {**self.data["row"], **row}}))
        return path

    def end(self) -> tuple[int, str]:
        self.operator.close()
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        self._mcu.stop()
        return self.process.returncode, said

    def stop(self) -> None:
        """End whatever still runs."""
        self.operator.close()
        if self.process.poll() is None:
            end_process(self.process, 5.0)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        self._mcu.stop()
