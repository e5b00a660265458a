"""A camera's lens measured from the page: the board found in the robot's own pictures, then a fit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from robot.clock import Clock
from robot.settings import CameraConfig
from robot.snapshot import FrameMessage
from vision.types import Frame

if TYPE_CHECKING:
    from vision.board_watch import BoardWatch
    from vision.charuco import BoardConfig
    from vision.lens_fit import LensFit

IDLE_S = 60.0
"""Nobody has looked for so long: it ends, and the robot's computer has its time back."""
MOST_VIEWS = 40


class WizardError(Exception):
    """It cannot be done now; the text says why."""


@dataclass(slots=True)
class Measuring:
    """One camera being measured. `told` is what became of the last picture, in a word or two."""

    camera: CameraConfig
    by: str
    watch: BoardWatch
    told: str = "no picture"
    seq: int | None = None
    jpeg: bytes = b""
    corners: list[tuple[float, float]] = field(default_factory=list)
    problem: str = ""
    fit: LensFit | None = None


class LensWizard:
    """All methods belong to the event loop's thread; pictures are looked at in others, one at a time."""

    def __init__(self, clock: Clock, want_pictures: Callable[[bool], None]) -> None:
        self._clock, self._want_pictures = clock, want_pictures
        self._looking: asyncio.Task[None] | None = None
        self._asked_at = 0.0
        self.now: Measuring | None = None

    async def begin(self, camera: CameraConfig, board: BoardConfig, by: str) -> None:
        """Begin with a camera, or begin again."""
        # The image library is large: the page starts without it.
        watch = await asyncio.to_thread(_watch, board, camera.width)
        self.now = Measuring(camera, by, watch)
        self.asked()
        self._want_pictures(True)

    def asked(self) -> None:
        """Note that somebody looks."""
        self._asked_at = self._clock.now()

    def end(self) -> None:
        """End it, and forget what was seen."""
        self.now = None
        self._want_pictures(False)

    def offer(self, message: FrameMessage) -> None:
        """Take a picture of the robot's, unless the one before is still looked at."""
        now = self.now
        if now is None or message.side != now.camera.side:
            return
        if self._clock.now() - self._asked_at > IDLE_S:
            self.end()
            return
        if now.fit is None and (self._looking is None or self._looking.done()):
            self._looking = asyncio.get_running_loop().create_task(self._look(now, message))

    async def fit(self) -> None:
        """Measure the lens from what was seen; raises WizardError."""
        now = self._current()
        try:
            now.fit = await asyncio.to_thread(_fit, now)
        except WizardError as error:
            now.problem = str(error)
            raise

    def fitted(self) -> tuple[CameraConfig, LensFit]:
        """Return the camera and its measured lens; raises WizardError before there is one."""
        now = self._current()
        if now.fit is None:
            raise WizardError("nothing is measured yet")
        return now.camera, now.fit

    def _current(self) -> Measuring:
        if self.now is None:
            raise WizardError("no camera is being measured; choose one and begin")
        return self.now

    async def _look(self, now: Measuring, message: FrameMessage) -> None:
        told, corners, problem = await asyncio.to_thread(_look_at, now, message)
        now.seq, now.jpeg, now.told, now.corners, now.problem = (
            message.seq,
            message.jpeg,
            told,
            corners,
            problem,
        )


def coverage_of(now: Measuring) -> float:
    """Return the share of the picture in which corners were seen."""
    from vision.lens_fit import coverage

    return coverage(now.watch.views, (now.camera.width, now.camera.height))


def least_views() -> int:
    """Return how many pictures a measurement takes."""
    from vision.lens_fit import LEAST_VIEWS

    return LEAST_VIEWS


def _watch(board: BoardConfig, width: int) -> BoardWatch:
    from vision.board_watch import BoardWatch
    from vision.charuco import Board

    return BoardWatch(Board(board), width)


def _look_at(now: Measuring, message: FrameMessage) -> tuple[str, list[tuple[float, float]], str]:
    """Return what became of a picture, the corners in it, and what is wrong with it."""
    from vision.jpeg import decode

    try:
        image = decode(message.jpeg)
    except ValueError as error:
        return "no picture", [], f"the picture cannot be read ({error})"
    size = (image.shape[1], image.shape[0])
    if size != (now.camera.width, now.camera.height):
        wanted = f"{now.camera.width}x{now.camera.height}"
        return "no picture", [], f"pictures are {size[0]}x{size[1]}, the machine file says {wanted}; mend it"
    told = (
        "enough"
        if len(now.watch.views) >= MOST_VIEWS
        else now.watch.take(Frame(now.camera.camera_id, message.seq, 0.0, image))
    )
    view = now.watch.last
    return told, [] if view is None else [(float(x), float(y)) for x, y in view.corners], ""


def _fit(now: Measuring) -> LensFit:
    from vision.lens_fit import CalibrationError, fit_lens

    try:
        return fit_lens(list(now.watch.views), now.watch.board, (now.camera.width, now.camera.height))
    except CalibrationError as error:
        raise WizardError(str(error)) from error
