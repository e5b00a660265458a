"""Valve lag by ear: a recording that runs along, and in it the moments at which the hiss begins."""

from __future__ import annotations

import io
import struct
import subprocess
import threading
from collections.abc import Sequence
from typing import IO

import numpy as np

from firmware_bridge.events import Event
from robot.calibration.lag_sensor import FloatArray, LagError, LagEstimate, Train
from robot.calibration.onsets import onset_lags
from robot.clock import Clock

CHUNK_BYTES = 1024
LEAST_SHARE = 0.5
"""Of the openings, so many must be heard."""
STOP_S = 2.0


class WavHeader:
    """The start of a WAV stream: 16-bit PCM of any rate and channels. Raises LagError for anything else."""

    def __init__(self, stream: IO[bytes]) -> None:
        riff, _, wave = struct.unpack("<4sI4s", _exactly(stream, 12))
        if (riff, wave) != (b"RIFF", b"WAVE"):
            raise LagError("the recorder writes no WAV stream; mend calibration.recorder")
        self.rate_hz = self.channels = 0
        while True:
            name, size = struct.unpack("<4sI", _exactly(stream, 8))
            if name == b"data":
                break
            body = _exactly(stream, size + size % 2)
            if name == b"fmt ":
                kind, self.channels, self.rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
                if kind not in {1, 0xFFFE} or bits != 16:
                    raise LagError(f"the recorder writes {bits}-bit samples; ask it for 16-bit PCM")
        if not self.rate_hz or not self.channels:
            raise LagError("the recorder's WAV stream has no format; mend calibration.recorder")


class Recording:
    """Samples of the first channel, and the host time of the first one, taken from when they arrive."""

    def __init__(self, stream: IO[bytes], clock: Clock) -> None:
        self.problem = ""
        self.rate_hz = 1
        self.start_t = float("inf")
        self._stream = stream
        self._clock = clock
        self._data = io.BytesIO()
        self._channels = 1

    def run(self) -> None:
        """Read to the end of the stream; for a thread of its own."""
        try:
            header = WavHeader(self._stream)
        except LagError as error:
            self.problem = str(error)
            return
        self.rate_hz, self._channels = header.rate_hz, header.channels
        frame_bytes = 2 * header.channels
        while chunk := self._stream.read(CHUNK_BYTES):
            self._data.write(chunk)
            # What is read last was recorded before now: the earliest such bound is the best.
            recorded_s = self._data.tell() / frame_bytes / header.rate_hz
            self.start_t = min(self.start_t, self._clock.now() - recorded_s)

    def samples(self) -> FloatArray:
        """Return (N,) samples of the first channel in -1..1."""
        whole = len(self._data.getvalue()) // (2 * self._channels) * 2 * self._channels
        values = np.frombuffer(self._data.getvalue()[:whole], dtype="<i2")
        return values[:: self._channels].astype(np.float64) / 32768.0


class MicrophoneSensor:
    """Runs the recorder for each nozzle and looks for a hiss after each coil edge."""

    def __init__(self, recorder: Sequence[str], clock: Clock) -> None:
        self._command = list(recorder)
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self.recording: Recording | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start the recorder; raises LagError."""
        try:
            process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        except OSError as error:
            raise LagError(
                f"calibration.recorder = {self._command[0]}: cannot be started ({error.strerror})"
            ) from error
        if process.stdout is None:
            raise LagError("the recorder has no output")
        self._process = process
        self.recording = Recording(process.stdout, self._clock)
        self._thread = threading.Thread(target=self.recording.run, name="recorder", daemon=True)
        self._thread.start()

    def hear(self, event: Event) -> None:
        """The microphone tells; the controller's events do not matter."""

    def end(self, trains: Sequence[Train]) -> LagEstimate:
        """Stop the recorder and find the onsets; raises LagError."""
        self.close()
        recording = self.recording
        if recording is None or recording.problem:
            raise LagError(recording.problem if recording is not None else "nothing was recorded")
        edges_s = [float(edge) - recording.start_t for train in trains for edge in train.edges]
        heard = [
            lag for lag in onset_lags(recording.samples(), recording.rate_hz, edges_s) if lag is not None
        ]
        if len(heard) < max(2.0, LEAST_SHARE * len(edges_s)):
            raise LagError(
                f"{len(heard)} of {len(edges_s)} openings were heard: move the microphone to the nozzle"
            )
        lags_s = np.asarray(heard)
        return LagEstimate(
            float(np.median(lags_s)), float(lags_s.std(ddof=1) / np.sqrt(len(lags_s))), len(heard)
        )

    def close(self) -> None:
        """End the recorder."""
        process, self._process = self._process, None
        if process is None or self._thread is None or process.stdout is None:
            return
        process.terminate()
        self._thread.join(STOP_S)
        process.kill()
        process.wait()
        process.stdout.close()


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise LagError("the recorder ended at once; see its message above, mend calibration.recorder")
    return data
