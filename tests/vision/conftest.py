"""A row of synthetic flowers and a camera that drives past it, for the tests of the flower map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.calibration import CameraModel
from vision.flower_map import FlowerMap
from vision.types import Detections, Pose

FPS = 15.0
FLOWER_M = 0.022


@dataclass(frozen=True)
class Noise:
    """What disturbs the detections; the defaults are the figures that the map's accuracy is stated for."""

    pixel_px: float = 1.0
    box_share: float = 0.03
    misses: float = 0.10
    sway_m: float = 0.002
    s_m: float = 0.0005
    false_per_frame: float = 0.2
    stage_error: float = 0.1


@dataclass
class Row:
    """Flowers at rest (N, 3) with their stages (N,), and the noise of looking at them."""

    places: NDArray[np.float64]
    stages: NDArray[np.int64]
    noise: Noise
    seed: int = 0
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.phase = self.rng.uniform(0, 2 * np.pi, self.places.shape)
        self.rate = self.rng.uniform(0.5, 1.5, (len(self.places), 1))

    def at(self, t: float) -> NDArray[np.float64]:
        """Places (N, 3) at time t: each coordinate sways with std `sway_m`."""
        sway = np.sqrt(2) * self.noise.sway_m * np.sin(2 * np.pi * self.rate * t + self.phase)
        return np.asarray(self.places + sway)

    def look(self, camera: CameraModel, cart_s: float, t: float) -> tuple[Detections, NDArray[np.int64]]:
        """Return the frame's detections and the true flower of each (M,), -1 for a false one."""
        pixels = camera.project(self.at(t), cart_s)
        depth = self.places[:, 2] - camera.d
        half = 0.5 * FLOWER_M * camera.fx / depth
        with np.errstate(invalid="ignore"):
            inside = (pixels > -0.25 * half[:, None]).all(axis=1)
            inside &= (pixels < np.array([camera.width, camera.height]) + 0.25 * half[:, None]).all(axis=1)
        shown = np.flatnonzero(inside)
        shown = shown[~_behind_another(pixels[shown], half[shown], depth[shown])]
        shown = shown[self.rng.random(len(shown)) >= self.noise.misses]
        truth, boxes, stages = shown, self._boxes(pixels[shown], half[shown]), self._stages(shown)
        extra = int(self.rng.poisson(self.noise.false_per_frame))
        limits = np.array([camera.width, camera.height], dtype=float)
        centres = self.rng.uniform(0, limits, (extra, 2))
        boxes = np.concatenate([boxes, self._boxes(centres, np.full(extra, 12.0))])
        stages = np.concatenate([stages, self.rng.uniform(0.05, 0.6, (extra, 3))])
        truth = np.concatenate([truth, np.full(extra, -1)])
        low = np.clip(boxes[:, :2], 0, limits)
        high = np.clip(boxes[:, 2:], 0, limits)
        scores = stages.max(axis=1)
        order = np.argsort(-scores, kind="stable")
        seen = Detections(
            np.concatenate([low, high], axis=1)[order].astype(np.float32),
            stages[order].astype(np.float32),
            scores[order].astype(np.float32),
        )
        return seen, truth[order].astype(np.int64)

    def _boxes(self, centres: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
        jitter = self.rng.normal(0, 1, (len(half), 2)) * self.noise.pixel_px
        jitter += self.rng.normal(0, 1, (len(half), 2)) * self.noise.box_share * half[:, None]
        size = half[:, None] * (1 + self.rng.normal(0, 1, (len(half), 2)) * self.noise.box_share)
        return np.concatenate([centres + jitter - size, centres + jitter + size], axis=1)

    def _stages(self, shown: NDArray[np.int64]) -> NDArray[np.float64]:
        seen = self.stages[shown].copy()
        wrong = self.rng.random(len(seen)) < self.noise.stage_error
        seen[wrong] = (seen[wrong] + 1) % 3
        stages = self.rng.uniform(0.02, 0.15, (len(seen), 3))
        stages[np.arange(len(seen)), seen] = self.rng.uniform(0.55, 0.95, len(seen))
        return stages


def _behind_another(
    pixels: NDArray[np.float64], half: NDArray[np.float64], depth: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which flowers a nearer one covers so far that a detector shows one box for both."""
    apart = np.linalg.norm(pixels[:, None] - pixels[None], axis=2)
    covered = (apart < 0.65 * half[None, :]) & (depth[None, :] < depth[:, None])
    return np.asarray(covered.any(axis=1), dtype=np.bool_)


def drive(
    row: Row, camera: CameraModel, speed: float, start: float, *, length: float, t0: float = 100.0
) -> Iterator[tuple[int, Detections, NDArray[np.int64], Pose]]:
    """Yield (seq, detections, truth, pose) for each frame of one pass; a negative speed drives backwards."""
    for seq in range(int(length / abs(speed) * FPS)):
        t = t0 + seq / FPS
        s = start + speed * seq / FPS
        seen, truth = row.look(camera, s, t)
        yield seq, seen, truth, Pose(t, s + row.rng.normal(0, row.noise.s_m), speed, row.noise.s_m)


def trusses(rng: np.random.Generator, length: float, spacing: float) -> NDArray[np.float64]:
    """Flowers (N, 3) on trusses of 4 to 10, neighbours 22 to 28 mm apart along a bent rachis."""
    flowers = []
    for head in np.arange(0.0, length, spacing):
        place = np.array([head + rng.uniform(-0.05, 0.05), rng.uniform(1.45, 1.78), rng.uniform(0.38, 0.5)])
        way = rng.normal(0, 1, 3) * (0.8, 0.4, 0.5) + (0, -1.0, 0)
        for _ in range(int(rng.integers(4, 11))):
            flowers.append(place.copy())
            way = way / np.linalg.norm(way) + rng.normal(0, 0.25, 3)
            place = place + way / np.linalg.norm(way) * rng.uniform(0.022, 0.028)
    return np.array(flowers)


@dataclass
class Outcome:
    """What a pass left, over the flowers seen whole at least 15 times: errors in m, shares in 0..1."""

    aim: NDArray[np.float64]
    depth: NDArray[np.float64]
    kept: float
    stage_right: float
    known: float
    lost: float
    ids: dict[int, int]


def compare(flower_map: FlowerMap, row: Row, given_ids: dict[int, Counter[int]]) -> Outcome:
    """Compare the map with the truth; `given_ids` counts the ids that each true flower got."""
    found = {flower.flower_id: flower for flower in flower_map.flowers()}
    often = {true: ids for true, ids in given_ids.items() if ids.total() >= 15}
    usual = {true: ids.most_common(1)[0] for true, ids in often.items()}
    pairs = [(found[flower], true) for true, (flower, _) in usual.items() if flower in found]
    errors = np.array([flower.position - row.places[true] for flower, true in pairs])
    return Outcome(
        aim=np.hypot(errors[:, 0], errors[:, 1]),
        depth=np.abs(errors[:, 2]),
        kept=sum(count for _, count in usual.values()) / sum(ids.total() for ids in often.values()),
        stage_right=float(np.mean([flower.belief.argmax() == row.stages[true] for flower, true in pairs])),
        known=float(np.mean([flower.place_known for flower, _ in pairs])),
        lost=1 - len(pairs) / len(usual),
        ids={true: flower for true, (flower, _) in usual.items()},
    )


def pass_by(flower_map: FlowerMap, row: Row, speed: float = 0.15, t0: float = 100.0) -> Outcome:
    """Drive once along the whole row, in the direction of `speed`, and compare."""
    low, high = row.places[:, 0].min() - 1.2, row.places[:, 0].max() + 0.4
    given_ids: dict[int, Counter[int]] = {}
    start = low if speed > 0 else high
    for seq, seen, truth, pose in drive(row, flower_map.camera, speed, start, length=high - low, t0=t0):
        ids = flower_map.update(seen, pose, seq)
        x0, y0, x1, y1 = seen.boxes.T
        whole = (x0 > 2) & (y0 > 2) & (x1 < flower_map.camera.width - 2) & (y1 < flower_map.camera.height - 2)
        for true, flower in zip(truth[whole].tolist(), ids[whole].tolist(), strict=True):
            given_ids.setdefault(true, Counter())[flower] += 1
    given_ids.pop(-1, None)
    return compare(flower_map, row, given_ids)


@pytest.fixture
def left_camera() -> CameraModel:
    return CameraModel(
        camera_id="left", side="left", width=640, height=384, fx=457.0, fy=457.0, cx=319.5, cy=191.5,
        distortion=(-0.12, 0.02, 0.0005, -0.0005, 0.0), s_offset=0.45, h=1.60,
    )  # fmt: skip


@pytest.fixture
def right_camera(left_camera: CameraModel) -> CameraModel:
    return CameraModel.model_validate(left_camera.model_dump() | {"camera_id": "right", "side": "right"})


def truss_row(seed: int, length: float = 2.0, spacing: float = 0.15, noise: Noise | None = None) -> Row:
    """Trusses every `spacing` m, with flowers at all stages."""
    rng = np.random.default_rng(seed)
    places = trusses(rng, length, spacing)
    return Row(places, rng.integers(0, 3, len(places)), noise or Noise(), seed + 1)


@dataclass(frozen=True)
class Rows:
    """The tools above, for tests: modules under tests/ cannot import one another."""

    make = staticmethod(truss_row)
    pass_by = staticmethod(pass_by)
    drive = staticmethod(drive)
    row = Row
    noise = Noise


@pytest.fixture
def rows() -> Rows:
    return Rows()
