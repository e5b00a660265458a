"""The way over the headland: with slipping wheels and a drawn camera the cart stands on the rail."""

from math import cos, pi, sin

import numpy as np
import pytest

from robot.mission.fiducials import FrontCameraConfig, TagReader, TagSeen
from robot.mission.navigator import (
    Berth,
    HeadlandConfig,
    Leg,
    Navigator,
    Pose2,
    Wheels,
    moved,
    placed_by_tag,
    wrapped,
)
from sim.front_camera import FrontCamera, TagPlate
from sim.headland import Ground, HeadlandDrive, HeadlandDriveConfig

CAMERA = FrontCameraConfig()
SURE = np.diag([1e-4, 1e-4, 1e-4])
BERTH = Berth(4.0, 0.0, pi / 2.0, tag=5)


def plate_of(berth: Berth) -> TagPlate:
    x = berth.x + berth.tag_ahead * cos(berth.toward)
    y = berth.y + berth.tag_ahead * sin(berth.toward)
    return TagPlate(berth.tag or 0, x, y, CAMERA.h, wrapped(berth.toward + pi))


def driven(
    seed: int, plates: list[TagPlate], slip: float = 0.02, berth: Berth = BERTH
) -> tuple[Navigator, Ground, float]:
    """Drive from (0, -1.2) to the berth; the camera looks five times a second."""
    drive = HeadlandDrive(HeadlandDriveConfig(slip_std=slip), Ground(0.0, -1.2, 0.0), seed)
    camera, reader = FrontCamera(CAMERA, plates, seed), TagReader(CAMERA)
    navigator = Navigator(HeadlandConfig(), Pose2(0.0, -1.2, 0.0, SURE), berth, [])
    t, wheels = 0.0, Wheels()
    for step in range(2400):
        drive.step(wheels, 0.05)
        t += 0.05
        ground, seen = drive.ground, list[TagSeen]()
        if step % 4 == 0 and navigator.leg in {Leg.TURN, Leg.ALIGN, Leg.BACK}:
            seen = reader.read(camera.picture(ground.x, ground.y, ground.heading), t)
        wheels = navigator.step(*drive.take(), seen, CAMERA.ahead, t)
        if navigator.leg in {Leg.THERE, Leg.STUCK}:
            break
    return navigator, drive.ground, t


@pytest.mark.parametrize("seed", range(3))
def test_cart_stands_on_the_rail_within_what_it_takes(seed: int) -> None:
    navigator, ground, seconds = driven(seed, [plate_of(BERTH)])
    assert navigator.leg is Leg.THERE, navigator.why
    assert abs(ground.x - BERTH.x) < 0.035 and abs(wrapped(ground.heading - BERTH.toward)) < 0.08
    assert seconds < 60.0


def test_without_the_tag_the_navigator_asks_for_a_person_before_the_rail() -> None:
    navigator, ground, _ = driven(1, [])
    assert navigator.leg is Leg.STUCK and "tag 5 is not in sight" in navigator.why
    assert ground.y < BERTH.y + 0.3


def test_tag_of_another_row_is_not_followed() -> None:
    navigator, _, _ = driven(1, [TagPlate(6, 4.0, 1.0, CAMERA.h, -pi / 2.0)])
    assert navigator.leg is Leg.STUCK


def test_halt_stops_the_wheels_in_every_leg_and_says_why() -> None:
    navigator = Navigator(HeadlandConfig(), Pose2(0.0, -1.2, 0.0, SURE), BERTH, [])
    for leg in Leg:
        navigator.leg = leg
        assert navigator.step(0.0, 0.0, [], 0.4, 1.0, halt="a person stands before the cart") == Wheels()
        assert "a person" in navigator.why


def test_wheels_make_the_place_less_sure_and_the_tag_makes_it_surer() -> None:
    pose = moved(Pose2(3.9, -1.3, pi / 2.0, np.diag([0.01, 0.01, 0.01])), 0.2, 0.0, 0.03)
    assert pose.std > 0.1 and pose.y == pytest.approx(-1.1)
    seen = TagSeen(5, 0.0, (0.1, 0.0, 1.9), 0.0, np.eye(6) * 1e-5, 0.1)
    after = placed_by_tag(pose, seen, BERTH, 0.4)
    assert after.std < 0.9 * pose.std and after.covariance[2, 2] < 0.2 * pose.covariance[2, 2]
    assert abs(after.x - 3.9) < 0.02 and abs(after.y + 1.1) < 0.02
