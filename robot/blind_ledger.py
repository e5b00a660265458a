"""The ledger while its disk is full: the robot starts, says so and waits; nothing can be fired."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from robot.disk import why_full
from robot.ledger import Ledger, LedgerError

FREE_SOME = "free some, for example with: bombus recordings prune"


class BlindLedger(Ledger):
    """Remembers nothing and takes nothing, so that no pulse is allowed; `why` says what is to be done."""

    def __init__(self, why: str) -> None:
        super().__init__(":memory:")
        self.why = why

    def begin(self, row: str, wall: float) -> int:
        """Begin without a session: the robot must come up to say what it waits for."""
        return 0

    def keep_clock(self, boot: str, offset: float, shift: float) -> None:
        """Forget it: nothing is stamped."""

    def _transaction(self) -> NoReturn:
        raise LedgerError(self.why)


def open_ledger(path: Path) -> Ledger:
    """Return the ledger, or a blind one while its disk is full; raises LedgerError for any other trouble."""
    try:
        ledger = Ledger(path)
        ledger.try_to_write()
    except LedgerError:
        full = why_full(path)
        if not full:
            raise
        return BlindLedger(f"ledger {path}: {full}; {FREE_SOME}")
    return ledger
