"""Sends alerts out, again and again until they are taken: the loop of a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from robot.alerts.channels import Channel, ChannelError
from robot.alerts.config import AlertsConfig
from robot.alerts.store import Alert, AlertError, AlertStore, ChannelState
from robot.clock import Clock
from robot.faults import Severity

LOOK_S = 1.0
"""Pause between looks at the alerts file."""

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 900.0
"""After a failure the next try waits 2 s, then twice as long each time, up to a quarter of an hour."""

AT_ONCE = 20
"""Alerts in one message."""

_RANK = {Severity.WARN: 0, Severity.HOLD: 1, Severity.STOP: 2}
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Line:
    channel: Channel
    tries: int = 0
    next_try: float = float("-inf")


class Sender:
    """Each channel has its own pace: one that is down holds up no other. An alert may go out twice, never be lost."""

    def __init__(
        self, store: AlertStore, channels: Sequence[Channel], config: AlertsConfig, clock: Clock
    ) -> None:
        self._store = store
        self._lines = [_Line(channel) for channel in channels]
        self._least, self._mute = _RANK[Severity(config.least)], frozenset(config.mute)
        self._clock = clock
        self._end_asked = False

    def ask_to_end(self) -> None:
        """Make `run` return after the present step; for signal handlers."""
        self._end_asked = True

    def run(self) -> None:
        """Step until `ask_to_end`."""
        while not self._end_asked:
            self.step()
            self._clock.sleep_until(self._clock.now() + LOOK_S)

    def step(self) -> None:
        """Try each channel whose time has come once."""
        for line in self._lines:
            if self._clock.now() < line.next_try:
                continue
            try:
                self._serve(line)
            except AlertError as error:
                self._wait(line, str(error))

    def _serve(self, line: _Line) -> None:
        due = [alert for alert in self._store.unsent(line.channel.name) if self._goes_out(alert)]
        if not due:
            return
        due.sort(key=lambda alert: (-_RANK[Severity(alert.severity)], alert.id))
        try:
            line.channel.send(due[:AT_ONCE])
        except ChannelError as error:
            self._wait(line, str(error))
            self._note(line, str(error))
            return
        self._store.sent(line.channel.name, [alert.id for alert in due[:AT_ONCE]], self._wall())
        log.info("alerts sent", channel=line.channel.name, alerts=[alert.id for alert in due[:AT_ONCE]])
        line.tries = 0
        self._note(line, "")

    def _goes_out(self, alert: Alert) -> bool:
        return _RANK[Severity(alert.severity)] >= self._least and alert.code not in self._mute

    def _wait(self, line: _Line, why: str) -> None:
        wait = min(FIRST_WAIT_S * 2.0 ** min(line.tries, 20), LONGEST_WAIT_S)
        line.tries += 1
        line.next_try = self._clock.now() + wait
        log.warning("alerts not sent", channel=line.channel.name, tries=line.tries, wait_s=wait, why=why)

    def _note(self, line: _Line, problem: str) -> None:
        self._store.note_channel(ChannelState(line.channel.name, line.tries, problem, self._wall()))

    def _wall(self) -> float:
        return self._clock.wall().timestamp()
