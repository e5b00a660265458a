"""A setting swept over footage: each picture through the model once, thresholds applied afterwards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.footage.sweep import over_footage
from sim.replay import replay_recording
from sim.replay_setting import CachedEye, Setting, down_to
from tests.replay.reference_runs import YellowSpots, file_of
from vision.types import Detections

LABELS, SEEN = file_of("label_row"), file_of("seen_row")


class Counted(YellowSpots):
    calls = 0

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        self.calls += 1
        return super().detect(image)


def test_every_value_is_replayed_and_counted() -> None:
    shares: list[float] = []
    low, high = over_footage([LABELS], Setting(), "planner.open_threshold", [0.6, 0.999], shares.append)
    assert (low.value, high.value) == (0.6, 0.999)
    assert low.shots > high.shots == 0
    assert high.not_shot == sum(high.refusals.values()) > low.not_shot
    assert low.frames == high.frames > 40
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_a_cache_lets_each_picture_through_the_model_once_and_changes_nothing() -> None:
    detector = Counted()
    setting = Setting(detector=detector, cache={})
    first = replay_recording(SEEN, setting)
    looked = detector.calls
    again = replay_recording(SEEN, replace(setting, overrides={"planner.min_views": 2}))
    assert detector.calls == looked > 20
    assert again.frames == first.frames
    assert first.decisions_sha256 == replay_recording(SEEN, Setting(detector=YellowSpots())).decisions_sha256


def test_a_threshold_cuts_what_was_found_off() -> None:
    found = Detections(
        np.zeros((3, 4), np.float32), np.zeros((3, 3), np.float32), np.array([0.9, 0.5, 0.2], np.float32)
    )
    assert down_to(found, 0.5).scores.tolist() == [np.float32(0.9), np.float32(0.5)]
    assert len(down_to(found, 0.0)) == 3

    class Found:
        def detect(self, image: NDArray[np.uint8]) -> Detections:
            return found

    eye = CachedEye(Found(), {}, 0.6)
    eye.show(None)
    assert len(eye.detect(np.zeros((2, 2, 3), np.uint8))) == 1
