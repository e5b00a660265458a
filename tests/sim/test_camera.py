from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.camera import SimCamera, SimCameraConfig
from vision.types import Frame


def grey(cart_s: float, t: float, seq: int) -> NDArray[np.uint8]:
    return np.full((16, 16, 3), min(255, round(100 * cart_s)), np.uint8)


class Beat:
    """A camera on a cart at 1 m/s, asked each 10 ms."""

    def __init__(self, config: SimCameraConfig, ahead: ThreadPoolExecutor | None = None) -> None:
        self.t = 0.0
        self.camera = SimCamera("left", config, grey, lambda t: t, lambda: self.t, 0.03, seed=4, ahead=ahead)

    def frames(self, seconds: float) -> list[tuple[float, Frame]]:
        found = []
        for step in range(round(seconds * 100)):
            self.t = 0.01 * step
            frame = self.camera.take()
            if frame is not None:
                found.append((self.t, frame))
        return found


def test_every_frame_comes_once_in_order_a_little_after_its_exposure() -> None:
    frames = Beat(SimCameraConfig()).frames(2.0)
    assert [frame.seq for _, frame in frames] == list(range(29))
    assert all(0.06 - 1e-6 <= t - frame.t_capture <= 0.0701 for t, frame in frames)


def test_frames_drawn_ahead_are_the_same_to_the_bit() -> None:
    with ThreadPoolExecutor(1) as ahead:
        drawn_ahead = Beat(SimCameraConfig(), ahead).frames(1.0)
    plain = Beat(SimCameraConfig()).frames(1.0)
    assert [(t, f.seq, f.t_capture, f.jpeg) for t, f in drawn_ahead] == [
        (t, f.seq, f.t_capture, f.jpeg) for t, f in plain
    ]


def test_late_frames_never_overtake_each_other_and_repeat_by_seed() -> None:
    config = SimCameraConfig(delivery_jitter_s=0.09)
    frames = Beat(config).frames(3.0)
    assert [f.seq for _, f in frames] == sorted({f.seq for _, f in frames})
    delays = [t - f.t_capture for t, f in frames]
    assert max(delays) > 0.08 and max(delays) <= 0.06 + 0.09 + 0.011
    assert [t for t, _ in Beat(config).frames(3.0)] == [t for t, _ in frames]


def test_told_times_are_late_and_noisy_as_set_and_rise() -> None:
    frames = Beat(SimCameraConfig(stamp_late_s=0.02, stamp_jitter_s=0.004)).frames(20.0)
    errors = np.array([f.t_capture - (f.seq / 15.0 + 0.03) for _, f in frames])
    assert errors.mean() == pytest.approx(0.02, abs=0.001)
    assert errors.std() == pytest.approx(0.004, rel=0.15)
    assert (np.diff([f.t_capture for _, f in frames]) > 0).all()
