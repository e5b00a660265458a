from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import numpy as np
import pytest

from vision import latest
from vision.latest import LatestFrame
from vision.types import Camera, CameraError, Frame

PATIENCE_S = 5.0


def frame(seq: int) -> Frame:
    return Frame("left", seq, 10.0 + seq, np.zeros((2, 2, 3), np.uint8))


class Script:
    """A camera that plays what the test puts in: frames, None, or an error to raise; `asked` counts reads."""

    camera_id = "left"

    def __init__(self) -> None:
        self.steps: queue.Queue[Frame | Exception | None] = queue.Queue()
        self.closed = threading.Event()
        self.idle = threading.Semaphore(0)

    def read(self, timeout_s: float) -> Frame | None:
        self.idle.release()
        try:
            step = self.steps.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self.closed.set()

    def play(self, *steps: Frame | Exception | None) -> None:
        """Play all steps and return once the grabber asks for the next."""
        for step in steps:
            assert self.idle.acquire(timeout=PATIENCE_S)
            self.steps.put(step)
        assert self.idle.acquire(timeout=PATIENCE_S)
        self.idle.release()


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "FIRST_RETRY_S", 0.001)
    monkeypatch.setattr(latest, "LONGEST_RETRY_S", 0.002)


def until(true: Callable[[], bool]) -> None:
    """Wait for the grabber thread."""
    wait = threading.Event()
    for _ in range(int(PATIENCE_S / 0.002)):
        if true():
            return
        wait.wait(0.002)
    raise AssertionError("the grabber never got there")


def test_only_the_newest_frame_is_taken_and_only_once() -> None:
    camera = Script()
    source = LatestFrame("left", lambda: camera)
    camera.play(frame(1), frame(2), frame(3))
    taken = source.take()
    assert taken is not None
    assert taken.seq == 3
    assert source.take() is None
    assert source.missed == 2
    assert source.age(15.0) == 2.0
    source.close()
    assert camera.closed.is_set()


def test_a_camera_that_breaks_is_closed_and_opened_again() -> None:
    cameras = [Script(), Script()]
    opened = iter(cameras)
    source = LatestFrame("left", lambda: next(opened))
    cameras[0].play(frame(1))
    assert source.problem is None
    cameras[0].steps.put(CameraError("camera left: cable out"))
    cameras[1].play(frame(2))
    assert cameras[0].closed.is_set()
    assert source.problem is None
    taken = source.take()
    assert taken is not None
    assert taken.seq == 2
    source.close()


def test_a_camera_that_is_not_there_is_a_problem_that_passes() -> None:
    camera, there = Script(), threading.Event()

    def open_camera() -> Camera:
        if not there.is_set():
            raise CameraError("camera left: /dev/video0 is not there")
        return camera

    source = LatestFrame("left", open_camera)
    until(lambda: source.problem == "camera left: /dev/video0 is not there")
    assert source.take() is None
    assert source.age(1.0) is None
    there.set()
    camera.play(frame(1))
    assert source.problem is None
    source.close()


def test_a_drivers_own_error_becomes_a_problem_and_the_thread_goes_on() -> None:
    cameras = [Script(), Script()]
    opened = iter(cameras)
    source = LatestFrame("left", lambda: next(opened))
    cameras[0].play()
    cameras[0].steps.put(ZeroDivisionError("bad driver"))
    cameras[1].play(frame(1))
    assert source.take() is not None
    cameras[1].steps.put(RuntimeError("again"))
    until(lambda: source.problem is not None)
    assert source.problem is not None
    assert "check its driver" in source.problem
    source.close()


def test_silence_is_a_problem_with_the_cameras_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "READ_TIMEOUT_S", 0.01)
    camera = Script()
    source = LatestFrame("left", lambda: camera)
    until(lambda: source.problem == "camera left: no frame for 0.01 s; check its source")
    source.close()
