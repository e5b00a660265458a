"""Pictures of flowers as evidence: cut out of the recording of the run in which the robot passed them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from robot.config import ConfigError, parse_config
from robot.recording_format import RecordedFrame, RecordingError
from robot.recording_reader import Recording, read_recording
from robot.recording_store import stored_in
from robot.types import Place
from vision.calibration import CameraModel
from vision.types import Side

CUT_PX = 128
BEFORE_S = 60.0
"""A flower was in sight at most this long before its last word was written."""

JPEG_QUALITY = 85
UNSEEN = 1.0
"""A picture in which the detector found nothing there is worse than any in which it did."""

_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Passed:
    """A flower of the ledger: its place in the row, and the wall time of its last word."""

    flower: int
    place: Place
    wall: float


@dataclass(slots=True)
class _Best:
    """The picture in which a flower stands best, and where in it, px."""

    badness: float
    frame: RecordedFrame
    at: tuple[float, float]


def cut_outs(folder: Path, side: Side, flowers: Sequence[Passed]) -> dict[int, bytes]:
    """Return a JPEG for each flower that a recording of `folder` shows, the flower in its middle.

    Raises RecordingError when the folder cannot be read. One call at a time: each reads a minute of pictures.
    """
    if not flowers or not folder.is_dir():
        return {}
    first, last = min(one.wall for one in flowers) - BEFORE_S, max(one.wall for one in flowers)
    best: dict[int, _Best] = {}
    with _one_at_a_time:
        for file in _files(folder, first, last):
            try:
                _look_through(read_recording(file), side, flowers, best)
            except (RecordingError, ConfigError):
                continue  # one damaged file costs its own pictures only
        return {flower: jpeg for flower, one in best.items() if (jpeg := _cut(one))}


def _files(folder: Path, first: float, last: float) -> Iterator[Path]:
    """Yield the files that were written between two wall times, by when they and those before them ended."""
    for recording in stored_in(folder):
        begun = float("-inf")
        for file in recording.files:
            ended = file.stat().st_mtime
            if ended >= first and begun <= last:
                yield file
            begun = ended


def _look_through(
    recording: Recording, side: Side, flowers: Sequence[Passed], best: dict[int, _Best]
) -> None:
    header = recording.header
    config = parse_config(header.config_toml, "the recording's machine file")
    camera = next((one.model() for one in config.cameras if one.side == side), None)
    wall = datetime.fromisoformat(header.wall_start).timestamp() - header.t_start
    if camera is None or (header.part == 0 and header.t_start + wall > max(one.wall for one in flowers)):
        recording.close()
        return
    for step in recording:
        frame, decisions = step.frames.get(side), step.decisions
        if frame is None or decisions is None or decisions.pose is None:
            continue
        now = step.now + wall
        seen = [one for one in flowers if one.wall - BEFORE_S <= now <= one.wall]
        if seen:
            pose = decisions.pose
            _compare(frame, camera, pose.s - pose.velocity * (pose.t - frame.ref.t_capture), seen, best)


def _compare(
    frame: RecordedFrame,
    camera: CameraModel,
    cart_s: float,
    flowers: Sequence[Passed],
    best: dict[int, _Best],
) -> None:
    """Keep the frame for each flower that stands better in it than in those before."""
    pixels = camera.project(np.array([one.place for one in flowers]), cart_s)
    for one, (x, y) in zip(flowers, pixels.tolist(), strict=True):
        if not (0 <= x < camera.width and 0 <= y < camera.height):
            continue
        badness = abs(x / camera.width - 0.5) + (0.0 if _is_found(frame, x, y) else UNSEEN)
        if one.flower not in best or badness < best[one.flower].badness:
            best[one.flower] = _Best(badness, frame, (x, y))


def _is_found(frame: RecordedFrame, x: float, y: float) -> bool:
    if frame.found is None or not len(frame.found):
        return False
    x0, y0, x1, y1 = np.asarray(frame.found.boxes, float).T
    return bool(np.any((x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)))


def _cut(best: _Best) -> bytes:
    """Return the piece around the flower, black where the picture ends; nothing when the picture is damaged."""
    try:
        image = best.frame.decode().image
    except RecordingError:
        return b""
    half = CUT_PX // 2
    wide = cv2.copyMakeBorder(image, half, half, half, half, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    x, y = (round(value) for value in best.at)
    piece = np.ascontiguousarray(wide[y : y + CUT_PX, x : x + CUT_PX])
    return bytes(simplejpeg.encode_jpeg(piece, JPEG_QUALITY, "BGR", "420"))
