"""The mover: what it does when the wheels' count is lost or the base stands."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from robot.mission.fiducials import FrontCameraConfig, TagSeen
from robot.mission.house import load_house
from robot.mission.house_map import lay_out
from robot.mission.mover import Mover
from robot.mission.navigator import HeadlandConfig, Wheels
from tests.robot.mission.small_house import small_house


@dataclass
class Wheeled:
    """A HeadlandDrive and a FrontEye that do as the test says."""

    moved: tuple[float, float] | None = (0.0, 0.0)
    problem: str = ""
    told: list[Wheels] = field(default_factory=list)
    taken: int = 0

    def command(self, wheels: Wheels, now: float) -> None:
        self.told.append(wheels)

    def take(self) -> tuple[float, float] | None:
        self.taken += 1
        return self.moved

    def tags(self, now: float) -> list[TagSeen]:
        return []

    def recent(self, now: float) -> list[TagSeen]:
        return []


@pytest.fixture
def wheels() -> Wheeled:
    return Wheeled()


@pytest.fixture
def mover(wheels: Wheeled, tmp_path: Path) -> Mover:
    path = small_house(tmp_path)
    house = lay_out(load_house(path), str(path))
    return Mover(house, HeadlandConfig(), FrontCameraConfig(), wheels, wheels, house.docks["dock"])


def test_what_the_wheels_did_before_a_way_begins_is_no_part_of_it(mover: Mover, wheels: Wheeled) -> None:
    mover.go(None, 0.0, "")
    assert wheels.taken == 2
    mover.go(None, 0.1, "")
    assert wheels.taken == 3


def test_base_that_stands_is_told_to_halt_and_a_person_is_asked_until_it_rolls(
    mover: Mover, wheels: Wheeled
) -> None:
    wheels.problem = "its bumper is pressed"
    assert not mover.go(None, 0.0, "")
    assert wheels.told[-1] == Wheels() and mover.stuck == mover.wheels_problem == "its bumper is pressed"
    wheels.problem = ""
    mover.go(None, 0.1, "")
    assert mover.stuck == ""


def test_lost_count_is_a_place_that_only_a_person_can_tell(mover: Mover, wheels: Wheeled) -> None:
    mover.go(None, 0.0, "")
    wheels.moved = None
    told = len(wheels.told)
    assert not mover.go(None, 0.1, "") and "count was lost" in mover.stuck
    wheels.moved = (0.0, 0.0)
    assert not mover.go(None, 0.2, "") and "count was lost" in mover.stuck
    assert len(wheels.told) == told
    mover.was_moved(None)
    mover.go(None, 0.3, "")
    assert mover.stuck == "" and len(wheels.told) == told + 1
