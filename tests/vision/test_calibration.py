import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vision.calibration import CameraModel
from vision.types import SIDES, Side

Lens = tuple[float, float, float, float, float]
PLAIN: Lens = (0.0, 0.0, 0.0, 0.0, 0.0)
LENSES: tuple[Lens, ...] = (
    PLAIN,
    (-0.12, 0.02, 0.0005, -0.0005, 0.0),
    (-0.3, 0.1, 0.001, -0.001, 0.0),
    (0.2, 0.0, 0.0, 0.0, 0.0),
)


def camera(side: Side = "left", distortion: Lens = PLAIN, **changes: float) -> CameraModel:
    fields: dict[str, object] = {"s_offset": 0.45, "h": 1.6, "d": 0.02, **changes}
    return CameraModel.model_validate(
        {
            "camera_id": side, "side": side, "width": 640, "height": 384,
            "fx": 457.0, "fy": 450.0, "cx": 319.5, "cy": 191.5, "distortion": distortion, **fields,
        }
    )  # fmt: skip


@pytest.mark.parametrize(("side", "expected"), [("left", 1.0), ("right", -1.0)])
def test_a_point_further_along_the_row_lies_to_the_right_on_the_left_side_only(
    side: Side, expected: float
) -> None:
    model = camera(side)
    ahead, above = model.project(np.array([[10.55, 1.6, 0.52], [10.45, 1.65, 0.52]]), 10.0)
    assert ahead == pytest.approx((319.5 + expected * 457.0 * 0.1 / 0.5, 191.5))
    assert above == pytest.approx((319.5, 191.5 - 450.0 * 0.05 / 0.5))


@pytest.mark.parametrize("lens", LENSES)
def test_distortion_is_opencvs(lens: Lens) -> None:
    model = camera(distortion=lens)
    local = np.array([[0.25, -0.1, 0.45], [-0.2, 0.15, 0.4], [0.0, 0.0, 0.5]])
    points = np.stack([10.45 + local[:, 0], 1.6 - local[:, 1], 0.02 + local[:, 2]], axis=1)
    matrix = np.array([[457.0, 0, 319.5], [0, 450.0, 191.5], [0, 0, 1]])
    wanted = cv2.projectPoints(local, np.zeros(3), np.zeros(3), matrix, np.array(lens))[0][:, 0]
    np.testing.assert_allclose(model.project(points, 10.0), wanted, atol=1e-9)


@given(
    side=st.sampled_from(SIDES),
    lens=st.sampled_from(LENSES),
    turn=st.tuples(*[st.floats(-0.2, 0.2)] * 3),
    pixel=st.tuples(st.floats(0, 639), st.floats(0, 383)),
    depth=st.floats(0.2, 3.0),
    cart_s=st.floats(-5.0, 170.0),
)
def test_a_ray_meets_the_point_that_its_pixel_shows(
    *,
    side: Side,
    lens: Lens,
    turn: tuple[float, float, float],
    pixel: tuple[float, float],
    depth: float,
    cart_s: float,
) -> None:
    model = camera(side, lens, yaw=turn[0], pitch=turn[1], roll=turn[2])
    rays = model.ray(np.array([pixel]))
    point = model.points_on_rays(rays, np.array([depth]), cart_s)
    assert point[0, 2] == pytest.approx(0.02 + depth)
    np.testing.assert_allclose(model.project(point, cart_s)[0], pixel, atol=1e-3)


def test_turning_the_camera_moves_the_picture_the_other_way() -> None:
    straight = np.array([[10.45, 1.6, 0.52]])
    yawed = camera(yaw=0.1).project(straight, 10.0)[0]
    pitched = camera(pitch=0.1).project(straight, 10.0)[0]
    assert yawed == pytest.approx((319.5 - 457.0 * np.tan(0.1), 191.5))
    assert pitched == pytest.approx((319.5, 191.5 + 450.0 * np.tan(0.1)))
    right_of_centre = camera().ray(np.array([[400.0, 191.5]]))
    rolled = camera(roll=0.1).ray(np.array([[400.0, 191.5]]))
    assert rolled[0, 1] < right_of_centre[0, 1] == 0.0


def test_points_behind_the_lens_have_no_pixel() -> None:
    pixels = camera().project(np.array([[10.45, 1.6, -0.5], [10.45, 1.6, 0.02]]), 10.0)
    assert np.isnan(pixels).all()


def test_points_beyond_the_fold_of_the_lens_have_no_pixel() -> None:
    model = camera(distortion=(-0.12, 0.0, 0.0, 0.0, 0.0))
    inside, outside = model.project(np.array([[10.8, 1.6, 0.52], [12.5, 1.6, 0.52]]), 10.0)
    assert np.isfinite(inside).all()
    assert np.isnan(outside).all()


def test_a_lens_that_folds_inside_the_image_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"camera left: distortion .* calibrate the camera again"):
        camera(distortion=(-1.3, 0.1, 0.0, 0.0, 0.0))


@given(st.lists(st.floats(), min_size=5, max_size=5))
def test_any_distortion_gives_a_camera_or_one_clear_refusal(lens: list[float]) -> None:
    k1, k2, p1, p2, k3 = lens
    try:
        model = camera(distortion=(k1, k2, p1, p2, k3))
    except ValidationError:
        return
    centre = model.ray(np.array([[0.0, 0.0]]))
    assert np.isfinite(centre).all()


@pytest.mark.parametrize("side", SIDES)
def test_the_field_of_rays_holds_the_image_and_the_inner_one_lies_in_it(side: Side) -> None:
    model = camera(side, LENSES[2], yaw=0.1, roll=0.05)
    rng = np.random.default_rng(0)
    rays = model.ray(rng.uniform((0, 0), (639, 383), (500, 2)))
    s_low, s_high, h_low, h_high = model.field_of_rays
    assert (rays >= (s_low, h_low)).all()
    assert (rays <= (s_high, h_high)).all()
    s_low, s_high, h_low, h_high = model.inner_field_of_rays
    inner = rng.uniform((s_low, h_low), (s_high, h_high), (500, 2))
    pixels = model.project(model.points_on_rays(inner, np.full(500, 0.5), 0.0), 0.0)
    assert (pixels > -0.01).all()
    assert (pixels < (639.01, 383.01)).all()
