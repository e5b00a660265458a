"""A helper process ends with the process that started it, also when that one is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping

PARENT = "BOMBUS_PARENT"
"""The variable in which a parent names itself to its helpers."""

PR_SET_PDEATHSIG = 1
"""prctl(2)."""


def naming_parent(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a helper that is to end with this process."""
    return {**environment, PARENT: str(os.getpid())}


def end_with_parent(environment: Mapping[str, str]) -> None:
    """Have this process told to end when its parent dies; nothing where no parent named itself, or on other systems."""
    parent = environment.get(PARENT, "")
    ask = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if not parent or ask is None:
        return
    ask(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    # It may have died before we asked.
    if str(os.getppid()) != parent:
        sys.exit(0)
