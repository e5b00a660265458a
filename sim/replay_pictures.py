"""Replay of pictures and videos: each frame at a place of a made-up row, through the robot's own loop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from robot.build import open_detector
from robot.config import with_overrides
from robot.decisions import DecisionHash
from robot.loop import ControlLoop
from robot.recording_reader import is_recording
from robot.settings import CameraConfig, RobotConfig
from robot.sight import FlowerDetector
from sim.replay import Nobody, Others, Progress, Watcher
from sim.replay_cart import Image, PictureRow
from sim.replay_compare import Comparison
from sim.replay_parts import LastStep
from sim.replay_result import ReplayResult, Tally
from sim.replay_setting import AS_RECORDED, ReplayError, Setting
from vision.stills import PICTURE_SUFFIXES, pictures_in, read_picture

VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".mjpeg")

STILL_SPACING_M = 1.0
"""Stills are taken as this far apart, so that no flower of one is mistaken for one of the next."""

SEGMENT_M = 400.0
"""A longer way is driven as several rows: a row is at most 500 m."""

TAIL_M = 1.0
"""Rolled on behind the last frame, so that the nozzles pass what it shows."""

PATIENCE_S = 60.0
"""No camera counts as lost between two stills."""

# FFmpeg prints its own complaints to standard error; ours name the file and the remedy.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


class Film(Protocol):
    """Pictures, one `spacing_m` behind the other; `count` is how many are promised."""

    count: int
    spacing_m: float

    def images(self) -> Iterator[Image]:
        """Return the pictures (H, W, 3) uint8 BGR, of any size; raises PictureError."""
        ...

    def cut_text(self, shown: int) -> str:
        """Return why only `shown` pictures came, or ''."""
        ...


class Stills:
    """A folder of pictures by name, or one picture."""

    spacing_m = STILL_SPACING_M

    def __init__(self, path: Path) -> None:
        """Find the pictures; raises PictureError when there is none."""
        self._paths = pictures_in(path) if path.is_dir() else [path]
        self.count = len(self._paths)

    def images(self) -> Iterator[Image]:
        """Return the pictures."""
        return map(read_picture, self._paths)

    def cut_text(self, shown: int) -> str:
        """Return '': a picture that is damaged raises an error."""
        return ""


class Video:
    """A video file, taken from a cart at one speed."""

    def __init__(self, path: Path, speed_m_s: float) -> None:
        """Open the file; raises ReplayError when it is no video."""
        self._path = path
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        fps = self._capture.get(cv2.CAP_PROP_FPS) if self._capture.isOpened() else 0.0
        if not 0.1 <= fps <= 1000.0:
            self._capture.release()
            raise ReplayError(
                f"{path}: not a readable video (damaged, or of no known format); name another one"
            )
        self.count = max(0, round(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.spacing_m = speed_m_s / fps

    def images(self) -> Iterator[Image]:
        """Return the frames."""
        try:
            while True:
                got, image = self._capture.read()
                if not got or image is None:
                    return
                yield np.asarray(image, np.uint8)
        finally:
            self._capture.release()

    def cut_text(self, shown: int) -> str:
        """Return how far the file could be read when its header promises more frames; raises ReplayError."""
        if not shown:
            raise ReplayError(f"{self._path}: no frame of this video can be read; name another one")
        if shown >= self.count - 1:
            return ""
        return f"{self._path}: cut off or damaged; replayed {shown} of its {self.count} frames"


class PictureRun:
    """All the rows that the pictures fill, as one run with one fingerprint."""

    def __init__(
        self, config: RobotConfig, detector: FlowerDetector, others: Others, watcher: Watcher
    ) -> None:
        self._config, self._detector, self._others = config, detector, dict(others)
        self._watcher = watcher
        self._row: PictureRow | None = None
        self._row_head_m = self._at_m = 0.0
        self._hash = DecisionHash()
        self.tally, self.compared = Tally(), Comparison()

    @property
    def sha256(self) -> str:
        """The fingerprint of all decisions so far."""
        return self._hash.hexdigest()

    def show(self, image: Image, metres: float) -> None:
        """Show a picture at `metres` along the whole way."""
        if self._row is None or metres - self._row_head_m > SEGMENT_M:
            self._end_row()
            self._row, self._row_head_m = PictureRow(self._config, self._detector, self._stepped), metres
        self._at_m = metres - self._row_head_m
        self._row.show(image, self._at_m)

    def finish(self) -> None:
        """Let the nozzles pass the last picture's flowers; take what only the other run decided."""
        self._end_row()
        for index, missed in sorted(self._others.items()):
            self.compared.step(index, missed.now, None, missed)

    def _end_row(self) -> None:
        if self._row is not None:
            self._row.roll_to(self._at_m + TAIL_M)
            self._row.loop.close()
            self.tally.begin_row()

    def _stepped(self, loop: ControlLoop, seen: LastStep) -> None:
        index = self.tally.steps
        step = self.tally.add(seen)
        if step is None:
            return
        self._watcher.step(loop, step, None)
        self._hash.add(step.pulses, step.pulse_refusals, step.flower_refusals)
        self.compared.step(index, step.now, step, self._others.pop(index, None))


