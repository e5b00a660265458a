"""A row in real time: world, C core on a pty, the daemon itself and its page, each a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import tomlkit
from rich.console import Console
from rich.progress import Progress

from robot.build import core_config
from robot.children import end_process, free_port
from robot.clock import MonotonicClock
from robot.commands import CommandRequest
from robot.config import DEMO_MACHINE, load_config, with_overrides
from robot.snapshot import Snapshot
from robot.telemetry_wire import MAX_FROM_SERVER, MessageBuffer, decode_from_server, pack
from robot.types import CommandName, Mode
from sim.live_world import LiveWorld
from sim.mcu_process import McuProcess
from sim.result import SimResult, scored
from sim.scenario import ScenarioConfig
from sim.score import Percentiles, score

START_LIMIT_S = 30.0
SETTLE_S = 1.0
STOP_S = 10.0
ENDED = {Mode.DONE, Mode.FAULT, Mode.STOPPED}
ROW_DONE = "the row is done"


class RealtimeError(Exception):
    """The real-time run broke; the text names the part and the remedy."""


class Operator:
    """A client of the telemetry socket, as the page is one: sees snapshots, presses START."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._buffer = MessageBuffer(MAX_FROM_SERVER)
        self.snapshot: Snapshot | None = None

    def look(self, timeout_s: float) -> None:
        """Wait up to `timeout_s` for news; connects, again if need be."""
        try:
            if self._socket is None:
                fresh = socket.socket(socket.AF_UNIX)
                fresh.settimeout(timeout_s)
                self._socket, self._buffer = fresh, MessageBuffer(MAX_FROM_SERVER)
                fresh.connect(str(self._path))
            data = self._socket.recv(1 << 16)
            if not data:
                raise ConnectionResetError
        except TimeoutError:
            return
        except OSError:
            self.close()
            MonotonicClock().sleep_until(MonotonicClock().now() + min(timeout_s, 0.1))
            return
        for body in self._buffer.feed(data):
            message = decode_from_server(body)
            if isinstance(message, Snapshot):
                self.snapshot = message

    def press(self, name: CommandName, value: float | None = None) -> None:
        """Send one command."""
        if self._socket is not None:
            self._socket.sendall(pack(CommandRequest(uuid4().hex, name, value, by="simulator")))

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def run_realtime(
    scenario: ScenarioConfig,
    seed: int,
    machine: Path | None,
    port: int,
    record: Path | None,
    console: Console,
    *,
    stay: bool = False,
) -> SimResult:
    """Drive one row with the real daemon; prints the page's address and progress on `console`.

    With `stay` robot and page go on after the row's end or a STOP, until Ctrl-C.
    """
    started = perf_counter()
    with live_robot(scenario, seed, machine, port, record, console) as live:
        why = _watch(live, console, stay)
        last = live.operator.snapshot
        live.world.stop()
        return _result(scenario, seed, live.world, last, why, perf_counter() - started)


@dataclass(frozen=True, slots=True)
class LiveRobot:
    """A simulated greenhouse in real time with the daemon in it, and someone who watches; `url` is its page."""

    folder: Path
    world: LiveWorld
    daemon: subprocess.Popen[bytes]
    operator: Operator
    url: str

    def look(self, timeout_s: float) -> Snapshot | None:
        """Wait up to `timeout_s` for news and return the newest; raises RealtimeError when the daemon has ended."""
        self.operator.look(timeout_s)
        if self.daemon.poll() is not None:
            raise RealtimeError(f"the daemon ended with {self.daemon.returncode}; see its message above")
        return self.operator.snapshot

    def await_page(self) -> None:
        """Wait until robot and page answer; raises RealtimeError when they do not."""
        port, clock = int(self.url.rstrip("/").rpartition(":")[2]), MonotonicClock()
        until = clock.now() + START_LIMIT_S
        while clock.now() < until:
            if self.look(0.2) is None:
                continue
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
        raise RealtimeError(f"{self.url} does not answer; see the daemon's messages above")


