"""Records runs: a queue and a thread, so that the loop never waits for the disk, and goes on without it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from pathlib import Path

from robot.recording_format import RecordingError, RecordingHeader
from robot.recording_run import DiskFullError, RunWriter
from robot.recording_store import RecordingConfig
from robot.types import StepRecord
from vision.calibration import CameraModel
from vision.types import Side

QUEUE_STEPS = 512
"""Steps that may wait for the disk: about five seconds of the loop."""

FLUSH_PERIOD = 0.5
"""Seconds of recording between two moments at which all is on the disk: a power cut may cost twice this."""

RETRY_S = 10.0
"""After trouble with the disk, a new file is tried this often."""

SLOW_S = 10.0
"""Steps dropped this long ago are still told."""

CLOSE_S = 10.0
"""A disk that hangs is left alone after this."""


class McapRecorder:
    """A Recorder. A step that finds the queue full, or no room on the disk, is dropped, counted and told."""

    def __init__(
        self,
        place: Path,
        header: RecordingHeader,
        cameras: Mapping[Side, CameraModel],
        *,
        config: RecordingConfig | None = None,
        synchronous: bool = False,
        lossless: bool = False,
    ) -> None:
        """Begin the file (a name in .mcap) or the run's folder; raises RecordingError when it cannot be.

        A full disk is no error here: recording begins when there is room. `synchronous` writes in the caller's
        thread and drops nothing: for simulated time. `lossless` keeps pictures that no camera has encoded
        as PNG, exact but slow, instead of as JPEG.
        """
        self._run = RunWriter(
            place, header, cameras, config or RecordingConfig(), lossless=lossless, durable=not synchronous
        )
        self._problem = ""
        self._count = self._dropped = 0
        self._slow_steps, self._slow_until, self._now = 0, float("-inf"), header.t_start
        self._retry_at = self._next_flush = float("-inf")
        self._queue: queue.Queue[tuple[StepRecord, int] | None] = queue.Queue(maxsize=QUEUE_STEPS)
        self._thread: threading.Thread | None = None
        try:
            self._run.begin(header.t_start, 0)
        except DiskFullError as error:
            self._fail(error, header.t_start)
        if not synchronous:
            self._thread = threading.Thread(target=self._drain, name="recorder", daemon=True)
            self._thread.start()

    @property
    def path(self) -> Path:
        """The file or the run's folder."""
        return self._run.place

    @property
    def dropped_steps(self) -> int:
        """Steps lost because the disk was too slow, full or broken."""
        return self._dropped + self._slow_steps

    @property
    def problem(self) -> str:
        """Why something is not recorded at the moment, or an empty text."""
        if not self._problem and self._now < self._slow_until:
            return f"recording {self.path}: the disk is too slow, {self._slow_steps} steps are lost; use a faster one"
        return self._problem

    def record_step(self, record: StepRecord) -> None:
        """Keep one step; without `synchronous` this only puts it into the queue."""
        index, self._count, self._now = self._count, self._count + 1, record.now
        if self._thread is None:
            self._write(record, index)
            return
        try:
            self._queue.put_nowait((record, index))
        except queue.Full:
            self._slow_steps += 1
            self._slow_until = record.now + SLOW_S

    def close(self) -> None:
        """Write what waits and finish the file; a disk that failed or hangs leaves the part that is on it."""
        if self._thread is not None:
            try:
                self._queue.put(None, timeout=CLOSE_S)
                self._thread.join(CLOSE_S)
            except queue.Full:
                return
            if self._thread.is_alive():
                return
            self._thread = None
        self._run.close(self.dropped_steps)

    def _drain(self) -> None:
        while (item := self._queue.get()) is not None:
            self._write(*item)

    def _write(self, record: StepRecord, index: int) -> None:
        if self._problem and record.now < self._retry_at:
            self._dropped += 1
            return
        try:
            self._run.write(record, index)
            if record.now >= self._next_flush:
                self._run.flush(record.now)
                self._next_flush = record.now + FLUSH_PERIOD
            self._problem = ""
        except RecordingError as error:
            self._dropped += 1
            self._fail(error, record.now)

    def _fail(self, error: RecordingError, now: float) -> None:
        self._run.end(self.dropped_steps)
        self._problem = str(error)
        self._retry_at = now + RETRY_S if self._run.rolls else float("inf")
