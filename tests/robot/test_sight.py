import numpy as np
import pytest
from numpy.typing import NDArray

from robot.config import DEMO_MACHINE, load_config
from robot.odometry import Odometry, OdometryConfig
from robot.sight import SideParts, Sight
from vision.domain_shift import DomainConfig, domain_of
from vision.flower_map import FlowerMap
from vision.frame_checks import FrameCheckConfig
from vision.picture_watch import PictureWatch
from vision.types import Detections, Frame

CAMERA = load_config(DEMO_MACHINE).cameras[0].model()
PLACE = np.array([[1.0, 1.6, 0.43]])


class Doubles:
    """Source, check and detector of a cart that rolls at 0.15 m/s from s = 0.5 at t = 0."""

    camera_id = "left"

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.problem_text: str | None = None
        self.t = 0.0

    def take(self) -> Frame | None:
        return self.frames.pop() if self.frames else None

    def problem(self, frame: Frame) -> str | None:
        return self.problem_text

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        [[u, v]] = CAMERA.project(PLACE, 0.5 + 0.15 * self.t)
        box = np.array([[u - 13, v - 13, u + 13, v + 13]], np.float32)
        return Detections(box, np.array([[0.02, 0.95, 0.03]], np.float32), np.array([0.95], np.float32))


@pytest.fixture
def doubles() -> Doubles:
    return Doubles()


@pytest.fixture
def sight(doubles: Doubles) -> Sight:
    return Sight("left", SideParts(doubles, doubles, doubles, CAMERA, lambda: FlowerMap(CAMERA)))


def odometry() -> Odometry:
    rolling = Odometry(OdometryConfig())
    rolling.set_origin(0.5)
    for i in range(120):
        rolling.add(0.02 * i, round(0.15 * 0.02 * i * 10_000))
    return rolling


def frame(seq: int, t: float) -> Frame:
    return Frame("left", seq, t, np.zeros((384, 640, 3), np.uint8))


def test_frames_of_a_moving_cart_become_a_flower_in_its_place(sight: Sight, doubles: Doubles) -> None:
    moved = odometry()
    for seq in range(20):
        doubles.t = 0.1 * seq
        doubles.frames.append(frame(seq, doubles.t))
        taken = sight.take()
        assert taken is not None and sight.usable(taken)
        assert sight.place(taken, sight.detect(taken), moved) == []
    [flower] = sight.flowers(0.9, 1.1)
    assert flower.place_known
    assert flower.position == pytest.approx(PLACE[0], abs=0.002)
    assert sight.flowers(1.2, 2.0) == []
    view = sight.view(moved.at(2.0))
    assert (view.camera_id, view.detections, len(view.flowers)) == ("left", 1, 1)


def test_no_frame_is_no_news(sight: Sight) -> None:
    assert sight.take() is None
    assert sight.frames == 0
    assert sight.health().last_frame_t is None


def test_useless_frame_is_named_and_does_not_count_as_good(sight: Sight, doubles: Doubles) -> None:
    doubles.problem_text = "dark"
    doubles.frames.append(frame(1, 0.5))
    taken = sight.take()
    assert taken is not None and not sight.usable(taken)
    health = sight.health()
    assert (health.last_frame_t, health.last_good_t, health.problem) == (0.5, None, "dark")
    assert sight.view(None).frame_problem == "dark"


def test_frame_without_a_position_teaches_the_map_nothing(sight: Sight, doubles: Doubles) -> None:
    taken = frame(1, 0.5)
    assert sight.place(taken, sight.detect(taken), Odometry(OdometryConfig())) == []
    assert sight.flowers(-9.0, 9.0) == []


def test_starting_over_forgets_every_flower(sight: Sight, doubles: Doubles) -> None:
    taken = frame(1, 0.0)
    sight.place(taken, sight.detect(taken), odometry())
    assert len(sight.flowers(-9.0, 9.0)) == 1
    sight.start_over()
    assert sight.flowers(-9.0, 9.0) == []


def test_dirty_lens_and_strange_light_reach_the_health_checks(doubles: Doubles) -> None:
    class Watch(PictureWatch):
        seen = 0

        def see(self, image: NDArray[np.uint8], detections: Detections) -> None:
            self.seen += len(detections)

        @property
        def dirty(self) -> str:
            return "upper left"

        @property
        def shifted(self) -> str:
            return "more blue"

    watch = Watch(FrameCheckConfig(), domain_of(None), DomainConfig())
    parts = SideParts(doubles, doubles, doubles, CAMERA, lambda: FlowerMap(CAMERA), watch=watch)
    sight = Sight("left", parts)
    sight.detect(frame(1, 0.0))
    assert watch.seen == 1
    assert (sight.health().dirty, sight.health().shifted) == ("upper left", "more blue")
