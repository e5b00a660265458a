"""How a command line tells the program that started it how much is done: lines on standard error, if asked to."""

from __future__ import annotations

import re

TELL_SHARE = "BOMBUS_TELL_SHARE"
"""Set in the environment by a program that starts `bombus` and reads its standard error."""

_LINE = re.compile(r"share ([01]\.\d\d)")


def share_line(hundredths: int) -> str:
    """Return the line that says how much is done, 0 to 100 hundredths."""
    return f"share {hundredths / 100:.2f}"


def share_in(line: str) -> float | None:
    """Return the share that a line says, 0 to 1, or None for any other line."""
    found = _LINE.fullmatch(line)
    return None if found is None else float(found[1])
