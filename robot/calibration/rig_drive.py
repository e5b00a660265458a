"""A recorded drive as the mount's calibration needs it: where the cart was, and what each frame shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.events import LinkUp, Telemetry
from robot.cart import Cart
from robot.recording_format import RecordedStep
from robot.recording_reader import Recording
from robot.settings import RobotConfig
from robot.types import CommandName
from vision.calibration import CameraModel
from vision.flower_map import FlowerMap, FlowerMapConfig
from vision.rig_problem import Sighting, Track
from vision.tags import Seen
from vision.types import Detections, Pose, Side

T = TypeVar("T")

PLACES = frozenset({CommandName.SET_ROW, CommandName.SET_POSITION})
FRESH_S_STD = 0.0005
EDGE_PX = 3.0
"""A box nearer to the border is cut, and its middle is not the flower's."""


@dataclass(frozen=True, slots=True)
class Look(Generic[T]):
    """One frame: its time stamp, its number and what was found in it."""

    t: float
    seq: int
    found: T


@dataclass(frozen=True, slots=True)
class Drive(Generic[T]):
    """The part of a recording in which the count of travel is unbroken; `placed` when s is the row's own."""

    track: Track
    looks: tuple[Look[T], ...]
    placed: bool


def read_drive(
    recording: Recording,
    config: RobotConfig,
    side: Side,
    find: Callable[[NDArray[np.uint8]], T],
    progress: Callable[[float], None] = lambda share: None,
) -> Drive[T]:
    """Read a recording of machine `config`; raises RecordingError for a damaged picture."""
    reader = _Reader[T](config)
    for step in recording:
        reader.hear(step)
        frame = step.frames.get(side)
        if frame is not None:
            picture = frame.decode()
            reader.looks.append(Look(picture.t_capture, picture.seq, find(picture.image)))
        progress(recording.share_read)
    return Drive(Track(np.array(reader.times), np.array(reader.places)), tuple(reader.looks), reader.placed)


class _Reader(Generic[T]):
    """Follows the cart; begins anew where its place jumps."""

    def __init__(self, config: RobotConfig) -> None:
        self._cart = Cart(config, None)
        self.placed = True
        self._begin()

    def _begin(self) -> None:
        self.times: list[float] = []
        self.places: list[float] = []
        self.looks: list[Look[T]] = []

    def hear(self, step: RecordedStep) -> None:
        """Take a step's events and commands."""
        for event in step.events:
            if isinstance(event, LinkUp) and self._cart.link_came(event):
                self._begin()
            elif isinstance(event, Telemetry):
                self._cart.hear(event, step.now)
                self._note(event.t)
        for command in step.commands:
            if (
                command.name in PLACES
                and command.value is not None
                and self._cart.set_position(command.value)
            ):
                self.placed = True
                self._begin()

    def _note(self, t: float) -> None:
        odometry = self._cart.odometry
        if not odometry.position_known:
            # Nobody said where the cart stands: travel counts from here, and measured s mean nothing.
            self.placed = False
            odometry.set_position(0.0)
            self._begin()
        pose = odometry.at(t)
        if pose is not None and (not self.times or t > self.times[-1]):
            self.times.append(t)
            self.places.append(pose.s)


def tag_sightings(looks: Sequence[Look[Seen]]) -> list[Sighting]:
    """Return the sightings of tags."""
    return [Sighting(name, look.t, pixel) for look in looks for name, pixel in look.found]


def flower_sightings(
    drive: Drive[Detections], camera: CameraModel, config: FlowerMapConfig
) -> list[Sighting]:
    """Return the sightings of flowers, each one named by the map that `camera` makes of the drive."""
    flowers = FlowerMap(camera, config)
    kept: dict[int, int] = {}
    found: list[tuple[int, float, tuple[float, float]]] = []
    limits = np.array([camera.width - EDGE_PX, camera.height - EDGE_PX])
    for look in drive.looks:
        ids = flowers.update(look.found, _pose(drive.track, look.t - camera.latency_s), look.seq)
        kept.update(flowers.take_merges())
        boxes = look.found.boxes.astype(np.float64)
        whole = (boxes[:, :2] > EDGE_PX).all(axis=1) & (boxes[:, 2:] < limits).all(axis=1) & (ids >= 0)
        for index in np.flatnonzero(whole).tolist():
            x, y = (0.5 * (boxes[index, :2] + boxes[index, 2:])).tolist()
            found.append((int(ids[index]), look.t, (x, y)))
    return [Sighting(f"flower {_kept(flower, kept)}", t, pixel) for flower, t, pixel in found]


def _kept(flower: int, kept: dict[int, int]) -> int:
    while flower in kept:
        flower = kept[flower]
    return flower


def _pose(track: Track, t: float) -> Pose:
    before, here, after = track.at(np.array([t - 0.05, t, t + 0.05])).tolist()
    return Pose(t, here, (after - before) / 0.1, FRESH_S_STD)
