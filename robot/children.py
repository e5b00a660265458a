"""The processes beside the control process: page, alerts' sender, Home Assistant's teller; all may die unnoticed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from robot.build import BuildError
from robot.notify import without_systemd
from robot.orphan import naming_parent
from robot.settings import DashboardConfig, RobotConfig

CHILD_STOP_S = 3.0
NICE = 5
"""How far the processes beside the loop stand back for it; under systemd their units say so."""


def page_arguments(config: RobotConfig, machine: Path, port: int) -> list[str]:
    """Return what `python -m robot.dashboard` is given for a machine."""
    settings = config.dashboard
    arguments = ["--socket", str(settings.socket), "--ledger", str(config.ledger.path)]
    arguments += ["--host", settings.host, "--port", str(port)]
    arguments += ["--accounts", str(settings.accounts), "--alerts", str(config.alerts.path)]
    arguments += ["--machine", str(machine)]
    if config.mission.house is not None:
        arguments += ["--house", str(config.mission.house)]
    for name in settings.names:
        arguments += ["--allow-host", name]
    if settings.certificate is not None and settings.private_key is not None:
        arguments += [
            "--certificate",
            str(settings.certificate),
            "--private-key",
            str(settings.private_key),
        ]
    return arguments


@contextmanager
def page(config: RobotConfig, machine: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keep the page's process, if the machine file wants it; it holds no camera and no port."""
    settings = config.dashboard
    if not settings.enabled:
        yield
        return
    port = free_port(settings)
    with _child([sys.executable, "-m", "robot.dashboard", *page_arguments(config, machine, port)]):
        scheme = "http" if settings.certificate is None else "https"
        say(f"page: {scheme}://{settings.host}:{port}")
        yield


@contextmanager
def sender(config: RobotConfig, machine: Path) -> Iterator[None]:
    """Keep the process that sends alerts out, if there is anywhere to send them."""
    if not config.alerts.goes_out:
        yield
        return
    with _child([sys.executable, "-m", "robot.alerts", "--config", str(machine)]):
        yield


@contextmanager
def home_assistant(config: RobotConfig, machine: Path) -> Iterator[None]:
    """Keep the process that tells Home Assistant, if the machine file has such a section."""
    if config.home_assistant is None:
        yield
        return
    with _child([sys.executable, "-m", "robot.home_assistant", "--config", str(machine)]):
        yield


@contextmanager
def _child(command: list[str]) -> Iterator[None]:
    # Its standard output would stand among our own; what its owner must know comes on standard error.
    environment = naming_parent(without_systemd(os.environ))
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, env=environment)
    with suppress(OSError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, process.pid, min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICE))
    try:
        yield
    finally:
        end_process(process, CHILD_STOP_S)


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
