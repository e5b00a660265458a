"""Pictures as evidence: flowers cut out of the recording of the run that passed them, and out of no other."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
import simplejpeg
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config
from robot.dashboard.board import make_board
from robot.dashboard.evidence import CUT_PX, Passed, cut_outs
from robot.dashboard.rights import Right
from robot.dashboard.server import app_of
from robot.ledger import FinalFlower, Ledger
from robot.recorder import McapRecorder
from robot.types import StepRecord
from tests.robot.recorded_steps import HEADER, step
from vision.types import Detections, Frame, Pose, Side

CAMERA = next(one.model() for one in load_config(DEMO_MACHINE).cameras if one.side == "left")
PLACE = (2.0, 1.6, 0.5)
SQUARE_PX = 8
BEGAN = datetime.fromisoformat(HEADER.wall_start).timestamp()
PASSED = Passed(5, PLACE, BEGAN + 4.0)


def shown(i: int) -> StepRecord:
    """A step a second; the cart rolls 0.2 m in it, and a yellow square stands where the flower is."""
    now, cart_s = HEADER.t_start + i, 1.2 + 0.2 * i
    x, y = (round(value) for value in CAMERA.project(np.array([PLACE]), cart_s)[0])
    image = np.full((CAMERA.height, CAMERA.width, 3), 40, np.uint8)
    image[max(0, y - SQUARE_PX) : y + SQUARE_PX, max(0, x - SQUARE_PX) : x + SQUARE_PX] = (20, 220, 250)
    jpeg = simplejpeg.encode_jpeg(image, colorspace="BGR")
    frame = Frame("cam-left", i, now, simplejpeg.decode_jpeg(jpeg, colorspace="BGR"), jpeg)
    box = np.array([[x - 9, y - 9, x + 9, y + 9]], np.float32)
    found = Detections(box, np.array([[0, 1, 0]], np.float32), np.ones(1, np.float32))
    made = step(i, {"left": frame})
    return msgspec.structs.replace(
        made, now=now, pose=Pose(now, cart_s, 0.0, 0.001), detections={"left": found}
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    header = msgspec.structs.replace(HEADER, config_toml=DEMO_MACHINE.read_text())
    recorder = McapRecorder(folder / "run.mcap", header, {"left": CAMERA}, synchronous=True)
    for i in range(5):
        recorder.record_step(shown(i))
    recorder.close()
    (folder / "damaged.mcap").write_bytes(b"no recording")
    return folder


def middle_is_yellow(jpeg: bytes) -> bool:
    piece = simplejpeg.decode_jpeg(jpeg, colorspace="BGR")
    assert piece.shape == (CUT_PX, CUT_PX, 3)
    b, _, r = piece[CUT_PX // 2 - 4 : CUT_PX // 2 + 4, CUT_PX // 2 - 4 : CUT_PX // 2 + 4].mean(axis=(0, 1))
    return bool(r > 200 and b < 80)


def test_a_flower_stands_in_the_middle_of_its_picture_beside_a_damaged_recording(folder: Path) -> None:
    (jpeg,) = cut_outs(folder, "left", [PASSED]).values()
    assert middle_is_yellow(jpeg)


@pytest.mark.parametrize(
    ("side", "flower"),
    [
        ("right", PASSED),
        ("left", replace(PASSED, wall=BEGAN - 10.0)),
        ("left", replace(PASSED, wall=BEGAN + 1000.0)),
        ("left", replace(PASSED, place=(9.0, 1.6, 0.5))),
    ],
    ids=["other side", "before", "long after", "never in sight"],
)
def test_what_no_picture_shows_gets_none(folder: Path, side: Side, flower: Passed) -> None:
    assert cut_outs(folder, side, [flower]) == {}


def test_without_recordings_there_are_no_pictures(tmp_path: Path) -> None:
    assert cut_outs(tmp_path / "none", "left", [PASSED]) == {}


def test_whoever_may_look_gets_the_pictures_of_a_stretch(
    folder: Path,
    tmp_path: Path,
    serve: Callable[[FastAPI], httpx.Client],
    as_token: Callable[..., dict[str, str]],
) -> None:
    machine, ledger = tmp_path / "robot.toml", Ledger(tmp_path / "l.sqlite")
    machine.write_text(f'{DEMO_MACHINE.read_text()}\n[recording]\nfolder = "{folder}"\n')
    ledger.begin("n-001", BEGAN)
    ledger.finish_flowers([FinalFlower("left", 5, PLACE, "treated")], PASSED.wall)
    ledger.close(PASSED.wall)
    board = make_board(
        tmp_path / "t.sock", tmp_path / "l.sqlite", tmp_path / "a.sqlite", MonotonicClock(), machine=machine
    )
    client, look = serve(app_of(board)), as_token(board, Right.LOOK)
    path = "/api/v1/flowers/pictures?session=1&side=left&start={}&end={}"
    (one,) = client.get(path.format(1.5, 2.5), headers=look).json()["pictures"]
    assert one["flower"] == 5 and middle_is_yellow(b64decode(one["jpeg"]))
    assert client.get(path.format(3, 4), headers=look).json() == {"problem": "", "pictures": []}
    assert client.get(path.format(3, 4), headers=as_token(board, Right.STOP)).status_code == 403
