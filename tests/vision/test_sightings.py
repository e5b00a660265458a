import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.calibration import CameraModel
from vision.sightings import sight
from vision.types import Detections, Pose

POSE = Pose(0.0, 10.0, 0.2, 0.0005)


def detections(*boxes: tuple[float, float, float, float]) -> Detections:
    stages: NDArray[np.float32] = np.full((len(boxes), 3), 0.3, np.float32)
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), stages, stages[:, 0])


def test_a_box_becomes_the_ray_of_its_centre(left_camera: CameraModel) -> None:
    seen = sight(detections((300, 180, 330, 200)), POSE, left_camera, 1.0, 0.05)
    assert seen.rays == pytest.approx(left_camera.ray(np.array([[315.0, 190.0]])))
    assert seen.half[0] == pytest.approx((15 / 457, 10 / 457))
    assert seen.noise_s[0] == pytest.approx((1 + 1.5**2) / 457**2)
    assert seen.noise_h[0] == pytest.approx((1 + 1.0**2) / 457**2)
    assert not seen.cut[0]


def test_a_box_cut_by_the_border_is_known_as_such_and_vague_across_it(left_camera: CameraModel) -> None:
    seen = sight(detections((0, 180, 15, 200)), POSE, left_camera, 1.0, 0.05)
    assert seen.cut[0]
    assert seen.entering[0]
    assert seen.noise_s[0] > 5 * seen.noise_h[0]
    # A flower is about as wide as high: 20 px, of which 15 show.
    assert seen.rays == pytest.approx(left_camera.ray(np.array([[5.0, 190.0]])))
    low = sight(detections((300, 370, 320, 384)), POSE, left_camera, 1.0, 0.05)
    assert low.cut[0]
    assert not low.entering[0]


def test_rows_read_later_are_seen_from_further_on(left_camera: CameraModel) -> None:
    rolling = left_camera.model_copy(update={"readout_s": 0.02})
    seen = sight(detections((300, 20, 330, 30), (300, 350, 330, 360)), POSE, rolling, 1.0, 0.0)
    assert seen.camera_s[0] < 10.45 < seen.camera_s[1]
    assert seen.camera_s[1] - seen.camera_s[0] == pytest.approx(0.2 * 0.02 * 330 / 383)


coordinate = st.floats(width=32) | st.floats(-10, 700, width=32)


@given(st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), max_size=8))
def test_boxes_that_no_image_can_hold_drop_out(boxes: list[tuple[float, float, float, float]]) -> None:
    camera = CameraModel(
        camera_id="left", side="left", width=640, height=384, fx=457.0, fy=457.0, cx=319.5, cy=191.5,
        distortion=(-0.12, 0.02, 0.0005, -0.0005, 0.0), s_offset=0.45, h=1.60,
    )  # fmt: skip
    seen = sight(detections(*boxes), POSE, camera, 1.0, 0.05)
    assert np.isfinite(seen.rays).all()
    for i, (x0, y0, x1, y1) in enumerate(boxes):
        if 0 <= x0 < x1 <= 640 and 0 <= y0 < y1 <= 384:
            assert i in seen.index


def test_stage_probabilities_that_are_no_numbers_drop_out(left_camera: CameraModel) -> None:
    found = detections((300, 180, 330, 200), (200, 180, 230, 200))
    found.stages[0, 1] = np.nan
    assert sight(found, POSE, left_camera, 1.0, 0.05).index.tolist() == [1]
