"""A short row decides and looks as it did when its fingerprints were checked in."""

import json
from pathlib import Path

import numpy as np
import pytest

from robot.config import DEMO_MACHINE, load_config
from sim.reference import decisions_sha256, frames_sha256
from sim.render.renderer import Renderer
from sim.world import World
from sim.world_config import WorldConfig
from vision.detector import Detector

REFERENCE = json.loads((Path(__file__).parent / "reference_row.json").read_text())
HOW = (
    "the short row {what} differently than the reference. If you changed planner, map, tracker or simulator and mean "
    "it, renew the reference: .venv/bin/python -m sim.reference > tests/end_to_end/reference_row.json - and say in "
    "the commit why. If you changed nothing of the kind, something depends on time, threads, hash order or memory."
)


def test_the_short_row_decides_as_the_reference() -> None:
    assert decisions_sha256() == REFERENCE["decisions_sha256"], HOW.format(what="decides")


@pytest.mark.parametrize("threads", [1, 2])
def test_frames_are_the_references_to_the_bit_in_one_thread_or_two(threads: int) -> None:
    assert frames_sha256(threads) == REFERENCE["frames_sha256"], HOW.format(what="looks")


def test_the_detector_sees_the_same_with_one_thread_or_two() -> None:
    config = load_config(DEMO_MACHINE)
    camera = config.cameras[0].model()
    image = Renderer(World.build(WorldConfig(row_length_m=2.0), 7), camera, "left").render(0.5, 0.0, 1).image
    one, two = (Detector(config.detector.model, threads).detect(image) for threads in (1, 2))
    for name in ("boxes", "stages", "scores"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
