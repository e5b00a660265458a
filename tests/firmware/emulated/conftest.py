"""Needs the emulator and the image. Without them the tests are skipped, except where they were asked for by name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
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
def start_board(tmp_path: Path) -> Iterator[Callable[[], Board]]:
    """Starts emulated boards, each from power-on and not connected to; they end with the test."""
    missing = _missing()
    if missing and os.environ.get(REQUIRED):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    boards: list[Board] = []

    def start() -> Board:
        boards.append(Board(tmp_path / str(len(boards))))
        return boards[-1]

    yield start
    for board in boards:
        board.close()


@pytest.fixture
def board(start_board: Callable[[], Board]) -> Board:
    """One emulated board."""
    return start_board()
