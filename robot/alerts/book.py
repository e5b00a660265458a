"""The control process's alerts: the loop tells what is so and never waits; a thread writes it down."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from robot.alerts.catalogue import ALERTS, NOTICES, Kind, Notice
from robot.alerts.store import Alert, AlertError, AlertStore
from robot.clock import Clock
from robot.types import ActiveFault, Command, CommandName

RETRY_S = 2.0
"""Pause before a write that failed is tried again."""

CLOSE_S = 2.0
"""How long the end waits for the disk."""


class NoAlerts:
    """An AlertSink that tells nobody."""

    def take(self, faults: Sequence[ActiveFault], commands: Iterable[Command], now: float) -> None:
        """Forget them."""


class AlertBook:
    """An AlertSink. One alert a code until it is acknowledged; coming again meanwhile only counts."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the file and take over what nobody has acknowledged; raises AlertError."""
        self._clock = clock
        self._store = AlertStore(path, same_thread=False)
        self._last_id = self._store.begin()
        self._known: dict[str, Alert] = {alert.code: alert for alert in self._store.open_alerts()}
        self._lock = threading.Condition()
        self._unwritten: dict[int, Alert] = {}
        self._closing = False
        self.problem = ""
        self._thread = threading.Thread(target=self._write, name="alerts", daemon=True)
        self._thread.start()

    @property
    def open(self) -> tuple[Alert, ...]:
        """What nobody has acknowledged, oldest first."""
        return tuple(sorted(self._not_seen(), key=lambda alert: alert.id))

    def notice(self, notice: Notice, detail: str = "") -> None:
        """Raise a notice: something has happened. Belongs to the loop's thread, as `take`."""
        told = NOTICES[notice]
        self._raise(notice.value, f"{told.text}: {detail}" if detail else told.text)
        self._gone(notice.value)

    def take(self, faults: Sequence[ActiveFault], commands: Iterable[Command], now: float) -> None:
        """Take the faults after a step and the commands that people gave in it; never waits."""
        present = {fault.code: fault.text for fault in faults if fault.present}
        for code, text in present.items():
            known = self._known.get(code)
            if known is None or not known.present:
                self._raise(code, text)
        for alert in list(self._known.values()):
            if alert.present and alert.kind == Kind.FAULT and alert.code not in present:
                self._gone(alert.code)
        for command in commands:
            if command.name is CommandName.ACKNOWLEDGE:
                self._acknowledge(command.text, command.by)

    def close(self) -> None:
        """Write what is left, for as long as the disk is given; and end."""
        with self._lock:
            self._closing = True
            self._lock.notify()
        self._thread.join(CLOSE_S)

    def _not_seen(self) -> list[Alert]:
        return [alert for alert in self._known.values() if alert.acknowledged is None]

    def _raise(self, code: str, text: str) -> None:
        known, wall = self._known.get(code), self._clock.wall().timestamp()
        if known is not None and known.acknowledged is None:
            self._put(replace(known, text=text, last=wall, count=known.count + 1, present=True))
            return
        self._last_id += 1
        told = ALERTS[code]
        self._put(Alert(self._last_id, code, told.kind, told.severity, text, told.remedy, wall, wall))

    def _gone(self, code: str) -> None:
        self._put(replace(self._known[code], present=False))

    def _acknowledge(self, code: str, by: str) -> None:
        wall = self._clock.wall().timestamp()
        for alert in self._not_seen():
            if code in ("", alert.code):
                self._put(replace(alert, acknowledged=wall, acknowledged_by=by or "someone"))

    def _put(self, alert: Alert) -> None:
        """Know the alert as it is now, and have it written; only the newest state of each waits."""
        self._known[alert.code] = alert
        if alert.acknowledged is not None and not alert.present:
            del self._known[alert.code]
        with self._lock:
            self._unwritten[alert.id] = alert
            self._lock.notify()

    def _write(self) -> None:
        """Write what has changed, again and again; the thread's whole life."""
        failed: dict[int, Alert] = {}
        while True:
            with self._lock:
                if not self._unwritten and not self._closing:
                    self._lock.wait(RETRY_S if failed else None)
                taken, self._unwritten = {**failed, **self._unwritten}, {}
                closing = self._closing
            failed = self._try(taken)
            if closing:
                self._store.close()
                return
            if failed:
                self._pause()

    def _try(self, alerts: dict[int, Alert]) -> dict[int, Alert]:
        """Write; return what could not be written."""
        if not alerts:
            return {}
        try:
            self._store.keep(alerts.values())
        except AlertError as error:
            self.problem = str(error)
            return alerts
        self.problem = ""
        return {}

    def _pause(self) -> None:
        with self._lock:
            if not self._closing:
                self._lock.wait_for(lambda: self._closing, RETRY_S)
