"""A camera's mount and timing are found again from what a moving cart sees; what cannot be told is not."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.calibration import CameraModel
from vision.lens_fit import CalibrationError
from vision.rig_fit import RigFit, fit_rig
from vision.rig_problem import Sighting, Track, smoothed

FPS, STOP_T, END_T = 15.0, 18.0, 40.0


def camera(side: str = "left", **changed: float) -> CameraModel:
    values = {
        "camera_id": side, "side": side, "width": 640, "height": 384, "fx": 410.0, "fy": 412.0, "cx": 320.0,
        "cy": 190.0, "distortion": (-0.08, 0.01, 0.0, 0.0, 0.0), "s_offset": 0.45, "h": 1.6, "d": -0.1,
    }  # fmt: skip
    return CameraModel.model_validate(values | changed)


def travel(back: bool) -> Track:
    """Out, a rest, and back (or on): accelerations of a cart."""
    t = np.arange(0.0, END_T, 0.02)
    speed = np.where(t < STOP_T, 0.15, np.where(t < STOP_T + 2, 0.0, -0.15 if back else 0.15))
    speed = np.convolve(speed, np.ones(20) / 20, "same")
    return Track(t, np.cumsum(speed) * 0.02 - 0.3)


class Scene:
    """Tags along a row, and what `true` sees of them from a cart on `travel`."""

    def __init__(
        self, true: CameraModel, seed: int = 0, tags: int = 10, back: bool = True,
        noise_px: float = 0.3, sway_m: float = 0.0,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(seed)
        low, high = (0.5, 1.45, 0.4), (2.5, 1.75, 0.6)
        self.places: NDArray[np.float64] = rng.uniform(low, high, (tags, 3))
        path = travel(back)
        self.track = Track(path.t, path.s + rng.normal(0, 1.5e-4, len(path.s)))
        stamps = np.repeat(np.arange(0.3, END_T - 0.5, 1 / FPS), tags)
        which = np.tile(np.arange(tags), len(stamps) // tags)
        y = np.full(len(stamps), 0.5 * true.height)
        for _ in range(3):  # a row's exposure depends on the row in which the tag is then seen
            when = stamps - true.latency_s + true.readout_s * (y / (true.height - 1) - 0.5)
            turn = 2 * np.pi * (0.5 + 0.1 * which) * when
            points = self.places[which] + 2**0.5 * sway_m * np.sin(turn[:, None] + np.arange(3))
            points[:, 0] -= path.at(when)
            pixels = true.project(points, 0.0)
            y = np.nan_to_num(pixels[:, 1], nan=0.5 * true.height)
        pixels = pixels + rng.normal(0, noise_px, pixels.shape)
        inside = ((pixels > 5) & (pixels < (634, 378))).all(axis=1) & (rng.random(len(stamps)) < 0.9)
        self.sightings = [
            Sighting(f"tag {which[i]}", float(stamps[i]), (float(pixels[i, 0]), float(pixels[i, 1])))
            for i in np.flatnonzero(inside)
        ]

    def known(self, count: int = 4) -> dict[str, tuple[float | None, float | None, float | None]]:
        return {f"tag {i}": (s, h, d) for i, (s, h, d) in enumerate(self.places[:count].tolist())}


def off(found: RigFit, true: CameraModel) -> Mapping[str, float]:
    """Errors in standard errors, of what was told."""
    return {e.name: abs(e.value - getattr(true, e.name)) / e.std for e in found.estimates if e.told}


@settings(max_examples=8, deadline=None)
@given(
    latency=st.floats(-0.02, 0.09),
    readout=st.floats(0.0, 0.025),
    turn=st.tuples(*[st.floats(-0.06, 0.06)] * 3),
    shift=st.tuples(*[st.floats(-0.04, 0.04)] * 3),
    side=st.sampled_from(["left", "right"]),
    seed=st.integers(0, 1000),
)
def test_mount_and_timing_are_found_again_from_tags_of_known_place(
    latency: float, readout: float, turn: tuple[float, ...], shift: tuple[float, ...], side: str, seed: int
) -> None:
    yaw, pitch, roll = turn
    ds, dh, dd = shift
    true = camera(
        side, latency_s=latency, readout_s=readout, yaw=yaw, pitch=pitch, roll=roll,
        s_offset=0.45 + ds, h=1.6 + dh, d=-0.1 + dd,
    )  # fmt: skip
    scene = Scene(true, seed)
    found = fit_rig(scene.sightings, scene.track, camera(side, readout_s=0.01), scene.known())
    assert {"latency_s", "readout_s", "s_offset", "yaw", "roll", "d"} <= set(found.told)
    assert max(off(found, true).values()) < 5.0
    assert found.told["latency_s"] == pytest.approx(latency, abs=1e-3)
    assert found.rms_px < 0.6


def test_landmarks_of_unknown_place_tell_timing_yaw_and_roll_alone() -> None:
    true = camera(latency_s=0.035, yaw=0.03, pitch=0.02, roll=-0.02, h=1.62)
    scene = Scene(true)
    found = fit_rig(scene.sightings, scene.track, camera())
    assert {"latency_s", "yaw", "roll"} <= set(found.told)
    assert not {"s_offset", "h", "d", "pitch"} & set(found.told)
    assert max(off(found, true).values()) < 5.0
    assert all(mark.misplaced_m is None for mark in found.landmarks)


def test_drive_in_one_direction_does_not_claim_the_latency() -> None:
    scene = Scene(camera(latency_s=0.035, yaw=0.03), back=False)
    found = fit_rig(scene.sightings, scene.track, camera(), scene.known())
    assert "latency_s" not in found.told
    assert found.told["yaw"] == pytest.approx(0.03, abs=2e-3)


def test_swaying_landmarks_widen_the_stated_error() -> None:
    true = camera(latency_s=0.035)
    steady, swaying = (Scene(true, sway_m=sway, tags=20) for sway in (0.0, 0.003))
    one = fit_rig(steady.sightings, steady.track, camera())
    other = fit_rig(swaying.sightings, swaying.track, camera())
    assert other.estimates[0].std > 3 * one.estimates[0].std
    assert off(other, true)["latency_s"] < 5.0
    assert other.noise_px > 1.5


def test_tag_measured_at_the_wrong_place_is_told() -> None:
    scene = Scene(camera())
    known = scene.known(6)
    s, h, d = known["tag 2"]
    assert s is not None
    known["tag 2"] = (s + 0.08, h, d)
    found = fit_rig(scene.sightings, scene.track, camera(), known)
    misplaced = {mark.name: mark.misplaced_m for mark in found.landmarks if mark.misplaced_m is not None}
    assert max(misplaced, key=lambda name: misplaced[name] or 0.0) == "tag 2"


def test_too_few_landmarks_or_no_travel_end_in_a_remedy() -> None:
    scene = Scene(camera(), tags=2)
    with pytest.raises(CalibrationError, match=r"2 landmarks were seen 6 times along 0\.1 m, it takes 3"):
        fit_rig(scene.sightings, scene.track, camera())
    with pytest.raises(CalibrationError, match="no travel"):
        fit_rig(scene.sightings, Track(np.empty(0), np.empty(0)), camera())


def test_smoothing_keeps_a_parabola_and_calms_ticks() -> None:
    t = np.linspace(0.0, 2.0, 101)
    curve = 0.3 + 0.1 * t + 0.05 * t * t
    assert np.abs(smoothed(Track(t, curve)).s - curve).max() < 1e-6
    noisy = curve + np.random.default_rng(1).normal(0, 1e-4, len(t))
    left = np.abs(smoothed(Track(t, noisy)).s - curve)[8:-8]
    assert left.std() < 0.7e-4
