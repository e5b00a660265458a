"""The camera's kernels and tone curves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.render.effects import kernel, tone_curve


@given(st.floats(0.0, 3.0), st.floats(0.0, 12.0))
def test_kernels_keep_the_lights_sum(sigma: float, smear: float) -> None:
    taps, weights = kernel(sigma, smear)
    assert taps == len(weights)
    assert taps % 2 == 1
    assert taps <= 15
    assert sum(weights) == 256
    assert min(weights) >= 0


def test_more_softness_spreads_wider() -> None:
    assert kernel(0.3, 0.0)[0] < kernel(1.5, 0.0)[0]
    assert kernel(0.3, 0.0)[0] < kernel(0.3, 8.0)[0]


@given(st.floats(0.0, 1.0))
def test_tone_curves_rise_from_black_to_white(contrast: float) -> None:
    curve = tone_curve(contrast)
    assert curve.shape == (4096,)
    assert curve[0] == 0
    assert (np.diff(curve.astype(np.int32)) >= 0).all()
    assert curve[-1] > 240
