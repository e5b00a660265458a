"""`bombus run`: the control process, with the page as a process of its own beside it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from robot.build import BuildError, Robot, build_robot
from robot.clock import MonotonicClock
from robot.config import ConfigError, load_config
from robot.settings import DashboardConfig, RobotConfig

PAGE_STOP_S = 3.0


class RunSummary(msgspec.Struct, frozen=True):
    """What a run ended with; counts are since the process began."""

    mode: str
    row: str
    pulses_sent: int
    flowers_treated: int
    not_shot: dict[str, int]
    decisions_sha256: str


def run_daemon(machine: Path, say: Callable[[str], None]) -> RunSummary:
    """Run the robot of a machine file until SIGTERM or SIGINT.

    Raises ConfigError, BuildError, ModelError, LedgerError or TelemetryError before anything moves.
    """
    config = load_config(machine)
    try:
        text = machine.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{machine}: cannot be read ({error.strerror}); name an existing file") from error
    robot = build_robot(config, text, MonotonicClock())
    say(f"detector: {robot.detector}")
    try:
        with _page(config, say):
            _run_until_told(robot)
        return _summary(robot, config)
    finally:
        robot.close()


def _run_until_told(robot: Robot) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: robot.loop.ask_to_end())
    robot.loop.run()


def _summary(robot: Robot, config: RobotConfig) -> RunSummary:
    loop = robot.loop
    return RunSummary(
        mode=loop.mode.value,
        row=config.row.name,
        pulses_sent=loop.pulses.sent,
        flowers_treated=loop.reasons.treated,
        not_shot={str(reason): count for reason, count in sorted(loop.reasons.final.items())},
        decisions_sha256=loop.decisions_sha256,
    )


@contextmanager
def _page(config: RobotConfig, say: Callable[[str], None]) -> Iterator[None]:
    """Keep the page's process beside the loop; it holds no camera and no port, and may die unnoticed."""
    settings = config.dashboard
    if not settings.enabled:
        yield
        return
    port = free_port(settings)
    command = [sys.executable, "-m", "robot.dashboard", "--socket", str(settings.socket)]
    command += ["--ledger", str(config.ledger.path), "--host", settings.host, "--port", str(port)]
    command += ["--accounts", str(settings.accounts), "--alerts", str(config.alerts.path)]
    for name in settings.names:
        command += ["--allow-host", name]
    if settings.certificate is not None and settings.private_key is not None:
        command += ["--certificate", str(settings.certificate), "--private-key", str(settings.private_key)]
    # Its standard output would stand among our own; what its owner must know comes on standard error.
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    scheme = "http" if settings.certificate is None else "https"
    say(f"page: {scheme}://{settings.host}:{port}")
    try:
        yield
    finally:
        end_process(process, PAGE_STOP_S)


def end_process(process: subprocess.Popen[Any], patience_s: float) -> bool:
    """Ask a process to end and wait; False when it had to be killed."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


def free_port(settings: DashboardConfig) -> int:
    """Return the page's port, a free one for 0; raises BuildError when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise BuildError(
                f"dashboard.port = {settings.port}: cannot be had on {settings.host} ({error.strerror}); "
                "stop what uses it, or set another port"
            ) from error
        return int(probe.getsockname()[1])
