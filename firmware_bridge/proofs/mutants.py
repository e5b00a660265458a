"""The mutants of the core: each is one small change of one line, as a slip of the hand would make it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

SWAPS = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "+": ("-",),
    "-": ("+",),
    "+=": ("-=",),
    "-=": ("+=",),
    "++": ("--",),
    "--": ("++",),
    "|=": ("&=",),
    "<<": (">>",),
    ">>": ("<<",),
    "%": ("/",),
    "true": ("false",),
    "false": ("true",),
}
_WORDS = re.compile(
    r"(?P<skip>/\*.*?\*/|\"[^\"]*\"|'[^']*'|->)"
    r"|(?P<operator>\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\|=|[<>+%-])"
    r"|(?P<word>\b(?:true|false)\b)"
    r"|(?P<negation>!(?=[\w(]))"
    r"|(?P<number>(?<![\w.])(?:0x[0-9a-f]+|\d+)u?\b)"
)
_STATEMENT = re.compile(r"^\s+(?!return\b|const\b|static\b|break\b|goto\b)[\w*(][^{}]*;\s*(?:/\*.*\*/)?$")
_DECLARATION = re.compile(r"^\s+(?:u?int\w*_t|size_t|bool|unsigned|int|bb_\w+|struct)\b\s+\**\w+")
_SKIPPED = re.compile(r"^\s*(?:/?\*|#include|#if|#endif|//|static const uint32_t bb_crc_table)")


class Mutant(NamedTuple):
    """One change: `old` at a column of a line becomes `new`. `line` is the text as it stands, stripped."""

    file: str
    row: int
    column: int
    line: str
    nth: int
    old: str
    new: str

    def applied(self, text: str) -> str:
        """Return the file's text with this change."""
        rows = text.split("\n")
        row = rows[self.row]
        rows[self.row] = row[: self.column] + self.new + row[self.column + len(self.old) :]
        return "\n".join(rows)

    def key(self) -> tuple[str, str, int, str, str]:
        """Return what names it when lines move: file, line, which such place in it, old, new."""
        return (self.file, self.line, self.nth, self.old, self.new)

    def __str__(self) -> str:
        return f"{self.file}:{self.row + 1}: '{self.old}' -> '{self.new}'   {self.line}"


def _numbers(text: str) -> Iterator[str]:
    suffix = "u" if text.endswith("u") else ""
    value = int(text.removesuffix("u"), 0)
    if value < 2**32 - 1:
        yield f"{value + 1}{suffix}"


def _changes(row: str) -> Iterator[tuple[int, str, str]]:
    for found in _WORDS.finditer(row):
        old = found.group()
        if found.lastgroup == "skip":
            continue
        if found.lastgroup == "number":
            yield from ((found.start(), old, new) for new in _numbers(old))
        elif found.lastgroup == "negation":
            yield found.start(), old, ""
        elif not (old in "+-" and _is_sign(row, found.start())):
            yield from ((found.start(), old, new) for new in SWAPS[old])


def _is_sign(row: str, column: int) -> bool:
    before = row[:column].rstrip()
    return not before or before[-1] in "(,=?:<>&|" or before.endswith("return")


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Lines of code: no comments, includes or continuation of a block comment."""
    commented = False
    for number, row in enumerate(text.split("\n")):
        opens = "/*" in row and "*/" not in row.split("/*", 1)[1]
        if not commented and not opens and not _SKIPPED.match(row):
            yield number, row
        commented = (commented or opens) and "*/" not in row


def mutants(file: str, text: str) -> list[Mutant]:
    """Return every mutant of a file of the core."""
    found: list[Mutant] = []
    nth: Counter[tuple[str, str]] = Counter()
    for number, row in _rows(text):
        line = row.strip()
        places: dict[tuple[int, str], int] = {}
        for column, old, new in _changes(row):
            if (column, old) not in places:
                places[column, old] = nth[line, old]
                nth[line, old] += 1
            found.append(Mutant(file, number, column, line, places[column, old], old, new))
        if _STATEMENT.match(row) and not _DECLARATION.match(row):
            found.append(Mutant(file, number, len(row) - len(row.lstrip()), line, nth[line, line], line, ";"))
            nth[line, line] += 1
    return found
