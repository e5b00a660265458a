"""Writes recordings: a queue and a thread, so that the loop never waits for the disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from robot.recording_format import RecordingError, RecordingHeader
from robot.recording_writer import RecordingWriter
from robot.types import StepRecord
from vision.calibration import CameraModel
from vision.types import Side

QUEUE_STEPS = 512
"""Steps that may wait for the disk: about five seconds of the loop."""

FLUSH_PERIOD = 1.0
"""Seconds of recording that a power cut may cost."""


class McapRecorder:
    """A Recorder. A step that finds the queue full is dropped and counted, and the file says so."""

    def __init__(
        self,
        path: Path,
        header: RecordingHeader,
        cameras: Mapping[Side, CameraModel],
        *,
        synchronous: bool = False,
        lossless: bool = False,
    ) -> None:
        """Create the file; raises RecordingError when it exists or cannot be written.

        `synchronous` writes in the caller's thread and drops nothing: for simulated time. `lossless` keeps
        pictures that no camera has encoded as PNG, exact but slow, instead of as JPEG.
        """
        self._writer = RecordingWriter(path, header, cameras, lossless=lossless)
        self._problem = ""
        self._dropped = 0
        self._lost_before_next = 0
        self._next_flush = float("-inf")
        self._queue: queue.Queue[tuple[StepRecord, int] | None] = queue.Queue(maxsize=QUEUE_STEPS)
        self._thread: threading.Thread | None = None
        if not synchronous:
            self._thread = threading.Thread(target=self._drain, name="recorder", daemon=True)
            self._thread.start()

    @property
    def path(self) -> Path:
        """The file."""
        return self._writer.path

    @property
    def dropped_steps(self) -> int:
        """Steps lost because the disk was too slow, or failed."""
        return self._dropped

    @property
    def problem(self) -> str:
        """Why nothing is recorded any more, or an empty text."""
        return self._problem

    def record_step(self, record: StepRecord) -> None:
        """Keep one step; without `synchronous` this only puts it into the queue."""
        if self._problem:
            self._dropped += 1
        elif self._thread is None:
            self._write(record, 0)
        else:
            try:
                self._queue.put_nowait((record, self._lost_before_next))
                self._lost_before_next = 0
            except queue.Full:
                self._dropped += 1
                self._lost_before_next += 1

    def close(self) -> None:
        """Write what waits and finish the file; a disk that failed leaves the part that is on it."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._writer.close(self._dropped)

    def _drain(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._problem:
                self._dropped += 1
            else:
                self._write(*item)

    def _write(self, record: StepRecord, lost_before: int) -> None:
        try:
            self._writer.write(record, lost_before)
            if record.now >= self._next_flush:
                self._writer.flush()
                self._next_flush = record.now + FLUSH_PERIOD
        except RecordingError as error:
            self._problem = str(error)
            self._dropped += 1


def new_recording_path(directory: Path, wall: datetime) -> Path:
    """Return a free file name in `directory` that begins with the UTC start time."""
    stem = wall.strftime("%Y-%m-%dT%H-%M-%SZ")
    path = directory / f"{stem}.mcap"
    number = 2
    while path.exists():
        path = directory / f"{stem}-{number}.mcap"
        number += 1
    return path
