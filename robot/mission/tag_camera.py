"""The front camera on hardware: a thread of its own reads the tags, so that the loop never waits for a picture."""

from __future__ import annotations

import threading
from typing import Protocol

import cv2

from robot.mission.fiducials import FrontCameraConfig, TagReader, TagSeen
from vision.types import Frame

IDLE_S = 0.01
"""Pause between looks for a new frame: short against the 66 ms of 15 frames a second."""

STALE_S = 0.5
"""What was seen longer ago than this is not told any more."""

END_S = 1.0


class GrabbedFrames(Protocol):
    """What frames are taken from: `vision.latest.LatestFrame`."""

    @property
    def problem(self) -> str | None:
        """Why no frames come, or None while they do."""
        ...

    def take(self) -> Frame | None:
        """Return the newest frame not yet taken, or None; never blocks."""
        ...

    def close(self) -> None:
        """Let go of the camera."""
        ...


class TagCamera:
    """A FrontEye. Any thread may ask; the newest frame's tags are told once."""

    def __init__(self, config: FrontCameraConfig, source: GrabbedFrames) -> None:
        """Begin to read what `source` grabs."""
        self._config, self._source = config, source
        self._reader = TagReader(config)
        self._lock = threading.Lock()
        # Under the lock: written by the reading thread, taken by the loop.
        self._seen: list[TagSeen] = []
        self._newest: list[TagSeen] = []
        self._problem = ""
        self.frames = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read, name="front-tags", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why no tags can be seen, or ''."""
        with self._lock:
            own = self._problem
        return self._source.problem or own

    def tags(self, now: float) -> list[TagSeen]:
        """Return the tags of the newest frame that was not asked for before; never waits."""
        with self._lock:
            seen, self._seen = self._seen, []
        return [one for one in seen if now - one.t <= STALE_S]

    def recent(self, now: float) -> list[TagSeen]:
        """Return the tags of the newest look, again and again while it is fresh."""
        with self._lock:
            newest = self._newest
        return [one for one in newest if now - one.t <= STALE_S]

    def look(self, now: float) -> tuple[list[TagSeen], float]:
        """Return the tags in sight, and how far the lens is ahead of the cart's reference, m."""
        return self.tags(now), self._config.ahead

    def close(self) -> None:
        """End the thread and let go of the camera."""
        self._ending.set()
        self._thread.join(END_S)
        self._source.close()

    def _read(self) -> None:
        while not self._ending.is_set():
            frame = self._source.take()
            if frame is None:
                self._ending.wait(IDLE_S)
            else:
                self._take(frame)

    def _take(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        wanted = self._config.width, self._config.height
        seen: list[TagSeen] = []
        problem = ""
        if (width, height) != wanted:
            problem = (
                f"the front camera gives {width}x{height}, not {wanted[0]}x{wanted[1]}; mend mission.front"
            )
        else:
            try:
                seen = self._reader.read(frame.image, frame.t_capture)
            except cv2.error as error:
                problem = f"tags cannot be read: {error.err}; check the front camera"
        with self._lock:
            self._seen, self._newest, self._problem = seen, seen, problem
            self.frames += 1
