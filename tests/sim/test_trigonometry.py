"""Sine, cosine and the camera's rotation agree with the usual ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.trigonometry import cos_turns, cross, row_to_camera, sin_turns, unit


@given(st.floats(-1000.0, 1000.0))
def test_sine_and_cosine_agree_with_the_math_library(turns: float) -> None:
    assert float(sin_turns(turns)) == pytest.approx(math.sin(2 * math.pi * (turns % 1.0)), abs=1e-9)
    assert float(cos_turns(turns)) == pytest.approx(math.cos(2 * math.pi * (turns % 1.0)), abs=1e-9)


@given(st.floats(-0.8, 0.8), st.floats(-0.8, 0.8), st.floats(-0.8, 0.8), st.sampled_from([1.0, -1.0]))
def test_the_cameras_rotation_keeps_lengths(yaw: float, pitch: float, roll: float, sign: float) -> None:
    matrix = row_to_camera(sign, yaw, pitch, roll)
    assert np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)


def test_unit_leaves_a_zero_vector_alone() -> None:
    vectors = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]])
    assert np.allclose(unit(vectors), [[0.6, 0.8, 0.0], [0.0, 0.0, 0.0]])


def test_cross_agrees_with_numpy() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((5, 3)), rng.random((5, 3))
    assert np.allclose(cross(a, b), np.cross(a, b))
