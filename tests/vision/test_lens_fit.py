"""A lens is found again from what it would see of the board; what says too little or lies is refused by name."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.calibration import CameraModel
from vision.charuco import Board, BoardConfig, BoardView
from vision.lens_fit import CalibrationError, coverage, fit_lens

BOARD = Board(BoardConfig())
SIZE = (640, 384)


def lens(fx: float = 410.0, k1: float = -0.08, **more: float) -> CameraModel:
    return CameraModel(
        camera_id="left", side="left", width=SIZE[0], height=SIZE[1], fx=fx, fy=1.01 * fx, cx=326.0, cy=187.0,
        distortion=(k1, -0.1 * k1, 4e-4, -3e-4, 0.0), s_offset=0.0, h=0.0, **more,
    )  # fmt: skip


def held(rng: np.random.Generator, tilt: float = 0.6) -> NDArray[np.float64]:
    """Corners (K, 3) in camera axes of a board held somewhere before the lens."""
    turn = rng.normal(0, 1, 3)
    turn *= rng.uniform(0.3 * tilt, tilt) / np.linalg.norm(turn)
    rotation, _ = cv2.Rodrigues(turn)
    middle = np.array([rng.uniform(-0.12, 0.12), rng.uniform(-0.08, 0.08), rng.uniform(0.25, 0.5)])
    return np.asarray((BOARD.places - BOARD.places.mean(axis=0)) @ rotation.T + middle)


def seen(
    camera: CameraModel, places: NDArray[np.float64], name: str, noise: NDArray[np.float64]
) -> BoardView:
    pixels = camera.project(places * (1, -1, 1), 0.0) + noise
    inside = ((pixels > 2) & (pixels < np.array(SIZE) - 3)).all(axis=1)
    return BoardView(name, np.flatnonzero(inside).astype(np.int64), pixels[inside])


def pictures(
    camera: CameraModel, seed: int = 1, count: int = 16, noise_px: float = 0.1, tilt: float = 0.6
) -> list[BoardView]:
    rng = np.random.default_rng(seed)
    corners = len(BOARD.places)
    return [
        seen(camera, held(rng, tilt), f"p{k}.png", rng.normal(0, noise_px, (corners, 2)))
        for k in range(count)
    ]


@settings(max_examples=3, deadline=None)
@given(fx=st.floats(330, 600), k1=st.floats(-0.14, 0.04), seed=st.integers(0, 10_000))
def test_lens_is_found_again_from_what_it_sees(fx: float, k1: float, seed: int) -> None:
    true = lens(fx, k1)
    found = fit_lens(pictures(true, seed), BOARD, SIZE)
    assert found.rms_px < 0.2
    assert abs(found.fx - true.fx) < 5 * found.focal_std + 0.2
    measured = true.model_copy(
        update={
            "fx": found.fx,
            "fy": found.fy,
            "cx": found.cx,
            "cy": found.cy,
            "distortion": found.distortion,
        }
    )
    measured = CameraModel.model_validate(measured.model_dump())
    rays = true.ray(np.array([[100.0, 60.0], [320.0, 192.0], [540.0, 320.0]]))
    away = measured.project(measured.points_on_rays(rays, np.full(3, 0.5), 0.0), 0.0)
    again = true.project(true.points_on_rays(rays, np.full(3, 0.5), 0.0), 0.0)
    # A shift that all rays share is the mount's; what is left is the lens's own error.
    assert np.abs((away - again) - (away - again).mean(axis=0)).max() < 1.5


def test_picture_of_another_lens_is_named_and_left_out() -> None:
    views = pictures(lens())
    views[3] = replace(pictures(lens(fx=520.0), seed=9)[3], name="odd.png")
    found = fit_lens(views, BOARD, SIZE)
    assert [view.name for view in found.views if not view.used] == ["odd.png"]
    assert next(view.rms_px for view in found.views if view.name == "odd.png") > 0.5
    assert found.used == 15
    assert abs(found.fx - 410.0) < 4.0


def test_reported_error_is_the_noise_of_the_corners() -> None:
    found = fit_lens(pictures(lens(), noise_px=0.2, count=24), BOARD, SIZE)
    assert found.rms_px == pytest.approx(0.2 * 2**0.5, rel=0.15)


def test_pictures_without_enough_board_do_not_count() -> None:
    views = pictures(lens(), count=7)
    few = BoardView("few.png", views[0].ids[:6], views[0].corners[:6])
    with pytest.raises(CalibrationError, match="shows well in 7 pictures, it takes 8"):
        fit_lens([*views, few], BOARD, SIZE)


def test_corners_on_one_line_do_not_count() -> None:
    views = pictures(lens(), count=8)
    views[0] = BoardView("line.png", np.arange(12), np.stack([np.arange(12.0) * 20, np.arange(12.0) * 10], 1))
    with pytest.raises(CalibrationError, match="shows well in 7 pictures"):
        fit_lens(views, BOARD, SIZE)


@pytest.mark.parametrize("tilt", [0.02, 0.003])
def test_board_that_was_never_tilted_fixes_no_focal_length(tilt: float) -> None:
    with pytest.raises(CalibrationError, match="tilt the board"):
        fit_lens(pictures(lens(), tilt=tilt, count=10), BOARD, SIZE)


def test_focal_length_is_as_sure_as_it_says() -> None:
    found = [fit_lens(pictures(lens(), seed, count=9), BOARD, SIZE) for seed in range(8)]
    surprise = [abs(one.fx - 410.0) / one.focal_std for one in found]
    assert 0.1 < float(np.median(surprise)) < 2.0
    assert max(surprise) < 4.0


def test_wobbling_board_is_not_believed() -> None:
    with pytest.raises(CalibrationError, match=r"board flat and still|contradict"):
        fit_lens(pictures(lens(), noise_px=2.5), BOARD, SIZE)


def test_third_radial_term_comes_in_only_where_it_helps() -> None:
    assert fit_lens(pictures(lens()), BOARD, SIZE).distortion[4] == 0.0


def test_coverage_counts_the_cells_with_corners() -> None:
    corners = np.array([[1.0, 1.0], [2.0, 3.0], [639.0, 383.0]])
    assert coverage([BoardView("a", np.arange(3), corners)], SIZE) == 2 / 40
    assert coverage([], SIZE) == 0.0
