"""One side's way from frame to flowers: take, check, detect, place. The loop owns one per camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robot.health import SideHealth
from robot.odometry import Odometry
from robot.slip_watch import SlipWatch, SlipWatchConfig
from robot.types import SideView
from vision.calibration import CameraModel
from vision.flower_map import FlowerMap
from vision.picture_watch import PictureWatch
from vision.types import Detections, Flower, Frame, FrameSource, Pose, Side

VIEW_M = 0.6
"""Flowers this far before and behind the cart's reference are shown to people."""


class FrameCheck(Protocol):
    """Says what makes a frame useless; may remember earlier frames."""

    def problem(self, frame: Frame) -> str | None:
        """Return why the frame must not be used, or None."""
        ...


class FlowerDetector(Protocol):
    """Finds flowers in one image."""

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return the detections of a BGR image (H, W, 3)."""
        ...


@dataclass(frozen=True, slots=True)
class SideParts:
    """What one side is built from; `make_map` starts an empty map for a new row."""

    source: FrameSource
    check: FrameCheck
    detector: FlowerDetector
    camera: CameraModel
    make_map: Callable[[], FlowerMap]
    slip: SlipWatchConfig = field(default_factory=SlipWatchConfig)
    watch: PictureWatch | None = None
    """None where there are no real pictures to watch."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What the map made of a frame: the flower id of each detection (N,), -1 for none, and (gone, kept) ids."""

    seq: int
    ids: NDArray[np.int64]
    merges: list[tuple[int, int]]


class Sight:
    """Frames of one side become flowers of its map."""

    def __init__(self, side: Side, parts: SideParts) -> None:
        self.side = side
        self._parts = parts
        self._map = parts.make_map()
        self._slip = SlipWatch(parts.slip, parts.camera)
        self._last: Frame | None = None
        self._last_seen_t: float | None = None
        self._last_good_t: float | None = None
        self._problem: str | None = None
        self.detections: Detections | None = None
        self.placed: Placed | None = None
        self.frames = 0

    def take(self) -> Frame | None:
        """Return the newest unseen frame, or None."""
        frame = self._parts.source.take()
        if frame is not None:
            self.frames += 1
            self._last, self._last_seen_t = frame, frame.t_capture
        return frame

    def usable(self, frame: Frame) -> bool:
        """Check a frame; a useless one is named in the view and skipped."""
        self._problem = self._parts.check.problem(frame)
        self.detections = None
        if self._problem is None:
            self._last_good_t = frame.t_capture
        return self._problem is None

    def detect(self, frame: Frame) -> Detections:
        """Return what the detector finds."""
        self.detections = self._parts.detector.detect(frame.image)
        if self._parts.watch is not None:
            self._parts.watch.see(frame.image, self.detections)
        return self.detections

    def place(self, frame: Frame, detections: Detections, odometry: Odometry) -> list[tuple[int, int]]:
        """Update the map by the pose at exposure; return the (gone, kept) flower ids it found to be one."""
        pose = odometry.at(frame.t_capture - self._parts.camera.latency_s)
        if pose is None:
            return []
        self._slip.see(detections, pose)
        ids = self._map.update(detections, pose, frame.seq)
        self.placed = Placed(frame.seq, ids, self._map.take_merges())
        return self.placed.merges

    def flowers(self, s_low: float, s_high: float) -> list[Flower]:
        """Return the map's flowers between two places along the row."""
        return self._map.flowers(s_low, s_high)

    def start_over(self) -> None:
        """Forget every flower: the row or the position changed, so their places mean nothing now."""
        self._map = self._parts.make_map()
        self._slip = SlipWatch(self._parts.slip, self._parts.camera)

    def health(self) -> SideHealth:
        """Return what the fault checks need."""
        watch = self._parts.watch
        return SideHealth(
            self._last_seen_t,
            self._last_good_t,
            self._problem,
            self._slip.spinning,
            dirty=watch.dirty if watch is not None else "",
            shifted=watch.shifted if watch is not None else "",
        )

    def view(self, pose: Pose | None) -> SideView:
        """Return what people are shown of this side."""
        around = self.flowers(pose.s - VIEW_M, pose.s + 2 * VIEW_M) if pose is not None else []
        count = len(self.detections) if self.detections is not None else 0
        return SideView(self._parts.source.camera_id, self._last, self._problem, count, tuple(around))
