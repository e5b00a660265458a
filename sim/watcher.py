"""Stands in for the people of a lock-step run."""

from __future__ import annotations

from collections.abc import Sequence

from robot.types import Command, CommandName, LoopView, Mode


class Watcher:
    """Stands in for the people: sees every view, presses START once when the robot is ready."""

    def __init__(self) -> None:
        self.view: LoopView | None = None
        self.faults: list[str] = []
        self._started = False

    def new_daemon(self) -> None:
        """See another daemon start: it has to be told to work as well."""
        self.view, self._started = None, False

    def publish(self, view: LoopView) -> None:
        """Look at a view."""
        self.view = view
        self.faults += [fault.code for fault in view.faults if fault.code not in self.faults]

    def take(self) -> Sequence[Command]:
        """Return START the first time the robot says that it is ready."""
        if self._started or self.view is None or self.view.mode is not Mode.READY:
            return ()
        self._started = True
        return (Command(CommandName.START, by="simulator"),)
