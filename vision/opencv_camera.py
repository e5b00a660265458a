"""Cameras that OpenCV can open: V4L2 devices, RTSP or HTTP streams, video files."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from vision.latest import monotonic
from vision.types import CameraError, Frame

# OpenCV prints its own warnings to standard error; ours name the camera and the remedy.
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")

SOURCES = "v4l2:N, v4l2:/dev/..., rtsp://..., http://..., file:/path"


class OpenCvCamera:
    """One capture; `read` stamps a frame with the moment it was handed over (calibrate `latency_s`)."""

    def __init__(self, camera_id: str, source: str, width: int, height: int, fps: float) -> None:
        """Open `source` and check that the size was accepted; raises CameraError."""
        self._camera_id = camera_id
        self._source = source
        self._capture, device = _open(camera_id, source)
        if device:
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
            self._capture.set(cv2.CAP_PROP_FPS, fps)
            self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        given = (
            round(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            round(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        if given != (width, height):
            self._capture.release()
            raise CameraError(
                f"camera {camera_id}: {source} gives {given[0]}x{given[1]}, not {width}x{height}; "
                "set a size that it has"
            )
        self._seq = 0

    @property
    def camera_id(self) -> str:
        """The camera's name."""
        return self._camera_id

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame; raises CameraError when the device is gone or the stream has ended.

        The driver's own time-out governs, not `timeout_s`.
        """
        got, image = self._capture.read()
        if not got or image is None:
            raise CameraError(
                f"camera {self._camera_id}: {self._source} gives no more frames; check its cable or stream"
            )
        self._seq += 1
        return Frame(self._camera_id, self._seq, monotonic(), np.asarray(image, np.uint8))

    def close(self) -> None:
        """Release the device."""
        self._capture.release()


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
        capture, device = cv2.VideoCapture(source, cv2.CAP_FFMPEG), False
    else:
        raise CameraError(
            f"camera {camera_id}: source '{source}' is of no known kind; use {SOURCES} or ring:/path"
        )
    if not capture.isOpened():
        raise CameraError(
            f"camera {camera_id}: {source} cannot be opened; check that nothing else uses it and that it is a video"
        )
    return capture, device
