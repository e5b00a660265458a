"""The only thread edge of the frame's way: a grabber thread keeps the newest frame, the loop takes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from vision.types import Camera, CameraError, Frame

READ_TIMEOUT_S = 0.5
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 5.0
"""A camera that is gone is looked for again after these times, doubling from the first to the longest."""


class LatestFrame:
    """Opens the camera in its own thread, again and again if need be. `take` never blocks, never queues."""

    def __init__(self, camera_id: str, open_camera: Callable[[], Camera]) -> None:
        """Start grabbing; `open_camera` may raise CameraError, which becomes `problem`."""
        self._camera_id = camera_id
        self._open = open_camera
        self._lock = threading.Lock()
        # Under the lock: written by the grabber thread, read by the loop.
        self._frame: Frame | None = None
        self._problem: str | None = f"camera {camera_id}: not opened yet"
        self._last_t: float | None = None
        self._missed = 0
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
        with self._lock:
            return self._problem

    @property
    def missed(self) -> int:
        """Frames that a newer one replaced before anyone took them."""
        with self._lock:
            return self._missed

    def age(self, now: float) -> float | None:
        """Return the seconds from the newest frame's capture to `now`; None before the first frame."""
        with self._lock:
            return None if self._last_t is None else now - self._last_t

    def take(self) -> Frame | None:
        """Return the newest frame not yet taken, or None."""
        with self._lock:
            frame, self._frame = self._frame, None
        return frame

    def close(self) -> None:
        """End the thread and release the camera; a read that hangs is left to the daemon thread's end."""
        self._ending.set()
        self._thread.join(timeout=2 * READ_TIMEOUT_S)

    def _grab(self) -> None:
        retry_s = FIRST_RETRY_S
        while not self._ending.is_set():
            before = self._last_t
            try:
                self._grab_until_it_breaks()
            except CameraError as error:
                self._report(str(error))
            except Exception as error:  # noqa: BLE001 (a thread top-level)
                # A driver's own error must end neither the thread nor the robot: it becomes the problem shown.
                self._report(f"camera {self._camera_id}: {type(error).__name__}: {error}; check its driver")
            if self._last_t != before:
                retry_s = FIRST_RETRY_S
            self._ending.wait(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)

    def _grab_until_it_breaks(self) -> None:
        camera = self._open()
        try:
            while not self._ending.is_set():
                frame = camera.read(READ_TIMEOUT_S)
                if frame is None:
                    self._report(
                        f"camera {self._camera_id}: no frame for {READ_TIMEOUT_S:g} s; check its source"
                    )
                else:
                    self._put(frame)
        finally:
            camera.close()

    def _put(self, frame: Frame) -> None:
        with self._lock:
            self._missed += self._frame is not None
            self._frame, self._last_t, self._problem = frame, frame.t_capture, None

    def _report(self, problem: str) -> None:
        with self._lock:
            self._problem = problem


def monotonic() -> float:
    """Return CLOCK_MONOTONIC in seconds: what cameras stamp frames with, the same in every process."""
    return time.monotonic()
