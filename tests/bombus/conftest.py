"""A microcontroller behind a real pty, with a steady pressure, for the tools at the bench."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bombus.cli import main
from firmware_bridge.core_config import CoreConfig
from robot.clock import MonotonicClock
from sim.mcu_process import McuProcess


class Board:
    """`bombus-mcu` and a thread that shows it its sensors."""

    def __init__(self, folder: Path, config: CoreConfig, *options: str) -> None:
        self.mcu = McuProcess(folder, config, *options)
        self.port = str(self.mcu.port)
        self.pressure_kpa = 600
        self._ending = threading.Event()
        self._show()
        self._thread = threading.Thread(target=self._keep_showing, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()
        self.mcu.stop()

    def _show(self) -> None:
        now_us = int(MonotonicClock().now() * 1e6)
        self.mcu.page.set_sensors(1234, self.pressure_kpa, 25_000, button=False, bumper=False, now_us=now_us)

    def _keep_showing(self) -> None:
        while not self._ending.wait(0.005):
            self._show()


@pytest.fixture
def make_board(tmp_path: Path) -> Iterator[Callable[..., Board]]:
    boards: list[Board] = []

    def made(*options: str, config: CoreConfig | None = None) -> Board:
        boards.append(Board(tmp_path, config or CoreConfig(), *options))
        return boards[-1]

    yield made
    for board in boards:
        board.stop()


@pytest.fixture
def board(make_board: Callable[..., Board]) -> Board:
    return make_board()


class Ended(NamedTuple):
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def bombus(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run `bombus WORDS` in this process."""

    def run(*words: object, typed: str = "") -> Ended:
        monkeypatch.setattr(sys, "argv", ["bombus", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run
