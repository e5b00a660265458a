"""Numbers named on the command line, as 21-24,30."""

from __future__ import annotations

from bombus.output import WrongUseError


def numbers_named(text: str, option: str, example: str) -> list[int]:
    """Return the numbers that `text` names, in its order; raises WrongUseError, which shows the `example`."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise WrongUseError(f"{option} {text}: '{part}' is no number or range; write {example}")
        found += range(int(first), int(last if dash else first) + 1)
    return found
