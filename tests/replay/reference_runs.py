"""How the two reference runs are made, and what they see with. Small: one seen row, one of labels."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from robot.recording_rewrite import join
from robot.settings import RobotConfig
from robot.types import StepRecord
from sim import lockstep, recording
from sim.footage.compare import Tracker
from sim.lockstep import LockstepRow, machine_for
from sim.recording import recorder_for
from sim.replay import replay_recording
from sim.replay_compare import sentences
from sim.replay_setting import Setting
from sim.scenario import load_scenario
from sim.troubles import SimLedger
from vision.onnx_model import ModelCard
from vision.types import Detections

FOLDER = Path(__file__).parent
CARD = ModelCard(
    name="yellow",
    classes=("bud", "open", "spent"),
    input_size=(320, 192),
    sha256="0" * 64,
    score_threshold=0.2,
)


class YellowSpots:
    """A detector that calls every yellow spot an open flower: it looks at the pixels and never changes."""

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        mask = cv2.inRange(cv2.cvtColor(image, cv2.COLOR_BGR2HSV), (20, 110, 110), (35, 255, 255))
        _, _, found, _ = cv2.connectedComponentsWithStats(mask)
        spots = found[1:][found[1:, cv2.CC_STAT_AREA] >= 8][:40].astype(np.float32)
        corners = spots[:, :2], spots[:, :2] + spots[:, 2:4]
        boxes = np.concatenate(corners, axis=1) if len(spots) else np.empty((0, 4), np.float32)
        stages = np.tile(np.array([[0.02, 0.95, 0.03]], np.float32), (len(spots), 1))
        return Detections(boxes, stages, np.full(len(spots), 0.95, np.float32))


SETTINGS = {"seen_row": Setting(detector=YellowSpots()), "label_row": Setting()}


def file_of(name: str) -> Path:
    return FOLDER / f"{name}.mcap"


def record(name: str) -> None:
    """Drive the simulator and keep its run as the reference's recording."""
    seen = name == "seen_row"
    scenario = load_scenario("row", length_m=0.6 if seen else 1.0, speed_m_s=0.3)
    vehicle = scenario.vehicle.model_copy(update={"start_s": -0.5})
    camera = scenario.camera.model_copy(update={"fps": 6.0 if seen else 10.0})
    scenario = scenario.model_copy(update={"vehicle": vehicle, "camera": camera})
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        folder = Path(place)
        config = machine_for(scenario, None, folder / "ledger.sqlite")
        if seen:
            config = one_small_camera(config)
            patch.setattr(lockstep, "open_detector", lambda wanted: YellowSpots())
            patch.setattr(recording, "model_card", lambda model: CARD)
        detector = "onnx" if seen else "truth"
        ledger = SimLedger(config.ledger.path)
        recorder = recorder_for(folder / "run.mcap", config, detector, ledger)
        row = LockstepRow(scenario, 3, config, detector, ledger, recorder)
        assert row.run()[0]
        file_of(name).unlink(missing_ok=True)
        join([folder / "run.mcap"], file_of(name), compressed=True)


def one_small_camera(config: RobotConfig) -> RobotConfig:
    """Return the machine with its left camera alone, at half the size: a recording of a few hundred kB."""
    left = next(camera for camera in config.cameras if camera.side == "left")
    return config.model_copy(update={"cameras": (left.model_copy(update={"width": 320, "height": 192}),)})


class Decided:
    """A Tracker that also writes down each decision as a line."""

    def __init__(self) -> None:
        self.tracker = Tracker("this version")
        self.lines: list[str] = []

    def begin(self, config: RobotConfig, t_start: float) -> None:
        self.tracker.begin(config, t_start)

    def step(self, loop: object, done: StepRecord, given: object) -> None:
        self.lines += [f"{done.now:8.3f} s  {line}" for line in sentences(done)]


def decided(name: str) -> list[str]:
    """Return what this version decides on the reference's recording, a line each."""
    watcher = Decided()
    result = replay_recording(file_of(name), SETTINGS[name], None, watcher)
    assert not result.truncated
    return [*watcher.lines, f"decisions {result.decisions_sha256}"]
