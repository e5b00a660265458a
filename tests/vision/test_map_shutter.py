"""The map allows for a rolling shutter and for late time stamps, in both directions of travel."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.calibration import CameraModel
from vision.flower_map import FlowerMap
from vision.types import Detections, Pose

FPS, HALF_PX = 15.0, 10.0
READOUT_S, LATENCY_S = 0.03, 0.05


def row() -> NDArray[np.float64]:
    rng = np.random.default_rng(4)
    return np.stack(
        [np.arange(0.5, 2.5, 0.09), rng.uniform(1.45, 1.75, 23), rng.uniform(0.38, 0.5, 23)], axis=1
    )


def look(
    true: CameraModel, places: NDArray[np.float64], cart_s: float, velocity: float
) -> NDArray[np.float64]:
    """Pixels (N, 2) of places whose rows are exposed one after another."""
    pixels = true.project(places, cart_s)
    for _ in range(3):
        late = true.readout_s * (np.nan_to_num(pixels[:, 1]) / (true.height - 1) - 0.5)
        moved = places - np.stack([velocity * late, 0 * late, 0 * late], axis=1)
        pixels = true.project(moved, cart_s)
    return pixels


def passes(believed: CameraModel, true: CameraModel, speed: float) -> tuple[FlowerMap, list[set[int]], float]:
    """Drive there and back; returns the map, the ids of each flower, and the p95 of its errors in s and h (m)."""
    places, flower_map = row(), FlowerMap(believed)
    rng = np.random.default_rng(1)
    ids: list[set[int]] = [set() for _ in places]
    for direction in (1, -1):
        start = -0.6 if direction > 0 else 2.8
        for seq in range(int(3.4 / speed * FPS)):
            exposed = 100.0 * (2 - direction) + seq / FPS
            cart_s = start + direction * speed * seq / FPS
            pixels = look(true, places, cart_s, direction * speed)
            shown = np.flatnonzero(
                ((pixels > 12) & (pixels < (true.width - 12, true.height - 12))).all(axis=1)
            )
            centres = pixels[shown] + rng.normal(0, 0.7, (len(shown), 2))
            boxes = np.concatenate([centres - HALF_PX, centres + HALF_PX], axis=1).astype(np.float32)
            stages = np.tile(np.array([[0.05, 0.9, 0.05]], np.float32), (len(shown), 1))
            found = Detections(boxes, stages, np.full(len(shown), 0.9, np.float32))
            # The robot looks up its place at the stamp less the latency that it believes in.
            off = true.latency_s - believed.latency_s
            pose = Pose(exposed, cart_s + direction * speed * off, direction * speed, 0.0005)
            for flower, true_flower in zip(
                flower_map.update(found, pose, seq).tolist(), shown.tolist(), strict=True
            ):
                ids[true_flower].add(flower)
    flowers = {flower.flower_id: flower.position for flower in flower_map.flowers()}
    errors = [
        np.hypot(*(flowers[flower] - places[k])[:2])
        for k, known in enumerate(ids)
        for flower in known
        if flower in flowers
    ]
    return flower_map, ids, float(np.percentile(errors, 95))


@pytest.mark.parametrize("speed", [0.15, 0.30])
@pytest.mark.parametrize("side", ["left_camera", "right_camera"])
def test_calibrated_shutter_and_latency_cost_nothing_in_either_direction(
    request: pytest.FixtureRequest, side: str, speed: float
) -> None:
    plain: CameraModel = request.getfixturevalue(side)
    true = plain.model_copy(update={"readout_s": READOUT_S, "latency_s": LATENCY_S})
    _, ids, error = passes(true, true, speed)
    assert all(len(known - {-1}) == 1 for known in ids)  # a box too near another starts no flower at once
    assert error < 0.002


def test_uncalibrated_they_show(left_camera: CameraModel) -> None:
    true = left_camera.model_copy(update={"readout_s": READOUT_S, "latency_s": LATENCY_S})
    *_, error = passes(left_camera, true, 0.30)
    assert error > 0.005
