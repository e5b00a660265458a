"""What camera faults make of truth mode, where nobody draws: stale, torn or no finds, and pictures that give them away.

The frame checks are the robot's own. They judge stripes that stand in for the left camera's pictures.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from robot.settings import RobotConfig
from robot.sight import FlowerDetector, SideParts
from sim.camera_faults import TORN_M, Struck, cut_row, darkened, torn
from sim.faults import parse_fault
from sim.truth_detector import PICTURE
from vision.calibration import CameraModel
from vision.flower_map import FlowerMap
from vision.frame_checks import FrameCheckConfig, FrameChecks
from vision.types import Detections, Frame, FrameSource, Side

Image = NDArray[np.uint8]

SIZE: Final = 64
STRIPE: Final = 4
"""Width of a stripe, px: even, for JPEG halves the colours' width."""
GREYS: Final = (60, 200)
FAINT: Final = 111
"""About one tear in so many is too faint to be seen: 3 in 360 rendered ones were."""
NOTHING: Final = Detections(
    np.empty((0, 4), np.float32), np.empty((0, 3), np.float32), np.empty(0, np.float32)
)


class Eyes(FlowerDetector, Protocol):
    """A camera's picture and its detector in one, as TruthDetector is."""

    def picture(self, cart_s: float, t: float, seq: int, /) -> Image:
        """Look at the flowers from `cart_s` at `t`."""
        ...


def spoilt_eyes(eyes: Eyes, side: Side, faults: Iterable[str], struck: Struck, height: int) -> Eyes:
    """Return `eyes`, or for the left side of a run whose faults show in pictures, eyes that those spoil."""
    shows = side == "left" and any(parse_fault(fault).kind.by_picture for fault in faults)
    return SpoiltEyes(eyes, struck, height) if shows else eyes


def truth_side(source: FrameSource, eyes: Eyes, camera: CameraModel, config: RobotConfig) -> SideParts:
    """Return one side's way from what stands in for a picture to flowers."""
    checks = StandInChecks(config.frames)
    return SideParts(source, checks, eyes, camera, lambda: FlowerMap(camera, config.map))


class SpoiltEyes:
    """Sees as well as `eyes` until a fault strikes. `height` is that of the pictures in whose pixels boxes are."""

    def __init__(self, eyes: Eyes, struck: Struck, height: int) -> None:
        self._eyes, self._struck, self._height = eyes, struck, height
        self._seen = NOTHING
        self._frozen: Image | None = None

    def picture(self, cart_s: float, t: float, seq: int, /) -> Image:
        """Look from `cart_s` at `t`; returns stripes that are spoilt as a picture would be."""
        if self._present("camera_frozen", t):
            if self._frozen is None:
                since, place = self._struck["camera_frozen"]
                self._frozen = self._spoilt(place, since, 0)
            return self._frozen
        return self._spoilt(cart_s, t, seq)

    def detect(self, image: Image) -> Detections:
        """Return what the last look found."""
        return self._seen

    def _present(self, fault: str, t: float) -> bool:
        return fault in self._struck and t >= self._struck[fault][0]

    def _spoilt(self, cart_s: float, t: float, seq: int) -> Image:
        image = stripes(seq)
        self._seen = self._look(cart_s, t, seq)
        if self._present("camera_torn", t):
            above, below = self._seen, self._look(cart_s - TORN_M, t, seq)
            self._seen = _joined(above, below, self._height * cut_row(SIZE, seq) / SIZE)
            image = image if seq % FAINT == 0 else torn(image, stripes(seq + 1), seq)
        if self._present("camera_dark", t):
            self._seen, image = NOTHING, darkened(image)
        return image

    def _look(self, cart_s: float, t: float, seq: int) -> Detections:
        return self._eyes.detect(self._eyes.picture(cart_s, t, seq))


class StandInChecks:
    """The robot's frame checks on stripes; the plain picture of a run without such faults is always well."""

    def __init__(self, config: FrameCheckConfig) -> None:
        self._checks = FrameChecks(SIZE, SIZE, config)

    def problem(self, frame: Frame) -> str | None:
        """Return why the frame must not be used, or None."""
        return None if frame.image.shape == PICTURE.shape else self._checks.problem(frame)


def stripes(seq: int) -> Image:
    """Return upright stripes (SIZE, SIZE, 3) of greys that belong to a frame's number."""
    random = np.random.Generator(np.random.PCG64([0x57A1, seq]))
    greys = random.integers(*GREYS, SIZE // STRIPE, dtype=np.uint8)
    row = np.repeat(greys, STRIPE)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (SIZE, SIZE, 3)))


def _joined(above: Detections, below: Detections, cut_px: float) -> Detections:
    """Return the finds of two looks whose middles lie above and below a cut, best first."""
    kept = [
        (found, upper == (found.boxes[:, 1] + found.boxes[:, 3] < 2.0 * cut_px))
        for found, upper in ((above, True), (below, False))
    ]
    boxes, stages, scores = (
        np.concatenate([getattr(found, name)[inside] for found, inside in kept])
        for name in ("boxes", "stages", "scores")
    )
    order = np.argsort(-scores, kind="stable")
    return Detections(boxes[order], stages[order], scores[order])
