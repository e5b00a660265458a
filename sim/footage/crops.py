"""Cuts out of a source's pictures what a difference is about, with the boxes of both runs drawn in."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from robot.recording_reader import read_recording
from robot.settings import RobotConfig
from robot.types import Place
from sim.footage.track import Look, Track
from sim.replay_pictures import SEGMENT_M, film_of, fitted, is_film
from vision.calibration import CameraModel
from vision.types import STAGE_NAMES, Side

Image = NDArray[np.uint8]
FrameKey = tuple[int, Side, int]
"""Row of the recording, side, frame number."""

CROP_PX = (120, 96)
"""Width and height cut out of the frame."""

SCALE = 4
RING_PX = 52
SAME_BOX = 0.5
"""Boxes of two models that share so much of what both cover are of one flower."""
IN_VIEW_M = 0.8
"""Farther along the row than any camera sees."""

JPEG_QUALITY = 80
OURS, THEIRS, PLACE = (80, 220, 80), (60, 140, 255), (255, 255, 255)
"""BGR: green boxes are this run's, orange ones only the other's."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place of the crop to be shown, as it stood at second `t`."""

    row: int
    side: Side
    place: Place
    t: float


def crops_of(
    source: Path, config: RobotConfig, wanted: Sequence[Wanted], ours: Track, theirs: Track | None
) -> list[str | None]:
    """Return a JPEG as a data URI for each wanted place, None where no frame shows it."""
    cameras = {camera.side: camera.model() for camera in config.cameras}
    found = [best_look(ours.looks, cameras, one) for one in wanted]
    other = {_key(look): look for look in (theirs.looks if theirs is not None else ())}
    by_frame: dict[FrameKey, list[int]] = {}
    for index, view in enumerate(found):
        if view is not None:
            by_frame.setdefault(_key(view[0]), []).append(index)
    crops: list[str | None] = [None] * len(wanted)
    for key, image in frames_of(source, config, by_frame):
        for index in by_frame[key]:
            view = found[index]
            if view is not None:
                look, pixel = view
                crops[index] = data_uri(drawn(image, pixel, look, other.get(key)))
    return crops


def best_look(
    looks: Iterable[Look], cameras: Mapping[Side, CameraModel], wanted: Wanted
) -> tuple[Look, tuple[float, float]] | None:
    """Return the frame before the moment that shows the place nearest to its middle, and the pixel."""
    best: tuple[float, Look, tuple[float, float]] | None = None
    camera = cameras.get(wanted.side)
    for look in looks:
        if camera is None or (look.row, look.side) != (wanted.row, wanted.side) or look.t > wanted.t:
            continue
        if abs(look.cart_s + camera.s_offset - wanted.place[0]) > IN_VIEW_M:
            continue
        u, v = camera.project(np.array([wanted.place]), look.cart_s)[0].tolist()
        if not (0 <= u < camera.width and 0 <= v < camera.height):
            continue
        away = abs(u - camera.width / 2)
        if best is None or away < best[0]:
            best = (away, look, (u, v))
    return None if best is None else (best[1], best[2])


def frames_of(
    source: Path, config: RobotConfig, wanted: Mapping[FrameKey, object]
) -> Iterator[tuple[FrameKey, Image]]:
    """Yield the wanted frames of a source, reading it once more."""
    if is_film(source):
        yield from _of_film(source, config, wanted)
        return
    last = {key[1:]: key for key in wanted}
    recording = read_recording(source)
    try:
        for step in recording:
            for side, frame in step.frames.items():
                key = last.get((side, frame.ref.seq))
                if key is not None:
                    yield key, frame.decode().image
    finally:
        recording.close()


def _of_film(
    source: Path, config: RobotConfig, wanted: Mapping[FrameKey, object]
) -> Iterator[tuple[FrameKey, Image]]:
    camera = config.cameras[0]
    film = film_of(source, config)
    # As the run itself does it: frames are numbered anew in each row.
    row, head_m, number = 0, 0.0, 0
    for index, image in enumerate(film.images()):
        metres = index * film.spacing_m
        if metres - head_m > SEGMENT_M:
            row, head_m, number = row + 1, metres, 0
        number += 1
        key = (row, camera.side, number)
        if key in wanted:
            yield key, fitted(image, camera)


def drawn(image: Image, pixel: tuple[float, float], ours: Look, theirs: Look | None) -> Image:
    """Return the piece around a pixel, enlarged, with both runs' boxes and a ring around the place."""
    height, width = image.shape[:2]
    crop_w, crop_h = min(CROP_PX[0], width), min(CROP_PX[1], height)
    x0 = round(min(max(pixel[0] - crop_w / 2, 0), width - crop_w))
    y0 = round(min(max(pixel[1] - crop_h / 2, 0), height - crop_h))
    piece = image[y0 : y0 + crop_h, x0 : x0 + crop_w]
    large = cv2.resize(piece, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    canvas = np.ascontiguousarray(large, np.uint8)
    corner = (x0, y0)
    boxes = ours.boxes.tolist()
    for box in theirs.boxes.tolist() if theirs is not None else ():
        if all(overlap(box, known) < SAME_BOX for known in boxes):
            _draw_box(canvas, box, corner, THEIRS)
    for box in boxes:
        _draw_box(canvas, box, corner, OURS)
    centre = (round((pixel[0] - x0) * SCALE), round((pixel[1] - y0) * SCALE))
    cv2.circle(canvas, centre, RING_PX, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.circle(canvas, centre, RING_PX, PLACE, 1, cv2.LINE_AA)
    meant = _box_at(boxes, pixel)
    if meant is not None:
        text = f"{STAGE_NAMES[int(ours.stages[meant])]} {float(ours.scores[meant]):.2f}"
        _write(canvas, text, (centre[0] - RING_PX, max(14, centre[1] - RING_PX - 6)))
    return canvas


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the area that two boxes share over the area that they cover together."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    covered = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared
    return shared / covered if covered > 0.0 else 0.0


def _box_at(boxes: Sequence[Sequence[float]], pixel: tuple[float, float]) -> int | None:
    """Return which of the boxes that hold a pixel has its middle nearest to it."""
    u, v = pixel
    away = {
        abs(x0 + x1 - 2 * u) + abs(y0 + y1 - 2 * v): index
        for index, (x0, y0, x1, y1) in enumerate(boxes)
        if x0 <= u <= x1 and y0 <= v <= y1
    }
    return away[min(away)] if away else None


def _draw_box(
    canvas: Image, box: Sequence[float], corner: tuple[int, int], color: tuple[int, int, int]
) -> None:
    x0, y0, x1, y1 = (round((x - corner[i % 2]) * SCALE) for i, x in enumerate(box))
    cv2.rectangle(canvas, (x0, y0), (x1, y1), color, 1, cv2.LINE_AA)


def _write(canvas: Image, text: str, at: tuple[int, int]) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, OURS, 1, cv2.LINE_AA)


def data_uri(image: Image) -> str:
    """Return a picture as a JPEG inside a URI."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def _key(look: Look) -> FrameKey:
    return look.row, look.side, look.seq
