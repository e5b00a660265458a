import numpy as np
import pytest
from pydantic import ValidationError

from robot.config import DEMO_MACHINE, load_config
from sim.misfit import MisfitConfig

CONFIG = load_config(DEMO_MACHINE)
CAMERA = CONFIG.cameras[0].model()
FLOWER = np.array([[1.0, 1.6, 0.45]])


def test_a_machine_as_its_file_says_stays_as_it_is() -> None:
    assert MisfitConfig().camera(CAMERA) == CAMERA
    assert MisfitConfig().banks(CONFIG.banks) == dict(CONFIG.banks)


@pytest.mark.parametrize("key", ["camera_s_mm", "camera_h_mm", "camera_d_mm", "yaw_deg", "pitch_deg"])
def test_a_knocked_camera_sees_the_flower_elsewhere(key: str) -> None:
    seen = MisfitConfig.model_validate({key: 2.0}).camera(CAMERA).project(FLOWER, 0.4)
    moved = np.abs(seen - CAMERA.project(FLOWER, 0.4)).max()
    assert 0.3 < moved < 30.0


@pytest.mark.parametrize("key", ["roll_deg", "focal_percent", "k1"])
def test_a_turned_or_other_lens_moves_what_is_off_the_middle(key: str) -> None:
    corner = np.array([[0.6, 1.75, 0.45]])
    value = 0.05 if key == "k1" else 2.0
    seen = MisfitConfig.model_validate({key: value}).camera(CAMERA).project(corner, 0.3)
    assert np.abs(seen - CAMERA.project(corner, 0.3)).max() > 0.3


def test_nozzles_stand_off_by_millimetres() -> None:
    told, true = (
        CONFIG.banks["left"],
        MisfitConfig(nozzle_s_mm=3.0, nozzle_h_mm=-2.0).banks(CONFIG.banks)["left"],
    )
    assert true.s_offset - told.s_offset == pytest.approx(0.003)
    assert true.height(told.first_nozzle) - told.height(told.first_nozzle) == pytest.approx(-0.002)


def test_a_misfit_beyond_its_limits_is_refused() -> None:
    with pytest.raises(ValidationError):
        MisfitConfig(yaw_deg=30.0)
