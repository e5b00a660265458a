"""Needs the emulator and the image. Without them the tests are skipped, except where they were asked for by name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firmware.emulated.board import IMAGE, Board

REQUIRED = "BOMBUS_EMULATOR_REQUIRED"
"""Set by `make test-firmware`: what is missing fails there."""


def _missing() -> str:
    for program in ("qemu-system-arm", "arm-none-eabi-nm"):
        if shutil.which(program) is None:
            return f"NOT RUN: {program} is not installed; `make firmware` says what to install"
    return "" if IMAGE.exists() else f"NOT RUN: there is no {IMAGE.name}; make it with `make firmware`"


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    """The emulated board, started and never connected to."""
    missing = _missing()
    if missing and os.environ.get(REQUIRED):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    board = Board(tmp_path)
    yield board
    board.close()
