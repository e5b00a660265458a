"""Truth mode errs as measured: what the measurement says of a truth detector is what it was given."""

import numpy as np
import pytest
from numpy.typing import NDArray

from robot.config import DEMO_MACHINE, load_config
from sim.leaf_screen import LeafScreen
from sim.measure_detector import Views, fit_errors, joined, matched
from sim.truth import TrueFlowers
from sim.truth_detector import PICTURE, TruthDetector, in_picture
from sim.truth_errors import TruthErrors
from sim.world import World
from sim.world_config import WorldConfig
from vision.types import Detections

CAMERA = load_config(DEMO_MACHINE).cameras[0].model()
GIVEN = TruthErrors(
    measured_by="test",
    found=(0.7, 0.9, 0.8),
    found_behind_leaf=(0.2, 0.3, 0.2),
    blind=(0.15, 0.05, 0.1),
    misread=((0.9, 0.05, 0.05), (0.02, 0.9, 0.08), (0.05, 0.15, 0.8)),
    flicker=(0.05, 0.02, 0.08),
    jitter_px=1.2,
    certainty=((0.5, 0.1), (0.7, 0.05)),
    certainty_wrong=((0.4, 0.2),),
    ghosts_per_frame=0.5,
)


def look_along(seed: int) -> Views:
    """See a row of 6 m through the truth detector, as the measurement sees one through a real detector."""
    world = World.build(WorldConfig(row_length_m=6.0), seed)
    detector = TruthDetector(world, "left", CAMERA, GIVEN, seed)
    flowers, leaves = TrueFlowers(world, "left"), LeafScreen(world.left)
    lines, ghosts = [], 0
    places = np.arange(-0.4, 5.5, 0.05).tolist()
    for cart_s in places:
        detector.picture(cart_s, 0.0, 0)
        seen = detector.detect(PICTURE)
        index, where, pixels = in_picture(flowers, CAMERA, cart_s, 0.0)
        behind = leaves.blocks(np.array([cart_s + CAMERA.s_offset, CAMERA.h, CAMERA.d]), where, 0.0)
        which, extra = matched(seen, pixels, np.full(len(pixels), 5.0))
        ghosts += extra
        has = which >= 0
        read, sure, error = (
            np.full(len(index), -1),
            np.full((len(index), 2), np.nan),
            np.full(len(index), np.nan),
        )
        stages = seen.stages[which[has]]
        read[has] = stages.argmax(axis=1)
        sure[has] = np.stack([stages.max(axis=1), 0.5 * (stages.sum(axis=1) - stages.max(axis=1))], axis=1)
        error[has] = 0.5 * (seen.boxes[which[has], 0] + seen.boxes[which[has], 2]) - pixels[has, 0]
        lines.append((index, behind, read, sure, error))
    index, behind, read, sure, error = (np.concatenate(column) for column in zip(*lines, strict=True))
    stage = flowers.stage[index].astype(np.int64)
    return Views(index.astype(np.int64), stage, behind, read, sure, error, len(places), ghosts)


@pytest.fixture(scope="module")
def measured() -> TruthErrors:
    return fit_errors(joined([look_along(seed) for seed in range(1, 7)]), "test")


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_finds_and_blindness_come_back(measured: TruthErrors, stage: int) -> None:
    assert measured.found[stage] == pytest.approx(GIVEN.found[stage], abs=0.04)
    assert measured.blind[stage] == pytest.approx(GIVEN.blind[stage], abs=0.06)


def test_what_flowers_are_taken_for_comes_back(measured: TruthErrors) -> None:
    assert np.array(measured.misread) == pytest.approx(np.array(GIVEN.misread), abs=0.08)
    assert np.array(measured.flicker) == pytest.approx(np.array(GIVEN.flicker), abs=0.03)


def test_places_certainty_and_ghosts_come_back(measured: TruthErrors) -> None:
    assert measured.jitter_px == pytest.approx(1.2, abs=0.25)
    assert measured.ghosts_per_frame == pytest.approx(0.5, abs=0.2)
    assert {pair[0] for pair in measured.certainty} == {0.5, 0.7}


def test_a_detection_belongs_to_one_flower_alone() -> None:
    boxes: NDArray[np.float32] = np.array([[0, 0, 10, 10]], np.float32)
    seen = Detections(boxes, np.array([[0.1, 0.8, 0.1]], np.float32), np.array([0.8], np.float32))
    which, extra = matched(seen, np.array([[5.0, 5.0], [6.0, 5.0], [90.0, 5.0]]), np.full(3, 5.0))
    assert which.tolist() == [0, -1, -1]
    assert extra == 0


def test_a_flower_keeps_its_own_errors_from_day_to_day() -> None:
    world = World.build(WorldConfig(row_length_m=2.0), 1)
    one, other = (TruthDetector(world, "left", CAMERA, GIVEN, seed) for seed in (1, 2))
    assert (one._blind == other._blind).all()
    assert (one._read_as == other._read_as).all()
