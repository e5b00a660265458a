"""`bombus run`: the control process, with the page and the alerts' sender as processes of their own beside it."""

from __future__ import annotations

import faulthandler
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from robot.build import Robot, build_robot
from robot.children import page, sender
from robot.clock import MonotonicClock
from robot.config import ConfigError, load_config
from robot.logs import set_up_logs
from robot.notify import Notifier
from robot.settings import RobotConfig


class RunSummary(msgspec.Struct, frozen=True):
    """What a run ended with; counts are since the process began."""

    mode: str
    row: str
    pulses_sent: int
    flowers_treated: int
    not_shot: dict[str, int]
    decisions_sha256: str


def run_daemon(machine: Path, say: Callable[[str], None], *, alone: bool = False) -> RunSummary:
    """Run the robot of a machine file until SIGTERM or SIGINT; `alone` leaves the other processes to others.

    Raises ConfigError, BuildError, ModelError, LedgerError, AlertError or TelemetryError before anything moves.
    """
    set_up_logs()
    # The watchdog kills with SIGABRT: then the log shows where each thread stood.
    faulthandler.enable()
    config = load_config(machine)
    try:
        text = machine.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{machine}: cannot be read ({error.strerror}); name an existing file") from error
    robot = build_robot(config, text, MonotonicClock())
    notifier = Notifier.from_environment(os.environ)
    say(f"detector: {robot.detector}")
    try:
        with ExitStack() as stack:
            if not alone:
                stack.enter_context(page(config, machine, say))
                stack.enter_context(sender(config, machine))
            _run_until_told(robot, notifier)
            notifier.stopping()
        return _summary(robot, config)
    finally:
        robot.close()
        notifier.close()


def _run_until_told(robot: Robot, notifier: Notifier) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: robot.loop.ask_to_end())
    loop = robot.loop

    def after_step(now: float) -> None:
        robot.look_around()
        notifier.beat(now, f"{loop.mode}, row {loop.row}")

    loop.run(after_step)


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
