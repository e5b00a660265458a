"""The only thread edge of the frame's way: a grabber thread keeps the newest frame, the loop takes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from vision.types import Camera, CameraError, Frame

READ_TIMEOUT_S = 0.5
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 5.0


class LatestFrame:
    """Opens the camera in its own thread, again and again if need be. `take` never blocks, never queues."""

    def __init__(self, camera_id: str, open_camera: Callable[[], Camera]) -> None:
        """Start grabbing; `open_camera` may raise CameraError, which becomes `problem`."""
        self._camera_id = camera_id
        self._open = open_camera
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._problem: str | None = "not opened yet"
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._grab, name=f"camera-{camera_id}", daemon=True)
        self._thread.start()

    @property
    def camera_id(self) -> str:
        """The camera's name."""
        return self._camera_id

    @property
    def problem(self) -> str | None:
        """Why no frames come, or None while they do."""
        return self._problem

    def take(self) -> Frame | None:
        """Return the newest frame not yet taken, or None."""
        with self._lock:
            frame, self._frame = self._frame, None
        return frame

    def close(self) -> None:
        """End the thread and release the camera."""
        self._ending.set()
        self._thread.join(timeout=2 * READ_TIMEOUT_S)

    def _grab(self) -> None:
        retry_s = FIRST_RETRY_S
        while not self._ending.is_set():
            try:
                if self._grab_until_it_breaks():
                    retry_s = FIRST_RETRY_S
            except CameraError as error:
                self._problem = str(error)
            self._ending.wait(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)

    def _grab_until_it_breaks(self) -> bool:
        """Read until the end or an error; True when at least one frame came."""
        camera = self._open()
        worked = False
        try:
            while not self._ending.is_set():
                frame = camera.read(READ_TIMEOUT_S)
                if frame is None:
                    self._problem = f"camera {self._camera_id}: no frame for {READ_TIMEOUT_S:g} s"
                    continue
                worked = True
                self._problem = None
                with self._lock:
                    self._frame = frame
        finally:
            camera.close()
        return worked


def monotonic() -> float:
    """Return CLOCK_MONOTONIC in seconds: what cameras stamp frames with, the same in every process."""
    return time.monotonic()
