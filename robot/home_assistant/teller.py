"""The process beside the robot that keeps Home Assistant told. The loop does not know that it is there."""

from __future__ import annotations

import json
import threading
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import structlog

from robot.clock import Clock
from robot.commands import CommandAnswer, CommandRequest
from robot.dashboard.ledger_reader import LedgerUnreadError
from robot.dashboard.row_passes import Pass, read_passes
from robot.home_assistant.broker import Broker
from robot.home_assistant.entities import (
    ENTITIES,
    PRESSED,
    STOP_BUTTON,
    Topics,
    described,
    midnight,
    needs_somebody,
    state_of,
    waits_for,
)
from robot.settings import RobotConfig
from robot.snapshot import Snapshot
from robot.telemetry_client import TelemetryLine
from robot.telemetry_wire import WireError
from robot.types import CommandName

FRESH_S = 3.0
"""A snapshot older than this is not the robot's state any more."""

LEDGER_EVERY_S = 60.0
RETRY_S = 1.0
FORGET_WITHIN_S = 5.0

log = structlog.get_logger(__name__)


class Teller:
    """Listens to the robot's telemetry socket and tells the broker; obeys STOP alone, where that is allowed."""

    def __init__(self, config: RobotConfig, clock: Clock) -> None:
        """Raises ConfigError; the section must be there."""
        if config.home_assistant is None:
            raise ValueError("no [home_assistant]")
        self._config, self._robot, self._clock = config.home_assistant, config, clock
        self.topics = Topics(self._config.prefix, config.name)
        self._line = TelemetryLine(config.dashboard.socket)
        self._snapshot: Snapshot | None = None
        self._came = self._told = self._ledger_read = float("-inf")
        self._passes: list[Pass] | None = None
        self._said: object = None
        self._end = threading.Event()
        self._fresh_line = threading.Event()
        self._broker = Broker(self._config, self.topics.there, self._fresh_line.set, self._heard)

    def ask_to_end(self) -> None:
        """Make `run` return; for signal handlers."""
        self._end.set()

    def run(self) -> None:
        """Tell until `ask_to_end`, then say that nobody is there any more."""
        while not self._end.is_set():
            self.step()
        self._broker.tell(self.topics.there, "offline", keep=True)
        self._broker.close()
        self._line.close()

    def step(self) -> None:
        """Take what the robot says and tell what is due; waits a moment at most."""
        self._listen()
        now = self._clock.now()
        if self._fresh_line.is_set():
            self._fresh_line.clear()
            self._introduce()
            self._said = None
        seen = self._snapshot
        there = seen is not None and now - self._came <= FRESH_S
        urgent = (there, None) if seen is None else (there, _urgent(seen))
        due = now - self._told >= self._config.every_s
        if not self._broker.connected or (urgent == self._said and not (due and there)):
            return
        self._said, self._told = urgent, now
        if there and seen is not None:
            self._broker.tell(self.topics.state, json.dumps(state_of(seen, self._today(now))))
        self._broker.tell(self.topics.there, "online" if there else "offline", keep=True)

    def forget(self) -> bool:
        """Take the robot's entities out of Home Assistant; False when the broker does not take that in time."""
        until = self._clock.now() + FORGET_WITHIN_S
        if not self._fresh_line.wait(FORGET_WITHIN_S):
            self._broker.close()
            return False
        gone = [self._broker.tell(self.topics.config(one), "", keep=True) for one in (*ENTITIES, STOP_BUTTON)]
        gone.append(self._broker.tell(self.topics.there, "", keep=True))
        for one in gone:
            one.wait_for_publish(max(0.0, until - self._clock.now()))
        self._broker.close()
        return all(one.is_published() for one in gone)

    def _listen(self) -> None:
        try:
            for message in self._line.news():
                if isinstance(message, Snapshot):
                    self._snapshot, self._came = message, self._clock.now()
        except (OSError, WireError):
            self._line.close()
            self._end.wait(RETRY_S)

    def _introduce(self) -> None:
        """Describe every entity; one that is switched off is taken back."""
        release = version("bombus")
        for entity in (*ENTITIES, STOP_BUTTON):
            wanted = entity is not STOP_BUTTON or self._config.stop_button
            document = described(entity, self.topics, self._config.every_s, release)
            self._broker.tell(self.topics.config(entity), json.dumps(document) if wanted else "", keep=True)
        if self._config.stop_button:
            self._broker.hear(self.topics.stop)

    def _today(self, now: float) -> list[Pass] | None:
        if now - self._ledger_read >= LEDGER_EVERY_S:
            self._ledger_read = now
            try:
                since = midnight(self._clock.wall().astimezone())
                self._passes = read_passes(self._robot.ledger.path, since)
            except LedgerUnreadError:
                self._passes = None
        return self._passes

    def _heard(self, topic: str, payload: bytes, old: bool) -> None:
        """Obey a STOP, at once, in paho's thread. A copy that the broker kept is no press."""
        if topic != self.topics.stop or payload != PRESSED or old or not self._config.stop_button:
            return
        problem = press_stop(self._robot.dashboard.socket, self._clock)
        log.warning("STOP did not get through", why=problem) if problem else log.info(
            "STOP handed to the robot"
        )


def press_stop(path: Path, clock: Clock, within_s: float = 1.0) -> str:
    """Hand STOP to the robot at socket `path`; returns why it did not get through, or nothing."""
    line = TelemetryLine(path)
    try:
        line.connect()
        line.send(CommandRequest(uuid4().hex, CommandName.STOP, by="Home Assistant"))
        until = clock.now() + within_s
        while clock.now() < until:
            for message in line.news():
                if isinstance(message, CommandAnswer):
                    return "" if message.accepted else message.text
    except (OSError, WireError) as error:
        return f"the control program does not run ({error})"
    finally:
        line.close()
    return "the control program does not answer"


def _urgent(snapshot: Snapshot) -> object:
    """Return what is told at once when it changes."""
    return (
        snapshot.mode,
        snapshot.row.name,
        waits_for(snapshot),
        needs_somebody(snapshot),
        len(snapshot.alerts),
    )
