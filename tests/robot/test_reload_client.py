"""Asking a robot to take its machine file anew: taken, refused, given up, or not there, over a real socket."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from robot.clock import MonotonicClock
from robot.commands import CommandInbox
from robot.config import config_id
from robot.reload_client import ask_to_reload
from robot.telemetry import SnapshotPublisher
from tests.robot.views import READY

CLOCK = MonotonicClock()


class Robot:
    """Shows itself, and starts over when it is asked to, as the daemon does."""

    def __init__(self, path: Path, refuses: str, becomes: tuple[str, str]) -> None:
        self._path, self._becomes = path, becomes
        self.inbox = CommandInbox()
        self.inbox.refuses_reload = lambda: refuses
        self._publisher = SnapshotPublisher(path, {}, self.inbox, CLOCK)
        self._publisher.describe(config_id("old"), "an older trouble")
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def _live(self) -> None:
        while not self._ending.wait(0.02):
            self._publisher.publish(READY)
            if self.inbox.take_reload():
                self._publisher.close()
                self._publisher = SnapshotPublisher(self._path, {}, self.inbox, CLOCK)
                self._publisher.describe(*self._becomes)

    def end(self) -> None:
        self._ending.set()
        self._thread.join()
        self._publisher.close()


@contextmanager
def robot(path: Path, refuses: str = "", becomes: tuple[str, str] = ("", "")) -> Iterator[None]:
    one = Robot(path, refuses, becomes)
    yield
    one.end()


pytestmark = pytest.mark.realtime


def test_a_robot_that_takes_it_says_so(tmp_path: Path) -> None:
    with robot(tmp_path / "t.sock", becomes=(config_id("new"), "")):
        told = ask_to_reload(tmp_path / "t.sock", "new", "ana", CLOCK)
    assert (told.taken, told.refused) == (True, False)


def test_a_robot_that_works_a_row_refuses_with_its_sentence(tmp_path: Path) -> None:
    with robot(tmp_path / "t.sock", refuses="reload: the robot works a row; pause it first"):
        told = ask_to_reload(tmp_path / "t.sock", "new", "ana", CLOCK)
    assert (told.taken, told.refused) == (False, True)
    assert told.text == "reload: the robot works a row; pause it first"


def test_a_robot_that_goes_on_with_the_old_one_says_why(tmp_path: Path) -> None:
    with robot(tmp_path / "t.sock", becomes=(config_id("old"), "serial.port: not there")):
        told = ask_to_reload(tmp_path / "t.sock", "new", "ana", CLOCK)
    assert (told.refused, told.text) == (True, "serial.port: not there")


def test_without_a_robot_it_waits_for_the_next_start(tmp_path: Path) -> None:
    told = ask_to_reload(tmp_path / "none.sock", "new", "ana", CLOCK)
    assert (told.taken, told.refused) == (False, False)
    assert "next start" in told.text
