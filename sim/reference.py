"""The fingerprints of a short row: `python -m sim.reference > tests/end_to_end/reference_row.json` renews them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from robot.config import DEMO_MACHINE, load_config
from sim.lockstep import LockstepRow, machine_for
from sim.render.renderer import Renderer
from sim.scenario import load_scenario
from sim.troubles import SimLedger
from sim.world import World
from sim.world_config import WorldConfig
from vision.calibration import CameraModel

SEED = 7
LENGTH_M = 1.0
PLACES_S = (0.1, 0.6, 1.1)


def decisions_sha256() -> str:
    """Drive the short row in truth mode; takes some seconds."""
    scenario = load_scenario("row", length_m=LENGTH_M)
    with tempfile.TemporaryDirectory(prefix="bombus-") as folder:
        config = machine_for(scenario, None, Path(folder) / "ledger.sqlite")
        row = LockstepRow(scenario, SEED, config, "truth", SimLedger(config.ledger.path))
        row.run()
    return row.loop.decisions_sha256


def frames_sha256(threads: int = 1) -> str:
    """Draw a few frames of both sides, in one thread or several."""
    world = World.build(WorldConfig(row_length_m=2.0), SEED)
    cameras = [camera.model() for camera in load_config(DEMO_MACHINE).cameras]
    with ThreadPoolExecutor(threads) as pool:
        drawn = pool.map(lambda camera: _frames(world, camera), cameras)
        return hashlib.sha256(b"".join(part for side in drawn for part in side)).hexdigest()


def _frames(world: World, camera: CameraModel) -> Sequence[bytes]:
    renderer = Renderer(world, camera, camera.side)
    return [renderer.render(s, 0.4 * k, k).image.tobytes() for k, s in enumerate(PLACES_S)]


if __name__ == "__main__":
    found = {"decisions_sha256": decisions_sha256(), "frames_sha256": frames_sha256()}
    print(json.dumps(found, indent=2))
