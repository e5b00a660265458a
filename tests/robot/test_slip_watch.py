"""Spinning wheels are told from a rolling cart by the picture alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.config import DEMO_MACHINE, load_config
from robot.slip_watch import SlipWatch, SlipWatchConfig
from vision.types import Detections, Pose

CAMERA = load_config(DEMO_MACHINE).cameras[0].model()
STEP_M = 0.01
"""One frame at 0.15 m/s and 15 frames/s."""


def frame(centres: np.ndarray) -> Detections:
    boxes = np.hstack([centres - 6, centres + 6]).astype(np.float32)
    many = len(centres)
    return Detections(boxes, np.full((many, 3), 1 / 3, np.float32), np.full(many, 0.5, np.float32))


def watched(
    rolls: float,
    frames: int,
    flowers: int = 8,
    jitter_px: float = 0.7,
    seed: int = 1,
    missing: range = range(0),
) -> SlipWatch:
    """A cart that counts STEP_M a frame and truly rolls that share of it, past flowers at 0.4-0.7 m."""
    random = np.random.default_rng(seed)
    watch = SlipWatch(SlipWatchConfig(), CAMERA)
    place = np.column_stack([random.uniform(-0.5, 1.0, 4 * flowers), random.uniform(-0.2, 0.2, 4 * flowers)])
    depth = random.uniform(0.4, 0.7, 4 * flowers)
    for n in (n for n in range(frames) if n not in missing):
        x = CAMERA.cx + CAMERA.fx * (place[:, 0] - rolls * STEP_M * n) / depth
        y = CAMERA.cy - CAMERA.fy * place[:, 1] / depth
        inside = (x > 0) & (x < CAMERA.width)
        centres = np.column_stack([x, y])[inside] + random.normal(0, jitter_px, (int(inside.sum()), 2))
        watch.see(frame(centres), Pose(n / 15, STEP_M * n, 0.15, 0.001))
    return watch


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_standing_picture_under_turning_wheels_is_told(seed: int) -> None:
    assert watched(0.0, 20, seed=seed).spinning


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), rolls=st.floats(0.8, 1.1))
def test_a_rolling_cart_is_never_told(seed: int, rolls: float) -> None:
    assert not watched(rolls, 60, seed=seed).spinning


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), gap=st.integers(10, 70), after=st.integers(1, 10))
def test_a_rolling_cart_whose_camera_was_dark_is_never_told(seed: int, gap: int, after: int) -> None:
    missing = range(10, 10 + gap)
    assert not watched(1.0, missing.stop + after, flowers=16, seed=seed, missing=missing).spinning


def test_before_the_judged_travel_nothing_is_said() -> None:
    assert not watched(0.0, 14).spinning


def test_without_flowers_nothing_is_said() -> None:
    assert not watched(0.0, 60, flowers=0).spinning


def test_a_standing_cart_with_standing_pictures_is_in_order() -> None:
    watch = SlipWatch(SlipWatchConfig(), CAMERA)
    still = frame(np.array([[100.0, 100.0], [300.0, 200.0]]))
    for n in range(100):
        watch.see(still, Pose(n / 15, 0.0, 0.0, 0.001))
    assert not watch.spinning


@pytest.mark.parametrize("speed_share", [0.05, 0.3])
def test_slow_travel_is_judged_over_more_frames(speed_share: float) -> None:
    watch = SlipWatch(SlipWatchConfig(), CAMERA)
    still = frame(np.column_stack([np.linspace(50, 600, 8), np.linspace(50, 300, 8)]))
    for n in range(int(25 / speed_share)):
        watch.see(still, Pose(n / 15, STEP_M * speed_share * n, 0.15 * speed_share, 0.001))
    assert watch.spinning
