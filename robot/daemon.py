"""`bombus run`: the control process, with the page and the alerts' sender as processes of their own beside it."""

from __future__ import annotations

import faulthandler
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import msgspec
import structlog

from robot.alerts.catalogue import Notice
from robot.build import BuildError, Robot, build_robot
from robot.children import home_assistant, page, page_arguments, sender
from robot.clock import MonotonicClock
from robot.commands import CommandRequest
from robot.disk import ENOUGH_MIB, why_full
from robot.logs import set_up_logs
from robot.notify import Notifier
from robot.pilot import Change
from robot.reload import read_machine, start_over, why_not_now
from robot.settings import RobotConfig
from robot.types import CommandName

log = structlog.get_logger(__name__)

LOOK_FOR_ROOM_S = 2.0


class RunSummary(msgspec.Struct, frozen=True):
    """What a run ended with; counts are since the machine file was last taken."""

    mode: str
    row: str
    pulses_sent: int
    flowers_treated: int
    not_shot: dict[str, int]
    decisions_sha256: str


def run_daemon(machine: Path, say: Callable[[str], None], *, alone: bool = False) -> RunSummary:
    """Run the robot of a machine file until SIGTERM or SIGINT; SIGHUP or the command reload takes the file anew.

    `alone` leaves page and sender to others. Raises one of robot.reload.CANNOT_START before anything moves.
    """
    set_up_logs()
    # The watchdog kills with SIGABRT: then the log shows where each thread stood.
    faulthandler.enable()
    clock, notifier = MonotonicClock(), Notifier.from_environment(os.environ)
    current = read_machine(machine)
    robot = build_robot(current.config, current.text, clock)
    say(f"detector: {robot.detector}")
    _say_what_it_waits_for(robot, say)
    beside = Beside(machine, say, wanted=not alone)
    try:
        beside.fit(current.config)
        while _run_until_told(robot, machine, notifier, current.config.ledger.path):
            notifier.reloading(clock.now())
            robot.close()
            waited = robot.waits_for_disk
            robot, current, problem = start_over(machine, current, clock)
            log.warning("machine file given up", why=problem) if problem else log.info("machine file taken")
            if waited and not robot.waits_for_disk:
                robot.alerts.notice(Notice.DISK_WAS_FULL, waited)
                # They have met the full disk, too.
                beside.close()
            beside.fit_if_possible(current.config)
            _say_what_it_waits_for(robot, say)
        notifier.stopping()
        return _summary(robot, current.config)
    finally:
        beside.close()
        robot.close()
        notifier.close()


class Beside:
    """The processes beside the loop, started anew when what they are told changes."""

    def __init__(self, machine: Path, say: Callable[[str], None], *, wanted: bool) -> None:
        self._machine, self._say, self._wanted = machine, say, wanted
        self._stack = ExitStack()
        self._told: object = None

    def fit(self, config: RobotConfig) -> None:
        """Have them run as `config` says; raises BuildError when the page's port is taken."""
        port = config.dashboard.port
        told = (
            config.dashboard.enabled,
            page_arguments(config, self._machine, port),
            config.alerts,
            config.home_assistant,
            config.name,
        )
        if not self._wanted or told == self._told:
            return
        self.close()
        self._told = told
        self._stack.enter_context(page(config, self._machine, self._say))
        self._stack.enter_context(sender(config, self._machine))
        self._stack.enter_context(home_assistant(config, self._machine))

    def fit_if_possible(self, config: RobotConfig) -> None:
        """Do the same; a robot at work is not ended for want of a port."""
        try:
            self.fit(config)
        except BuildError as error:
            log.error("no page", why=str(error))

    def close(self) -> None:
        """End them."""
        self._told = None
        self._stack.close()


class Room:
    """Looks now and then whether a robot that found its disk full can be built anew."""

    def __init__(self, robot: Robot, ledger: Path) -> None:
        self._waits, self._ledger = bool(robot.waits_for_disk), ledger
        self._look_at = float("-inf")

    def has_come(self, now: float) -> bool:
        """Tell whether there is enough room again; looks every few seconds."""
        if not self._waits or now < self._look_at:
            return False
        self._look_at = now + LOOK_FOR_ROOM_S
        return not why_full(self._ledger, ENOUGH_MIB)


def _say_what_it_waits_for(robot: Robot, say: Callable[[str], None]) -> None:
    if robot.waits_for_disk:
        say(f"nothing is fired: {robot.waits_for_disk}")
        log.warning("waits for room on the disk", why=robot.waits_for_disk)


def _run_until_told(robot: Robot, machine: Path, notifier: Notifier, ledger: Path) -> bool:
    """Run the loop; True when it ended to take the machine file anew."""
    loop, inbox = robot.loop, robot.inbox
    hang_ups: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.ask_to_end())
    signal.signal(signal.SIGHUP, lambda number, _: hang_ups.append(number))
    inbox.refuses_reload = lambda: why_not_now(machine, lambda: loop.pilot.running)
    reloads = False
    room = Room(robot, ledger)

    def after_step(now: float) -> None:
        nonlocal reloads
        robot.look_around()
        if room.has_come(now):
            reloads = True
            loop.ask_to_end()
        notifier.beat(now, f"{loop.mode}, row {loop.row}")
        if hang_ups:
            hang_ups.clear()
            answer = inbox.offer(CommandRequest(uuid4().hex, CommandName.RELOAD, by="SIGHUP"))
            if not answer.accepted:
                log.warning("machine file not taken", why=answer.text)
        by = inbox.take_reload()
        # Between the answer and now somebody may have pressed START.
        if by and not loop.pilot.running:
            loop.scribe.note([Change("command", "reload", by)], now)
            reloads = True
            loop.ask_to_end()

    loop.run(after_step)
    return reloads


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
