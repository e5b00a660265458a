"""What a command says and how it ends: tables for people, one JSON object for machines, one line for errors."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from robot.share_told import TELL_SHARE, share_line

DONE, FAILED, WRONG_USE = 0, 1, 2

FILE_COLUMNS = 160
"""A log or a pipe has no width of its own: wide enough for every table, so that none loses digits."""


def console_for_people() -> Console:
    """Return a console on standard error, so that standard output holds the JSON object alone."""
    sized = sys.stderr.isatty() or "COLUMNS" in os.environ
    return Console(stderr=True, highlight=False, width=None if sized else FILE_COLUMNS)


people = console_for_people()
"""Everything for people goes here."""


class WrongUseError(Exception):
    """The caller asked for something that cannot be; the text is the one line that the user sees."""


class WorkFailedError(Exception):
    """The work was right but could not be done; the text is the one line that the user sees."""


def print_json(result: Any) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(msgspec.to_builtins(result), allow_nan=False) + "\n")
    sys.stdout.flush()


def print_table(title: str, rows: Mapping[str, object]) -> None:
    """Print names and values for people; None shows as a dash."""
    table = Table(title=Text(title), show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in rows.items():
        table.add_row(Text(name), Text("-" if value is None else str(value)))
    people.print(table)


def print_columns(title: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table for people; a name that begins with > heads a column of numbers."""
    table = Table(title=Text(title), title_justify="left")
    for name in names:
        table.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    people.print(table)


@contextmanager
def share_bar(what: str) -> Iterator[Callable[[float], None]]:
    """Give what takes the share of `what` that is done (0 to 1), and shows it.

    On a terminal that is a bar; to a program that asked for it, a line `share 0.42` at each further hundredth.
    """
    if os.environ.get(TELL_SHARE):
        told = -1

        def tell(share: float) -> None:
            nonlocal told
            hundredths = int(100 * min(max(share, 0.0), 1.0))
            if hundredths > told:
                told = hundredths
                note_for_caller(share_line(hundredths))

        yield tell
        return
    from rich.progress import Progress

    with Progress(console=people, transient=True, disable=not people.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def note_for_caller(line: str) -> None:
    """Say at once how far a command is, to a program that asked for it."""
    if os.environ.get(TELL_SHARE):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def ask_for_yes(what: str, otherwise: str) -> None:
    """Wait for a typed yes to `what` comes next; raises WrongUseError, which begins with `otherwise`."""
    people.print(f"about to {what}. Type yes to go on: ", end="")
    if sys.stdin.readline().strip().lower() != "yes":
        raise WrongUseError(f"{otherwise}: it takes a typed yes, or --yes")


def fail(code: int, error: BaseException) -> NoReturn:
    """End the process with `code` and the error's text in one line."""
    line = " ".join(str(error).split())
    sys.stderr.write(f"bombus: {line or type(error).__name__}\n")
    sys.stderr.flush()
    raise SystemExit(code)


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turn the errors that a user can cause or mend into one line and the contract's exit code."""
    from bombus.errors import WORK_FAILED, WRONG_USE_ERRORS

    try:
        yield
    except WRONG_USE_ERRORS as error:
        fail(WRONG_USE, error)
    except WORK_FAILED as error:
        fail(FAILED, error)
    except KeyboardInterrupt:
        fail(FAILED, KeyboardInterrupt("stopped by the keyboard"))
