"""The contact sheet shows every light and stage, and is the same again."""

import numpy as np

from robot.config import DEMO_MACHINE, load_config
from sim.preview import CLOSE_LIGHTS, CLOSE_PX, LIGHTS_SHOWN, contact_sheet
from sim.world_config import WorldConfig
from vision.calibration import CameraModel
from vision.types import STAGE_NAMES

CAMERA = load_config(DEMO_MACHINE).cameras[0].model()


def small() -> CameraModel:
    told = CAMERA.model_dump() | {
        "width": 160,
        "height": 96,
        "fx": 102.0,
        "fy": 102.0,
        "cx": 79.5,
        "cy": 47.5,
    }
    return CameraModel.model_validate(told)


def test_sheet_has_a_row_for_each_light_and_stage_and_a_seed_gives_it_again() -> None:
    config = WorldConfig(row_length_m=0.6, look="photo")
    sheet = contact_sheet(config, 3, small())
    assert sheet.dtype == np.uint8
    assert sheet.shape[0] > len(CLOSE_LIGHTS) * len(STAGE_NAMES) * CLOSE_PX + len(LIGHTS_SHOWN) * 200
    assert np.array_equal(sheet, contact_sheet(config, 3, small()))
