"""YOLOX-nano as others describe it, and the naive threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from vision.detector import Detector
from vision.rivals import YoloxNano, can_build, write_yolox_nano, yellow_spots


def test_the_architecture_has_the_published_size() -> None:
    """0.91 M parameters and 1.08 GFLOPs at 416x416 with 80 classes (YOLOX's README), batch norms counted."""
    network = YoloxNano(416, 416, 80)
    onnx.checker.check_model(onnx.load_from_string(network.build()), full_check=True)
    assert round(network.parameters / 1e6, 2) in {0.90, 0.91}
    assert abs(2 * network.multiplications / 1e9 - 1.08) < 0.04


def test_it_runs_through_the_detector_and_finds_nothing(tmp_path: Path) -> None:
    assert can_build()
    detector = Detector(write_yolox_nano(tmp_path, (160, 96)))
    image = np.random.default_rng(1).integers(0, 256, (72, 128, 3), np.uint8)
    assert len(detector.detect(image)) == 0
    low = Detector(tmp_path / "yolox_nano.onnx", score_threshold=1e-9)
    assert len(low.detect(image)) > 10, "rows there are, all of them unsure"


def test_the_threshold_finds_yellow_spots() -> None:
    image = np.full((120, 200, 3), (40, 90, 40), np.uint8)
    image[20:50, 60:100] = (40, 220, 240)
    image[80:82, 10:12] = (40, 220, 240)
    assert yellow_spots(image, (100, 60)).tolist() == [[30, 10, 20, 15]]
