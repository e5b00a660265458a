"""Writes what the loop decides into the ledger, and turns a ledger that fails into a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from robot.cart import Cart
from robot.clock import Clock
from robot.ledger import FinalFlower, Ledger, LedgerError, Settled, TreatedPlace
from robot.pilot import Change
from robot.types import PlannedPulse, PulseRefusal, Reason, Train
from vision.types import Pose, Side

KEEP_EVERY_S = 1.0
REMEMBER_S = 10 * 86_400.0
"""Treatments older than this can matter to no rule: the longest interval is 240 h."""


def treated_in(ledger: Ledger, row: str, wall: float) -> list[TreatedPlace]:
    """Return the places of `row` that rules of repetition may still forbid at wall time `wall`."""
    return ledger.treated_places(row, wall - REMEMBER_S, wall)


class Scribe:
    """The loop's pen. Wall time only stamps records; `problem` says why writing fails, while it does."""

    def __init__(self, ledger: Ledger, clock: Clock, row: str) -> None:
        """Begin a session; raises LedgerError."""
        self._ledger = ledger
        self._clock = clock
        self._row = row
        self._kept_at = float("-inf")
        self._finals: list[FinalFlower] = []
        self._begun_with: tuple[TreatedPlace, ...] | None = None
        self.problem = ""
        self.unresolved = ledger.begin(row, self._wall())

    def treated_places(self) -> list[TreatedPlace]:
        """Return what this row's flowers have had, or may have had."""
        return treated_in(self._ledger, self._row, self._wall())

    def unknown_outcomes(self) -> list[int]:
        """Return the pulses of earlier sessions that the controller may still be asked about."""
        return self._ledger.maybe_fired(self._wall() - REMEMBER_S)

    def set_row(self, row: str, now: float) -> list[TreatedPlace]:
        """Continue in another row, keeping first what is known of this one; returns what its flowers have had.

        Its place is written at once.
        """
        self._write(self._flush)
        self._row = row
        self._kept_at = float("-inf")
        self._write(lambda: self._ledger.set_row(row, self._wall()))
        found = self.treated_places()
        self._begun_with = tuple(found)
        return found

    def take_begun(self) -> tuple[TreatedPlace, ...] | None:
        """Return, once, what was known of the row that `set_row` began, for the recording; None for no row."""
        found, self._begun_with = self._begun_with, None
        return found

    def intend(
        self, pulses: Sequence[PlannedPulse], refusals: Sequence[PulseRefusal], now: float
    ) -> tuple[tuple[PlannedPulse, ...], tuple[PulseRefusal, ...]]:
        """Write pulses down before they are sent; without a ledger none may be."""
        if not pulses:
            return tuple(pulses), tuple(refusals)
        if self._write(lambda: self._ledger.intend(pulses, self._row, now, self._wall())):
            return tuple(pulses), tuple(refusals)
        failed = [PulseRefusal(pulse, Reason.STOPPED, self.problem) for pulse in pulses]
        return (), (*refusals, *failed)

    def intend_test(self, pulse_id: int, side: Side, nozzle: int, train: Train, who: str, now: float) -> bool:
        """Write a valve test down before it is fired; False when it cannot be, and then it may not."""
        return self._write(
            lambda: self._ledger.intend_test(pulse_id, side, nozzle, train, who, now, self._wall())
        )

    def note_test_air(self, pulse_id: int, before: float | None, lowest: float | None) -> None:
        """Write how the pressure fell in a valve test."""
        self._write(lambda: self._ledger.note_test_air(pulse_id, before, lowest))

    def settle(self, outcomes: Sequence[Settled]) -> bool:
        """Write outcomes; True once they are on disk."""
        return not outcomes or self._write(lambda: self._ledger.settle(outcomes, self._wall()))

    def note(self, changes: Iterable[Change], now: float) -> None:
        """Write lines of the journal."""
        for change in changes:
            line = (change.kind, change.text, change.who, now, self._wall())
            self._write(partial(self._ledger.note, *line))

    def finish(self, finals: Iterable[FinalFlower]) -> None:
        """Take the last word on flowers; written with the next `keep_place`."""
        self._finals.extend(finals)

    def keep_place(self, cart: Cart, pose: Pose | None, now: float) -> None:
        """Once a second, write where the cart is and what became of the flowers it passed."""
        if now - self._kept_at < KEEP_EVERY_S:
            return
        self._kept_at = now
        max_s = pose.s if pose is not None else None
        if not self._write(
            lambda: self._ledger.note_place(cart.boot_id, cart.odometry.origin_s, max_s, self._wall())
        ):
            return
        self._write(self._flush)

    def close(self) -> None:
        """Write what is left and end the session."""
        self._write(self._flush)
        self._ledger.close(self._wall())

    def _flush(self) -> None:
        if self._finals:
            self._ledger.finish_flowers(self._finals, self._wall())
            self._finals.clear()

    def _write(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except LedgerError as error:
            self.problem = str(error)
            return False
        self.problem = ""
        return True

    def _wall(self) -> float:
        return self._clock.wall().timestamp()