def is_still(path: Path) -> bool:
    """Return whether `path` is a folder of pictures or a picture by its name."""
    return (path.is_dir() and not is_recording(path)) or path.suffix.lower() in PICTURE_SUFFIXES


def is_film(path: Path) -> bool:
    """Return whether `path` is a folder of pictures, a picture or a video by its name."""
    return is_still(path) or path.suffix.lower() in VIDEO_SUFFIXES


def fitted(image: Image, camera: CameraConfig) -> Image:
    """Return `image` at the camera's size: scaled to fit, centred on black."""
    height, width = image.shape[:2]
    if (width, height) == (camera.width, camera.height):
        return image
    scale = min(camera.width / width, camera.height / height)
    size = (
        min(camera.width, max(1, round(width * scale))),
        min(camera.height, max(1, round(height * scale))),
    )
    x, y = (camera.width - size[0]) // 2, (camera.height - size[1]) // 2
    whole = np.zeros((camera.height, camera.width, 3), np.uint8)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    whole[y : y + size[1], x : x + size[0]] = cv2.resize(image, size, interpolation=way)
    return whole


def config_for_pictures(config: RobotConfig, speed_m_s: float | None) -> RobotConfig:
    """Return the machine on a long row, with patience for the seconds between stills; raises ConfigError."""
    speed = config.drive.cruise_speed if speed_m_s is None else speed_m_s
    return with_overrides(
        config,
        {
            "row.length": 500.0,
            "row.start_s": 0.0,
            "drive.cruise_speed": speed,
            "drive.max_speed": max(speed, config.drive.max_speed),
            "health.start_grace_s": PATIENCE_S,
            "health.camera_timeout_s": PATIENCE_S,
            "health.bad_frames_s": PATIENCE_S,
        },
    )


def replay_pictures(
    path: Path,
    setting: Setting = AS_RECORDED,
    others: Others | None = None,
    watcher: Watcher | None = None,
    progress: Progress = lambda share: None,
) -> ReplayResult:
    """Run a folder of pictures, a picture or a video through the loop of a machine, by its first camera.

    A still is a frame at a place of its own; a video is taken at the setting's speed, else the cruise speed.
    Raises PictureError, ReplayError, ConfigError or ModelError.
    """
    if setting.recorded_detections:
        raise ReplayError(f"{path}: holds no recorded detections; leave --recorded-detections out")
    config = config_for_pictures(setting.for_pictures(), setting.speed_m_s)
    film = film_of(path, config)
    detector = setting.detector or open_detector(config.detector, setting.model)
    watcher = watcher or Nobody()
    watcher.begin(config, 0.0)
    run = PictureRun(config, detector, others or {}, watcher)
    for number, image in enumerate(film.images()):
        run.show(fitted(image, config.cameras[0]), number * film.spacing_m)
        progress((number + 1) / max(film.count, number + 1))
    run.finish()
    compared = run.compared if others is not None else None
    note = film.cut_text(run.tally.frames)
    return run.tally.result(path, run.sha256, compared, truncated=bool(note), note=note)


def film_of(path: Path, config: RobotConfig) -> Film:
    """Return the pictures of a source; raises PictureError or ReplayError."""
    return Stills(path) if is_still(path) else Video(path, config.drive.cruise_speed)
