"""The front camera's own thread: tags of the newest frame, told once, and never waited for."""

import threading
from collections.abc import Iterator
from math import pi

import numpy as np
import pytest

from robot.mission.fiducials import FrontCameraConfig
from robot.mission.tag_camera import STALE_S, TagCamera
from sim.front_camera import FrontCamera, TagPlate
from vision.types import Frame

CONFIG = FrontCameraConfig(source="v4l2:9")
PICTURE = FrontCamera(CONFIG, [TagPlate(7, 1.4, 0.0, 0.9, pi)], seed=1).picture(0.0, 0.0, 0.0)


class Grabbed:
    """Frames as the test gives them; `taken` is set once the reader has asked again after one."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self.waiting: Frame | None = None
        self.given = 0
        self.idle = threading.Event()
        self.closed = False

    def show(self, image: np.ndarray, t: float) -> None:
        self.given += 1
        self.idle.clear()
        self.waiting = Frame("front", self.given, t, image)
        assert self.idle.wait(10.0)

    def take(self) -> Frame | None:
        frame, self.waiting = self.waiting, None
        if frame is None:
            self.idle.set()
        return frame

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def grabbed() -> Grabbed:
    return Grabbed()


@pytest.fixture
def camera(grabbed: Grabbed) -> Iterator[TagCamera]:
    made = TagCamera(CONFIG, grabbed)
    yield made
    made.close()
    assert grabbed.closed


def test_newest_frames_tags_are_told_once_and_stay_recent_for_a_while(
    camera: TagCamera, grabbed: Grabbed
) -> None:
    assert camera.tags(4.0) == [] and camera.recent(4.0) == []
    grabbed.show(PICTURE, 5.0)
    assert [one.tag for one in camera.tags(5.1)] == [7]
    assert camera.tags(5.1) == []
    assert [one.tag for one in camera.recent(5.2)] == [7]
    assert camera.recent(5.0 + STALE_S + 0.1) == []
    assert camera.look(5.2) == ([], CONFIG.ahead)


def test_what_was_seen_long_ago_is_not_told(camera: TagCamera, grabbed: Grabbed) -> None:
    grabbed.show(PICTURE, 5.0)
    assert camera.tags(5.0 + STALE_S + 0.1) == []


def test_picture_of_another_size_is_a_problem_that_goes_away(camera: TagCamera, grabbed: Grabbed) -> None:
    grabbed.show(np.zeros((240, 320, 3), np.uint8), 5.0)
    assert camera.problem == "the front camera gives 320x240, not 640x480; mend mission.front"
    grabbed.show(PICTURE, 6.0)
    assert camera.problem == "" and [one.tag for one in camera.tags(6.0)] == [7]


def test_camera_that_is_not_there_is_told_in_its_own_words(camera: TagCamera, grabbed: Grabbed) -> None:
    grabbed.problem = "camera front: /dev/video9 is not there"
    assert camera.problem == "camera front: /dev/video9 is not there"
