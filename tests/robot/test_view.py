"""Cameras before nozzle banks: what is reached must be seen."""

from __future__ import annotations

import pytest

from robot.aim import JetConfig, NozzleBank
from robot.config import DEMO_MACHINE, load_config
from robot.settings import CameraConfig
from robot.view import heights_seen, sees_before_nozzles, unseen_nozzles

BANK = NozzleBank(side="left", first_nozzle=0, count=32, h_first=1.3675, pitch=0.015, d_mouth=0.25)


def camera(d: float, fov_deg: float) -> CameraConfig:
    return CameraConfig(camera_id="left", side="left", source="v4l2:0", d=d, horizontal_fov_deg=fov_deg)


def test_a_camera_sees_higher_and_lower_the_farther_it_looks() -> None:
    low, high = heights_seen(camera(0.0, 70.0).model(), 0.5)
    near_low, near_high = heights_seen(camera(0.0, 70.0).model(), 0.25)
    assert high - low == pytest.approx(2 * (near_high - near_low))
    assert low < 1.6 < high


def test_a_narrow_camera_close_to_the_crop_leaves_nozzles_unseen() -> None:
    assert unseen_nozzles(camera(0.0, 70.0).model(), BANK, JetConfig()) == 8


def test_the_same_camera_set_back_sees_them_all() -> None:
    assert unseen_nozzles(camera(-0.15, 70.0).model(), BANK, JetConfig()) == 0


def test_the_demo_machine_sees_all_that_it_reaches() -> None:
    machine = load_config(DEMO_MACHINE)
    for settings in machine.cameras:
        assert unseen_nozzles(settings.model(), machine.banks[settings.side], machine.jet) == 0


@pytest.mark.parametrize(
    ("s_offset", "wanted"), [(0.45, [True, False]), (0.0, [True, True]), (-0.45, [False, True])]
)
def test_a_camera_ahead_of_the_nozzles_comes_after_them_on_the_way_back(
    s_offset: float, wanted: list[bool]
) -> None:
    lens = camera(-0.1, 76.0).model_copy(update={"s_offset": s_offset}).model()
    assert [sees_before_nozzles(lens, BANK, JetConfig(), direction) for direction in (1, -1)] == wanted
