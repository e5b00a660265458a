"""One recording file: steps in, MCAP out. A longer run is a row of such files, one writer each."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import cv2
import foxglove
import msgspec
import numpy as np
import simplejpeg
from foxglove import Channel, Context
from foxglove.mcap import MCAPWriteOptions

from robot.recording_channels import ViewerChannels
from robot.recording_format import (
    DECISIONS_TOPIC,
    END_METADATA,
    HEADER_METADATA,
    INPUTS_TOPIC,
    FrameRef,
    RecordingError,
    RecordingHeader,
    StepInputs,
    detections_topic,
    pack_event,
    pack_header,
)
from robot.recording_messages import SCHEMA, decisions_message, detections_message, message
from robot.types import StepRecord
from vision.calibration import CameraModel
from vision.types import SIDES, Detections, Frame, Side

CHUNK_BYTES = 4 * 1024 * 1024
JPEG_QUALITY = 95
"""For pictures that no camera has encoded: close to the pixels, but not the same."""


class DiskFile:
    """The file below the MCAP writer, which hides disk errors: this one remembers the first."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self.bytes_written = 0
        self.error: OSError | None = None

    def write(self, data: bytes | bytearray) -> int:
        """Write all of `data`."""
        try:
            count = self._file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise
        self.bytes_written += count
        return count

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move as `io.IOBase.seek` does."""
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        try:
            self._file.flush()
        except OSError as error:
            self.error = self.error or error
            raise

    def sync(self) -> None:
        """Put everything so far on the disk itself, where no power cut reaches it."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            self.error = self.error or error
            raise

    def close(self) -> None:
        """Close the file; what a full disk refuses now is lost."""
        with contextlib.suppress(OSError):
            self._file.close()


class RecordingWriter:
    """Writes one file; not safe for use by several threads at once."""

    def __init__(
        self,
        path: Path,
        header: RecordingHeader,
        cameras: Mapping[Side, CameraModel],
        now: float,
        *,
        lossless: bool = False,
    ) -> None:
        """Create the file with its header, at `now` of the run; raises RecordingError."""
        self.path = path
        self._t_start = header.t_start
        self._wall_start_ns = round(datetime.fromisoformat(header.wall_start).timestamp() * 1e9)
        self._lossless = lossless
        self._index = header.first_step
        self._all_exact = True
        self._last_mode = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = DiskFile(path)
        except FileExistsError as error:
            raise RecordingError(f"recording {path}: the file exists; name a new one") from error
        except OSError as error:
            raise RecordingError(
                f"recording {path}: {error.strerror}; name a folder that can be written"
            ) from error
        # The channels write only as long as their context lives.
        self._context = context = Context()
        options = MCAPWriteOptions(compression=None, chunk_size=CHUNK_BYTES, profile="bombus")
        self._mcap = foxglove.open_mcap(self._file, context=context, writer_options=options)
        self._mcap.write_metadata(HEADER_METADATA, dict(pack_header(header)))
        self._viewers = ViewerChannels(context, cameras, self.stamp)
        self._inputs = _channel(INPUTS_TOPIC, "StepInputs", context)
        self._decisions = _channel(DECISIONS_TOPIC, "Decisions", context)
        self._found = {side: _channel(detections_topic(side), "Detections", context) for side in SIDES}
        self._viewers.begin(now)
        self.flush()

    @property
    def bytes_written(self) -> int:
        """Size of the file so far."""
        return self._file.bytes_written

    def stamp(self, t: float) -> int:
        """Return the wall time of monotonic `t` in ns since 1970, by the clock at the file's start."""
        return max(0, self._wall_start_ns + round((t - self._t_start) * 1e9))

    def write(self, record: StepRecord, index: int) -> None:
        """Write the step of that number; numbers left out are steps that were lost. Raises RecordingError."""
        self._index = index
        refs = [self._write_frame(side, frame, record) for side, frame in record.frames.items()]
        self._viewers.step(record)
        at = self.stamp(record.now)
        if self._is_worth_telling(record):
            self._decisions.log(decisions_message(record, self._index), log_time=at)
        inputs = StepInputs(
            self._index,
            record.now,
            [pack_event(event) for event in record.events],
            refs,
            list(record.commands),
            record.treated,
        )
        packed = msgspec.msgpack.encode(inputs)
        told = message("StepInputs", index=self._index, now=record.now, msgpack=packed)
        self._inputs.log(told.SerializeToString(), log_time=at)
        self._index += 1
        self._check_disk()

    def flush(self) -> None:
        """Hand everything so far to the system; raises RecordingError."""
        try:
            self._mcap.flush()
        except RuntimeError as error:
            self._check_disk()
            raise RecordingError(f"recording {self.path}: {error}; start another one") from error

    def sync(self) -> None:
        """Put everything so far on the disk itself; raises RecordingError."""
        self.flush()
        with contextlib.suppress(OSError):
            self._file.sync()
        self._check_disk()

    def close(self, dropped_steps: int) -> None:
        """Finish the file."""
        end = {"steps": str(self._index), "dropped_steps": str(dropped_steps)}
        end["pictures_exact"] = "yes" if self._all_exact else "no"
        # After a disk error this fails too; the file is then as readable as after a power cut.
        with contextlib.suppress(RuntimeError):
            self._mcap.write_metadata(END_METADATA, end)
        with contextlib.suppress(RuntimeError):
            self._mcap.close()
        self._file.close()

    def _write_frame(self, side: Side, frame: Frame, record: StepRecord) -> FrameRef:
        data, kind, exact = self._encoded(frame)
        self._all_exact &= exact
        self._viewers.image(side, frame, data, kind, record.now)
        found = record.detections.get(side)
        if isinstance(found, Detections):
            told = detections_message(frame.camera_id, frame.seq, found)
            self._found[side].log(told, log_time=self.stamp(record.now))
        return FrameRef(side, frame.camera_id, frame.seq, frame.t_capture, kind, exact)

    def _encoded(self, frame: Frame) -> tuple[bytes, str, bool]:
        """Return the picture's bytes, their format, and whether they hold its very pixels."""
        if frame.jpeg is not None:
            return frame.jpeg, "jpeg", True
        image = np.ascontiguousarray(frame.image)
        if self._lossless:
            _, png = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            return png.tobytes(), "png", True
        return simplejpeg.encode_jpeg(image, JPEG_QUALITY, "BGR", "444"), "jpeg", False

    def _is_worth_telling(self, record: StepRecord) -> bool:
        told = record.frames or record.commands or record.pulses or record.pulse_refusals
        changed = record.mode != self._last_mode or record.flower_refusals
        self._last_mode = record.mode
        return bool(told or changed)

    def _check_disk(self) -> None:
        error = self._file.error
        if error is not None:
            raise RecordingError(
                f"recording {self.path}: {error.strerror} after {self.bytes_written} bytes; free disk space"
            )


def _channel(topic: str, name: str, context: Context) -> Channel:
    schema = foxglove.Schema(name=f"bombus.{name}", encoding="protobuf", data=SCHEMA)
    return Channel(topic, schema=schema, message_encoding="protobuf", context=context)
