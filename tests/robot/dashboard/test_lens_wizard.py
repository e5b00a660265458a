"""The lens wizard: the board is found in the robot's pictures and measured, and it ends when nobody looks."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from robot.config import DEMO_MACHINE, load_config
from robot.dashboard.lens_wizard import LensWizard, Measuring, WizardError, coverage_of
from robot.settings import CameraConfig
from robot.snapshot import FrameMessage
from tests.browser.made_up_board import board_views
from vision.charuco import BoardConfig

BOARD = BoardConfig(columns=6, rows=5, square_mm=10, marker_mm=7)
CAMERA: CameraConfig = load_config(DEMO_MACHINE).cameras[0]
SIZE = (CAMERA.width, CAMERA.height)


class ByHand:
    """A clock that is set."""

    def __init__(self) -> None:
        self.t = 0.0

    def now(self) -> float:
        return self.t


def message(seq: int, image: NDArray[np.uint8], side: str = "") -> FrameMessage:
    jpeg = simplejpeg.encode_jpeg(np.ascontiguousarray(image), 95, "BGR", "444")
    given = CAMERA.side if not side else ("left" if CAMERA.side == "right" else "right")
    return FrameMessage(given, seq, image.shape[1], image.shape[0], (), (), jpeg)


async def shown(wizard: LensWizard, one: FrameMessage) -> None:
    wizard.offer(one)
    if wizard._looking is not None:
        await wizard._looking


def test_a_board_shown_from_all_sides_gives_the_lens() -> None:
    wanted: list[bool] = []

    async def work() -> None:
        wizard = LensWizard(ByHand(), wanted.append)  # type: ignore[arg-type]
        await wizard.begin(CAMERA, BOARD, "Tim")
        now = wizard.now
        assert isinstance(now, Measuring)
        with pytest.raises(WizardError, match="nothing is measured"):
            wizard.fitted()
        with pytest.raises(WizardError, match="it takes 8"):
            await wizard.fit()
        seq = 0
        for image in board_views(BOARD, SIZE):
            for _ in range(2):  # a board that is held still shows twice alike
                seq += 1
                await shown(wizard, message(seq, image))
        assert len(now.watch.views) >= 8 and now.corners and now.seq == seq
        assert 0.3 < coverage_of(now) <= 1.0
        await wizard.fit()
        camera, lens = wizard.fitted()
        assert camera is CAMERA
        assert lens.fx == pytest.approx(600.0, rel=0.03)
        assert lens.rms_px < 1.0
        wizard.end()

    asyncio.run(work())
    assert wanted == [True, False]


def test_other_cameras_and_pictures_of_another_size_are_not_measured() -> None:
    async def work() -> None:
        wizard = LensWizard(ByHand(), lambda wanted: None)  # type: ignore[arg-type]
        await shown(wizard, message(1, np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)))
        await wizard.begin(CAMERA, BOARD, "Tim")
        now = wizard.now
        assert now is not None
        await shown(wizard, message(2, np.full((SIZE[1], SIZE[0], 3), 90, np.uint8), "other"))
        assert now.seq is None
        await shown(wizard, message(3, np.full((100, 120, 3), 90, np.uint8)))
        assert "pictures are 120x100" in now.problem
        await shown(wizard, message(4, np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)))
        assert (now.told, now.problem) == ("no board", "")

    asyncio.run(work())


def test_it_ends_when_nobody_has_looked_for_a_minute() -> None:
    wanted: list[bool] = []

    async def work() -> None:
        clock = ByHand()
        wizard = LensWizard(clock, wanted.append)  # type: ignore[arg-type]
        await wizard.begin(CAMERA, BOARD, "Tim")
        clock.t = 61.0
        await shown(wizard, message(1, np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)))
        assert wizard.now is None

    asyncio.run(work())
    assert wanted == [True, False]
