"""A run on disk: a folder with a file a minute, or one file; holds the quota, and begins anew after trouble."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from robot.recording_format import RecordingError, RecordingHeader
from robot.recording_reader import SUFFIX
from robot.recording_store import GIB, RecordingConfig, free_bytes, lock, make_room
from robot.recording_writer import RecordingWriter
from robot.types import StepRecord
from vision.calibration import CameraModel
from vision.types import Side


class DiskFullError(RecordingError):
    """There is no room on the disk at the moment."""


class RunWriter:
    """Writes one run; not safe for use by several threads at once. Any RecordingError ends the present file."""

    def __init__(
        self,
        place: Path,
        header: RecordingHeader,
        cameras: Mapping[Side, CameraModel],
        config: RecordingConfig,
        *,
        lossless: bool,
        durable: bool,
    ) -> None:
        """`place` is one file when it ends in .mcap, else a folder; `durable` waits for the disk itself."""
        self.place = place
        self.rolls = place.suffix != SUFFIX
        self._header, self._cameras, self._config = header, cameras, config
        self._lossless, self._durable = lossless, durable
        self._wall_start = datetime.fromisoformat(header.wall_start).timestamp()
        self._writer: RecordingWriter | None = None
        self._part = 0
        self._opened_at = header.t_start
        self._lock: int | None = None

    def begin(self, now: float, index: int) -> None:
        """Open the next file, which begins with step `index`; raises RecordingError, DiskFullError."""
        try:
            if self.rolls:
                self._make_folder(now)
            header = msgspec.structs.replace(self._header, part=self._part, first_step=index)
            path = self.place / f"{self.place.name}-{self._part:04d}{SUFFIX}" if self.rolls else self.place
            self._part += 1
            self._writer = RecordingWriter(path, header, self._cameras, now, lossless=self._lossless)
            self._opened_at = now
            if self._durable:
                _sync_folder(path.parent)
        except RecordingError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFullError(str(error)) from cause
            raise
        except OSError as error:
            kind = DiskFullError if error.errno in {errno.ENOSPC, errno.EDQUOT} else RecordingError
            raise kind(
                f"recording {self.place}: {error.strerror}; name a folder that can be written"
            ) from error

    def write(self, record: StepRecord, index: int) -> None:
        """Write the step of that number, in a new file when it is time for one; raises RecordingError."""
        if self._writer is not None and self.rolls and record.now - self._opened_at >= self._config.roll_s:
            self.end(0)
        if self._writer is None:
            self.begin(record.now, index)
        if self._writer is not None:
            self._writer.write(record, index)

    def flush(self, now: float) -> None:
        """Put what is written where no power cut reaches it, and leave the disk its free space."""
        if self._writer is None:
            return
        if self._durable:
            self._writer.sync()
        else:
            self._writer.flush()
        if self.rolls:
            self._need_room(now)

    def end(self, dropped_steps: int) -> None:
        """Finish the present file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close(dropped_steps)

    def close(self, dropped_steps: int) -> None:
        """Finish the run."""
        self.end(dropped_steps)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _make_folder(self, now: float) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = lock(self.place)
        make_room(self.place.parent, self._config, self._wall(now), self.place)
        self._need_room(now)

    def _need_room(self, now: float) -> None:
        least = self._config.keep_free_gib * GIB
        if free_bytes(self.place) >= least:
            return
        make_room(self.place.parent, self._config, self._wall(now), self.place)
        free = free_bytes(self.place)
        if free < least:
            raise DiskFullError(
                f"recording {self.place}: {free / GIB:.1f} GiB free on its disk, "
                f"recording.keep_free_gib = {self._config.keep_free_gib:g}; free disk space"
            )

    def _wall(self, now: float) -> float:
        return self._wall_start + now - self._header.t_start


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: a file whose name is lost is lost, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def new_run_folder(folder: Path, wall: datetime) -> Path:
    """Return a free name in `folder` for a run that begins at UTC time `wall`."""
    stem = wall.strftime("%Y-%m-%dT%H-%M-%SZ")
    path, number = folder / stem, 2
    while path.exists():
        path, number = folder / f"{stem}-{number}", number + 1
    return path
