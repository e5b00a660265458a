"""Valve lag from a camera that sees something light up or move in the air stream: a step in brightness."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from firmware_bridge.events import Event
from robot.calibration.lag_sensor import LagError, LagEstimate, Train, blowing, fit_lag
from vision.types import Camera, CameraError

LEAST_STEP = 4.0
"""Grey levels (of 255) by which the picture's mean must change."""
READ_TIMEOUT_S = 0.2
STOP_S = 2.0


class CameraSensor:
    """Takes the mean brightness of each frame of a camera, opened anew for each nozzle."""

    def __init__(self, open_camera: Callable[[], Camera]) -> None:
        self._open = open_camera
        self._samples: list[tuple[float, float]] = []
        self._problem = ""
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Open the camera and start to watch; raises LagError."""
        try:
            camera = self._open()
        except CameraError as error:
            raise LagError(str(error)) from error
        self._samples.clear()
        self._problem = ""
        self._ending.clear()
        self._thread = threading.Thread(target=self._watch, args=(camera,), name="lag camera", daemon=True)
        self._thread.start()

    def hear(self, event: Event) -> None:
        """Frames tell; the controller's events do not matter."""

    def end(self, trains: Sequence[Train]) -> LagEstimate:
        """Stop watching and fit the steps; raises LagError."""
        self.close()
        if self._problem:
            raise LagError(self._problem)
        samples = np.asarray(self._samples, dtype=np.float64).reshape(-1, 2)
        return fit_lag(samples[:, 0], samples[:, 1], trains, blowing, LEAST_STEP)

    def close(self) -> None:
        """Stop watching."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ending.set()
            thread.join(STOP_S)

    def _watch(self, camera: Camera) -> None:
        try:
            while not self._ending.is_set():
                frame = camera.read(READ_TIMEOUT_S)
                if frame is not None:
                    self._samples.append((frame.t_capture, float(frame.image.mean())))
        except CameraError as error:
            self._problem = str(error)
        finally:
            camera.close()
