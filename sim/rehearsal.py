"""`make rehearse`: installs the package into a scratch root and works a row through the units' own commands.

Install, start as systemd would (accounts, folders, notifications), a row in the real-time simulation, the page's
answers, upgrade, going back, removal. `python -m sim.rehearsal PACKAGE.deb`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

import tomlkit

from robot.build import core_config
from robot.children import free_port
from robot.clock import MonotonicClock
from robot.config import load_config
from robot.read_only import read_only
from robot.settings import RobotConfig
from robot.types import CommandName, Mode
from sim.live_world import LiveWorld
from sim.mcu_process import McuProcess
from sim.realtime import Operator
from sim.scenario import ScenarioConfig, load_scenario
from sim.scratch_root import RehearsalError, ScratchRoot, Service, running, with_version

READY_S = 120.0
ROW_S = 180.0
UNITS = ("bombus", "bombus-dashboard")
CLEAN = {0, -signal.SIGTERM}
"""Exit codes that systemd takes for a stop in good order."""


def main() -> int:
    """Rehearse; 0 when every step was as it must be, 1 with one line when not, 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m sim.rehearsal", description=__doc__)
    parser.add_argument("package", type=Path, help="what `make deb` made")
    parser.add_argument("--length", type=float, default=2.0, help="metres of row (default 2)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if not options.package.is_file() or not 0.5 <= options.length <= 50:
        print(f"rehearsal: {options.package}: name a package, and a length of 0.5 to 50 m", file=sys.stderr)
        return 2
    started = perf_counter()
    done: dict[str, Any] = {}
    say = (lambda text: None) if options.json else (lambda text: print(text, flush=True))
    with tempfile.TemporaryDirectory(prefix="bombus-root-") as folder:
        log = Path(folder) / "services.log"
        try:
            done = _Rehearsal(Path(folder), options.package, options.length, log, say).run()
        except RehearsalError as error:
            said = log.read_text(errors="replace").splitlines()[-15:] if log.is_file() else []
            print("\n".join([*said, f"rehearsal: {error}"]), file=sys.stderr)
            return 1
    done["seconds"] = round(perf_counter() - started, 1)
    print(json.dumps(done) if options.json else f"rehearsed in {done['seconds']} s: all as it must be")
    return 0


class _Rehearsal:
    def __init__(
        self, folder: Path, package: Path, length_m: float, log: Path, say: Callable[[str], None]
    ) -> None:
        folder.chmod(0o755)  # the services' accounts go through it
        self._folder, self._package, self._log, self._say = folder, package.resolve(), log, say
        self._scratch = ScratchRoot(folder / "root")
        self._machine = self._scratch.root / "etc/bombus/machine.toml"
        self._scenario: ScenarioConfig = load_scenario("demo", length_m=length_m)
        self._operator: Operator | None = None

    def run(self) -> dict[str, Any]:
        """Go through it, from installing to purging."""
        version = self._scratch.install(self._package)
        self._say(f"installed {version} into {self._scratch.root}")
        with ExitStack() as stack:
            config = self._wire(stack)
            row = self._work_a_row(config)
            newer = with_version(self._package, f"{version}+rehearsal", self._folder / "newer.deb")
            kept = self._machine.read_bytes()
            for package, what in ((newer, "upgraded to"), (self._package, "went back to")):
                now = self._scratch.install(package)
                if self._machine.read_bytes() != kept:
                    raise RehearsalError(f"{what} {now}: the machine file changed")
                self._starts_again(config, row["pulses"])
                self._say(f"{what} {now}: machine file kept, ledger read, services ready")
        self._scratch.purge()
        left = [
            name
            for name in ("opt/bombus", "etc/bombus", "var/lib/bombus")
            if (self._scratch.root / name).exists()
        ]
        if left:
            raise RehearsalError(f"purged, but still there: {', '.join(left)}")
        self._say("purged: nothing of it is left")
        return {"version": version, "upgraded": True, "went_back": True, "purged": True, **row}

    def _wire(self, stack: ExitStack) -> RobotConfig:
        """Describe the simulated machine in the machine file that the package made, as an owner would."""
        root = self._scratch.root
        first = load_config(self._machine)
        moved = {
            "ledger.path": first.ledger.path,
            "alerts.path": first.alerts.path,
            "recording.folder": first.recording.folder,
            "dashboard.socket": first.dashboard.socket,
            "dashboard.accounts": first.dashboard.accounts,
        }
        overrides: dict[str, object] = {key: f"{root}{path}" for key, path in moved.items()}
        _, group, _ = self._scratch.accounts(first.dashboard.group)
        mine = os.geteuid() == 0
        overrides |= {"dashboard.group": str(group) if mine else "", **self._scenario.machine_overrides()}
        config = load_config(self._machine, {**overrides, "dashboard.port": 0})
        overrides["dashboard.port"] = free_port(config.dashboard)
        mcu = McuProcess(self._folder, core_config(config))
        stack.callback(mcu.stop)
        world = LiveWorld(self._scenario, 1, config, mcu.page, self._folder)
        stack.callback(world.stop)
        # Whoever plugs a controller in finds its port in the group dialout; the pty has none.
        mcu.port.resolve().chmod(0o666)
        config = load_config(self._machine, {**overrides, "serial.port": str(mcu.port)})
        data = config.model_dump(mode="json", exclude_unset=True)
        for camera in data["cameras"]:
            camera["source"] = world.ring_paths[camera["side"]]
        self._machine.write_text(tomlkit.dumps(data))
        world.start()
        self._operator = Operator(config.dashboard.socket)
        stack.callback(self._operator.close)
        return load_config(self._machine)

    def _work_a_row(self, config: RobotConfig) -> dict[str, Any]:
        with running(self._scratch, self._log, *UNITS) as services:
            for service in services.values():
                service.wait_ready(READY_S)
            self._say("bombus and bombus-dashboard are ready, each under its own account")
            pulses = self._drive()
            page = f"http://127.0.0.1:{config.dashboard.port}"
            answers = self._ask_the_page(page)
            beats = services["bombus"].listen().count("WATCHDOG=1")
            if beats < 2:
                raise RehearsalError(f"bombus fed the watchdog {beats} times in a whole row")
            self._stop(services)
        self._say(f"a row of {config.row.length:g} m: {pulses} pulses; {beats} signs of life; {answers}")
        return {"pulses": pulses, "watchdog_beats": beats}

    def _starts_again(self, config: RobotConfig, pulses: int) -> None:
        with running(self._scratch, self._log, *UNITS) as services:
            for service in services.values():
                service.wait_ready(READY_S)
            self._stop(services)
        kept = _pulses_in(config.ledger.path)
        if kept < pulses:
            raise RehearsalError(f"the ledger had {pulses} pulses, now {kept}")

    def _stop(self, services: dict[str, Service]) -> None:
        for name, service in reversed(services.items()):
            code = service.stop()
            if code not in CLEAN:
                raise RehearsalError(f"{name}: ended with {code} when it was stopped")
        if "STOPPING=1" not in services["bombus"].said:
            raise RehearsalError("bombus did not say that it stops")

    def _drive(self) -> int:
        """Press START and watch the row to its end; returns the pulses sent."""
        operator, clock = self._operator, MonotonicClock()
        until, pressed, last = clock.now() + ROW_S, False, "it shows nothing on its socket"
        while operator is not None and clock.now() < until:
            operator.look(0.5)
            seen = operator.snapshot
            if seen is None:
                continue
            last = f"mode {seen.mode}: {seen.reason}"
            if seen.mode is Mode.READY and not pressed:
                operator.press(CommandName.START)
                pressed = True
            if seen.mode is Mode.DONE:
                return seen.counts.pulses_sent
            if seen.mode in {Mode.FAULT, Mode.STOPPED}:
                break
        raise RehearsalError(f"the row was not done; {last}")

    def _ask_the_page(self, page: str) -> str:
        """Ask what people and Prometheus ask; raises RehearsalError when an answer is not as it must be."""
        _get(f"{page}/healthz")
        if b"bombus_up 1.0" not in _get(f"{page}/metrics"):
            raise RehearsalError("/metrics does not say that the robot is up")
        for path in ("history", "alerts"):
            problem = json.loads(_get(f"{page}/api/v1/{path}"))["problem"]
            if problem:
                raise RehearsalError(f"/api/v1/{path}: {problem}")
        return "health, metrics, history and alerts answered"


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=10.0) as answer:
            return bytes(answer.read())
    except (urllib.error.URLError, OSError) as error:
        raise RehearsalError(f"{url}: {error}") from error


def _pulses_in(ledger: Path) -> int:
    with read_only(ledger) as db:
        return int(db.execute("SELECT count(*) FROM intent").fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
