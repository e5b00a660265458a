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
# What leaves early: inside a branch a refusal or the end of a case, at the end of a function no choice.
_WAY_OUT = re.compile(r"^(?:\s{8,}(?:return\b[^{}]*|break)|\s{4}return);\s*(?:/\*.*\*/)?$")
_DECLARATION = re.compile(r"^\s+(?:u?int\w*_t|size_t|bool|unsigned|int|bb_\w+|struct)\b\s+\**\w+")
_SKIPPED = re.compile(r"^\s*(?:/?\*|#include|#if|#endif|//|#define \w+$)")
_FUNCTION = re.compile(r"^(?:static )?(?:inline )?(?:const )?[a-z]\w* \**(\w+)\((?!.*;$)")


class Mutant(NamedTuple):
    """One change: `old` at a column of a line becomes `new`.

    `line` and `becomes` are the whole line before and after, stripped; `nth` counts when the same change of the same
    line is found more than once in a function.
    """

    file: str
    function: str
    row: int
    column: int
    line: str
    becomes: str
    nth: int
    old: str
    new: str

    def applied(self, text: str) -> str:
        """Return the file's text with this change."""
        rows = text.split("\n")
        rows[self.row] = _replaced(rows[self.row], self.column, self.old, self.new)
        return "\n".join(rows)

    def key(self) -> Key:
        """Return what names it when lines move: file, function, line, line after, which of its like."""
        return (self.file, self.function, self.line, self.becomes, self.nth)

    def __str__(self) -> str:
        where = f"{self.file}:{self.row + 1} {self.function}".rstrip()
        return f"{where}\n  - {self.line}\n  + {self.becomes}"


Key = tuple[str, str, str, str, int]


def _replaced(row: str, column: int, old: str, new: str) -> str:
    return row[:column] + new + row[column + len(old) :]


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


def _rows(text: str) -> Iterator[tuple[int, str, str]]:
    """Lines of code with their functions: no comments, includes or continuation of a block comment."""
    commented, function = False, ""
    for number, row in enumerate(text.split("\n")):
        opens = "/*" in row and "*/" not in row.split("/*", 1)[1]
        if found := _FUNCTION.match(row):
            function = found[1]
        if not commented and not opens and not _SKIPPED.match(row):
            yield number, function, row
        if row == "}":
            function = ""
        commented = (commented or opens) and "*/" not in row


def mutants(file: str, text: str, within: str | None = None) -> list[Mutant]:
    """Return every mutant of a file of the core, or of one function `within` it."""
    found: list[Mutant] = []
    nth: Counter[tuple[str, str, str]] = Counter()
    for number, function, row in _rows(text):
        if within is not None and function != within:
            continue
        line = row.strip()
        changes = list(_changes(row))
        if (_STATEMENT.match(row) and not _DECLARATION.match(row)) or _WAY_OUT.match(row):
            changes.append((len(row) - len(row.lstrip()), line, ";"))
        for column, old, new in changes:
            becomes = _replaced(row, column, old, new).strip()
            place = nth[function, line, becomes]
            nth[function, line, becomes] += 1
            found.append(Mutant(file, function, number, column, line, becomes, place, old, new))
    return found