@contextmanager
def live_robot(
    scenario: ScenarioConfig,
    seed: int,
    machine: Path | None,
    port: int,
    record: Path | None,
    console: Console,
) -> Iterator[LiveRobot]:
    """Start world, C core, daemon and page; end them all afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bombus-")))
        config = with_overrides(
            load_config(machine or DEMO_MACHINE),
            {**scenario.machine_overrides(), "dashboard.port": port},
        )
        config = with_overrides(config, {"dashboard.port": free_port(config.dashboard)})
        mcu = McuProcess(folder, core_config(config))
        stack.callback(mcu.stop)
        world = LiveWorld(scenario, seed, config, mcu.page, folder)
        written = write_machine(
            config.model_dump(mode="json", exclude_unset=True), world, mcu.port, folder, record
        )
        world.start()
        stack.callback(world.stop)
        daemon = stack.enter_context(_daemon(written, console))
        operator = Operator(folder / "telemetry.sock")
        stack.callback(operator.close)
        url = f"http://{config.dashboard.host}:{config.dashboard.port}/"
        yield LiveRobot(folder, world, daemon, operator, url)


def write_machine(
    data: dict[str, Any], world: LiveWorld, port: Path, folder: Path, record: Path | None
) -> Path:
    """Write the machine file that the daemon gets: the given one, wired to this world and a serial `port`."""
    for camera in data["cameras"]:
        camera["source"] = world.ring_paths[camera["side"]]
    wiring: dict[str, dict[str, object]] = {
        "serial": {"port": str(port)},
        "ledger": {"path": str(folder / "ledger.sqlite")},
        "alerts": {"path": str(folder / "alerts.sqlite")},
        "dashboard": {
            "socket": str(folder / "telemetry.sock"),
            "accounts": str(folder / "accounts.sqlite"),
        },
        "recording": {"enabled": record is not None, "folder": str(record or folder)},
    }
    for section, values in wiring.items():
        data[section] = {**data.get(section, {}), **values}
    path = folder / "machine.toml"
    path.write_text(tomlkit.dumps(data), encoding="utf-8")
    return path


def daemon_command(machine: Path) -> list[str]:
    """Return the command line that runs the daemon on a machine file."""
    return [sys.executable, "-m", "bombus", "run", "--config", str(machine), "--json"]


@contextmanager
def _daemon(machine: Path, console: Console) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(daemon_command(machine), stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if not end_process(process, STOP_S):
            console.print("the daemon did not end by itself and was killed")


def _watch(live: LiveRobot, console: Console, stay: bool) -> str:
    """Press START and follow the row to its end, or on until Ctrl-C; returns why it ended."""
    try:
        why = _row_ends(live, console, stay)
        if not stay:
            return why
        console.print(f"{why}; the page stays until Ctrl-C")
        while True:
            live.look(0.5)
    except KeyboardInterrupt:
        if not stay:
            raise
    return _how_it_stands(live.operator.snapshot)


def _row_ends(live: LiveRobot, console: Console, stay: bool) -> str:
    """Press START and follow the row; one who stays waits out a STOP, too."""
    world, operator = live.world, live.operator
    clock = MonotonicClock()
    begun = clock.now()
    scenario_s = float("inf") if stay else 60.0 + 2.0 * world.world.config.row_length_m / 0.05
    ended = {Mode.DONE} if stay else ENDED
    pressed = False
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("driving the row", total=world.world.config.row_length_m)
        while clock.now() - begun < scenario_s:
            seen = live.look(0.5)
            if seen is None:
                if clock.now() - begun > START_LIMIT_S:
                    raise RealtimeError(
                        f"the daemon said nothing for {START_LIMIT_S:.0f} s; see its messages above"
                    )
                continue
            if seen.mode is Mode.READY and not pressed:
                operator.press(CommandName.START)
                pressed = True
            progress.update(task, completed=max(0.0, world.plant.vehicle.state.s))
            if seen.mode in ended:
                until = clock.now() + SETTLE_S
                while clock.now() < until:
                    operator.look(0.1)
                return _how_it_stands(seen)
    return f"not done after {scenario_s:.0f} s"


def _how_it_stands(seen: Snapshot | None) -> str:
    if seen is None:
        return "nothing was heard of the robot"
    return ROW_DONE if seen.mode is Mode.DONE else f"mode {seen.mode.value}: {seen.reason}"


def _result(
    scenario: ScenarioConfig, seed: int, world: LiveWorld, last: Snapshot | None, why: str, wall_s: float
) -> SimResult:
    latency = (last.latency_ms if last is not None else {}).get("frame_age", (None, None))
    return scored(
        score(world.plant.jets.trains, world.truths, scenario.jets.treated_dose),
        scenario=scenario.name,
        seed=seed,
        mode="realtime",
        detector="onnx",
        finished=why == ROW_DONE,
        ended_because=why,
        aim_point_error_mm=None,
        identity=None,
        latency_ms=Percentiles(latency[0], None, latency[1]),
        air_l=round(world.plant.air.used_nl, 1),
        hottest_coil_c=round(world.plant.coils.hottest_c(world.plant.now), 1),
        sim_s=round(wall_s, 1),
        wall_s=round(wall_s, 1),
        frames=world.frames,
        refusals=dict(last.counts.missed_by_reason) if last is not None else {},
        faults=[fault.code for fault in last.faults] if last is not None else [],
        decisions_sha256="",
    )
