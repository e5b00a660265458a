"""Log lines of the long-running processes: for people at a terminal, and for journald when it listens."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, TextIO

import structlog

SYSLOG = {"critical": 2, "error": 3, "exception": 3, "warning": 4, "info": 6, "debug": 7}
"""syslog's levels; journald takes one at a line's beginning as the line's priority."""


def set_up_logs(stream: TextIO | None = None) -> None:
    """Log to standard error from now on: key=value lines, with the level in journald's way where it listens.

    journald stamps the lines itself, so they carry no time of their own there.
    """
    out = sys.stderr if stream is None else stream
    journal = _goes_to_journal(out)
    processors: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.format_exc_info]
    if journal:
        processors.append(_for_journal)
    else:
        processors.insert(0, structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False))
        processors.append(structlog.dev.ConsoleRenderer(colors=out.isatty()))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


def _goes_to_journal(out: TextIO) -> bool:
    """Whether `out` is the stream that systemd connected to its journal (systemd.exec, $JOURNAL_STREAM)."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


def _for_journal(logger: Any, method: str, event: dict[str, Any]) -> str:
    """Return one entry: priority, sentence, key=value; each further line keeps the priority."""
    level = SYSLOG.get(str(event.pop("level", method)), 6)
    trace = str(event.pop("exception", ""))
    words = [str(event.pop("event", "")), *(f"{key}={_value(value)}" for key, value in event.items())]
    lines = [" ".join(" ".join(words).splitlines()), *trace.splitlines()]
    return "\n".join(f"<{level}>{line}" for line in lines)


def _value(value: object) -> str:
    text = str(value)
    return repr(text) if " " in text or not text or not text.isprintable() else text
