"""Draws a frame as the robot saw it, with flowers, stages and aimed shots: `python -m sim.picture docs/row.jpg`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from robot.types import LoopView
from sim.lockstep import LockstepRow, machine_for
from sim.scenario import load_scenario
from sim.troubles import SimLedger
from vision.calibration import CameraModel
from vision.types import STAGE_NAMES, Side

SIDE: Side = "left"
DRAW_AT_S = 1.6
SCALE = 2
STAGE_BGR = ((120, 220, 120), (60, 230, 255), (60, 140, 255))
SHOT_BGR = (255, 200, 60)
SHOTS_NEAR_M = 0.35


def draw(view: LoopView, camera: CameraModel) -> NDArray[np.uint8]:
    """Return the side's last frame, twice its size, with the map's flowers and the shots planned for them."""
    seen = view.sides[SIDE]
    if seen.frame is None or view.pose is None:
        raise ValueError("no frame was taken yet")
    frame = seen.frame
    cart_s = view.pose.s - view.pose.velocity * (view.now - frame.t_capture)
    image = np.asarray(
        cv2.resize(frame.image, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC), np.uint8
    )
    for flower in seen.flowers:
        x, y = (camera.project(flower.position[None], cart_s)[0] * SCALE).tolist()
        if not (0 <= x < image.shape[1] and 0 <= y < image.shape[0]) or not flower.place_known:
            continue
        stage = int(flower.belief.argmax())
        cv2.circle(image, (round(x), round(y)), 24, STAGE_BGR[stage], 2, cv2.LINE_AA)
        words = f"{flower.flower_id} {STAGE_NAMES[stage]}"
        cv2.putText(
            image,
            words,
            (round(x) - 26, round(y) - 30),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.5,
            STAGE_BGR[stage],
            1,
            cv2.LINE_AA,
        )
    for pulse in view.recent_pulses:
        if pulse.side == SIDE and abs(pulse.aim[0] - cart_s) < SHOTS_NEAR_M:
            x, y = (camera.project(np.array([pulse.aim]), cart_s)[0] * SCALE).tolist()
            cv2.drawMarker(image, (round(x), round(y)), SHOT_BGR, cv2.MARKER_CROSS, 30, 2, cv2.LINE_AA)
    return image


def main(path: Path) -> None:
    """Drive a little way into the reference row and write the picture."""
    with tempfile.TemporaryDirectory(prefix="bombus-") as folder:
        scenario = load_scenario("row", length_m=4.0)
        config = machine_for(scenario, None, Path(folder) / "ledger.sqlite")
        row = LockstepRow(scenario, 1, config, "onnx", SimLedger(config.ledger.path))
        row.drive_to(DRAW_AT_S)
        view = row.watcher.view
        camera = next(camera.model() for camera in config.cameras if camera.side == SIDE)
        if view is None or not cv2.imwrite(str(path), draw(view, camera)):
            raise SystemExit(f"{path}: cannot be written; name a .png file in an existing folder")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
