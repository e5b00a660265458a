"""What people wished for the day, from the first to the last: which of it still holds."""

from __future__ import annotations

from collections.abc import Sequence

from robot.ledger import WishLine

BLOCK, PIN, UNPIN, END_DAY, GO_ON = "block", "pin", "unpin", "end_day", "go_on"


def in_force(wishes: Sequence[WishLine]) -> tuple[WishLine, ...]:
    """Return the last word on each row, and on the day's end, in the order in which they were said."""
    last = {("" if wish.kind in {END_DAY, GO_ON} else wish.row): wish for wish in wishes}
    return tuple(wish for wish in wishes if wish is last.get(wish.row) and wish.kind not in {UNPIN, GO_ON})


def rows_to(kind: str, wishes: Sequence[WishLine]) -> set[str]:
    """Return the rows that are to be blocked or pinned."""
    return {wish.row for wish in in_force(wishes) if wish.kind == kind}


def day_ended(wishes: Sequence[WishLine]) -> bool:
    """Tell whether a person ended the day, and nobody went on with it."""
    return any(wish.kind == END_DAY for wish in in_force(wishes))
