"""Cameras that OpenCV can open: V4L2 devices, RTSP or HTTP streams, video files."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision import jpeg
from vision.latest import monotonic
from vision.types import CameraError, Frame

# OpenCV prints its own warnings to standard error; ours name the camera and the remedy.
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
# A V4L2 device that stops gives up after this many seconds instead of ten.
os.environ.setdefault("OPENCV_VIDEOIO_V4L2_SELECT_TIMEOUT", "1")

SOURCES = "v4l2:N, v4l2:/dev/..., rtsp://..., http://..., file:/path"

STREAM_TIMEOUTS = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 2000)

MJPG = cv2.VideoWriter.fourcc(*"MJPG")

SLOW_SHARE = 0.9
"""A device that offers less than this share of the wanted frame rate is refused."""

BROKEN_PICTURES = 30
"""This many unreadable pictures in a row mean a broken camera; fewer are left out (USB drops bytes)."""


class OpenCvCamera:
    """One capture; `read` stamps a frame with the moment it was handed over (calibrate `latency_s`).

    A device that encodes MJPEG is read raw: the recorder then keeps the very bytes that were decoded.
    """

    def __init__(self, camera_id: str, source: str, width: int, height: int, fps: float) -> None:
        """Open `source` and check that size and rate were accepted; raises CameraError."""
        self._camera_id = camera_id
        self._source = source
        self._capture, device = _open(camera_id, source)
        self._raw = device and self._set_up(width, height, fps)
        self._seq = 0
        self._broken = 0
        problem = self._unlike(width, height, fps if device else 0.0)
        if problem:
            self._capture.release()
            raise CameraError(f"camera {camera_id}: {source} gives {problem}")

    @property
    def camera_id(self) -> str:
        """The camera's name."""
        return self._camera_id

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame, None for an unreadable one; raises CameraError when the device or stream ends.

        The driver's own time-out governs, not `timeout_s`: one second for a device, two for a stream.
        """
        got, data = self._capture.read()
        now = monotonic()
        if not got or data is None:
            raise CameraError(
                f"camera {self._camera_id}: {self._source} gives no more frames; check its cable or stream"
            )
        picture = np.asarray(data, np.uint8)
        if not self._raw:
            self._seq += 1
            return Frame(self._camera_id, self._seq, now, picture)
        return self._decoded(picture.tobytes(), now)

    def close(self) -> None:
        """Release the device."""
        self._capture.release()

    def _decoded(self, data: bytes, now: float) -> Frame | None:
        self._seq += 1
        try:
            image: NDArray[np.uint8] = jpeg.decode(data)
        except ValueError as error:
            self._broken += 1
            if self._broken < BROKEN_PICTURES:
                return None
            raise CameraError(
                f"camera {self._camera_id}: {self._source} gave {self._broken} unreadable pictures in a row "
                f"({error}); check its cable and USB hub"
            ) from error
        self._broken = 0
        return Frame(self._camera_id, self._seq, now, image, data)

    def _set_up(self, width: int, height: int, fps: float) -> bool:
        """Ask the device for MJPEG of this size and rate; True when it hands out the bytes undecoded."""
        capture = self._capture
        capture.set(cv2.CAP_PROP_FOURCC, MJPG)
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        mjpeg = int(capture.get(cv2.CAP_PROP_FOURCC)) == MJPG
        return mjpeg and bool(capture.set(cv2.CAP_PROP_CONVERT_RGB, 0))

    def _unlike(self, width: int, height: int, fps: float) -> str:
        """Return how the source differs from what was asked, with the remedy, or nothing."""
        given_w = round(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        given_h = round(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        given_fps = self._capture.get(cv2.CAP_PROP_FPS)
        if (given_w, given_h) != (width, height):
            return f"{given_w}x{given_h}, not {width}x{height}; set a size that it has"
        if 0 < given_fps < SLOW_SHARE * fps:
            return f"{given_fps:g} frames/s, not {fps:g}; set a rate that it has at {width}x{height}"
        return ""


def _open(camera_id: str, source: str) -> tuple[cv2.VideoCapture, bool]:
    """Return the opened capture, and whether it is a device whose size can be set."""
    kind, _, rest = source.partition(":")
    if kind == "v4l2":
        path = Path(f"/dev/video{rest}" if rest.isdigit() else rest)
        if not path.exists():
            present = ", ".join(sorted(str(found) for found in Path("/dev").glob("video*"))) or "none"
            raise CameraError(
                f"camera {camera_id}: {path} is not there; present: {present}; plug it in or set its source"
            )
        capture, device = cv2.VideoCapture(str(path), cv2.CAP_V4L2), True
    elif kind == "file":
        if not Path(rest).is_file():
            raise CameraError(f"camera {camera_id}: {rest} is not there; name an existing video file")
        capture, device = cv2.VideoCapture(rest), False
    elif kind in {"rtsp", "http", "https"}:
        capture, device = cv2.VideoCapture(source, cv2.CAP_FFMPEG, STREAM_TIMEOUTS), False
    else:
        raise CameraError(
            f"camera {camera_id}: source '{source}' is of no known kind; use {SOURCES} or ring:/path"
        )
    if not capture.isOpened():
        capture.release()
        raise CameraError(
            f"camera {camera_id}: {source} cannot be opened; check that it is a video that nothing else uses"
        )
    return capture, device
