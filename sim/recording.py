"""Records simulated runs as the robot records its own. Rows and days in lock-step call it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import tomlkit

from robot.build import recording_header
from robot.clock import Clock
from robot.ledger import Ledger
from robot.recorder import McapRecorder
from robot.settings import RobotConfig
from sim.clock import SimClock
from vision.onnx_model import model_card


def recorder_for(
    path: Path,
    config: RobotConfig,
    detector: str,
    ledger: Ledger,
    clock: Clock | None = None,
    row: str | None = None,
) -> McapRecorder:
    """Return a recorder whose header holds the machine as it is now; raises RecordingError or ModelError."""
    text = tomlkit.dumps(config.model_dump(mode="json", exclude_none=True))
    sha256 = model_card(config.detector.model).sha256 if detector == "onnx" else ""
    header = recording_header(config, text, ledger, clock or SimClock(lambda t: None), sha256, row=row)
    header = msgspec.structs.replace(header, extra={**header.extra, "detector": detector})
    cameras = {settings.side: settings.model() for settings in config.cameras}
    return McapRecorder(
        path,
        header,
        cameras,
        config=config.recording,
        synchronous=True,
        lossless=detector == "truth",
    )
