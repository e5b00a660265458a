"""Microphone: the hiss, not the click of the coil. Camera: the step in brightness, at any frame rate."""

from __future__ import annotations

import io
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from robot.calibration.flash import CameraSensor
from robot.calibration.lag_sensor import LagError, Train, blowing
from robot.calibration.microphone import MicrophoneSensor, Recording, WavHeader
from robot.calibration.onsets import onset_lags
from robot.clock import MonotonicClock
from vision.types import Camera, CameraError, Frame

RATE_HZ = 48_000
LAG_S = 0.0123


def recording(edges_s: list[float], lag_s: float, seconds: float) -> np.ndarray:
    """A quiet room, a click at each coil edge, a hiss of 40 ms one lag later."""
    random = np.random.default_rng(1)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = 0.002 * random.standard_normal(len(t))
    for edge in edges_s:
        hiss = (t >= edge + lag_s) & (t < edge + lag_s + 0.04)
        click = (t >= edge) & (t < edge + 0.0015)
        sound += 0.2 * random.standard_normal(len(t)) * hiss + 0.4 * click * np.sin(12_000 * t)
    return sound


def wav_bytes(sound: np.ndarray, channels: int = 1, width: int = 2) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(RATE_HZ)
        file.writeframes(np.repeat(np.clip(sound, -1, 1) * 32767, channels).astype("<i2").tobytes())
    return data.getvalue()


def test_hiss_is_found_to_a_fraction_of_a_millisecond_behind_the_click() -> None:
    edges_s = [0.2, 0.303, 0.406]
    lags_s = onset_lags(recording(edges_s, LAG_S, 0.7), RATE_HZ, edges_s)
    assert lags_s == pytest.approx([LAG_S] * 3, abs=3e-4)


def test_click_without_air_is_no_onset() -> None:
    sound = recording([0.2], LAG_S, 0.5)
    sound[int(0.21 * RATE_HZ) :] = sound[: len(sound) - int(0.21 * RATE_HZ)] * 0.01
    assert onset_lags(sound, RATE_HZ, [0.2]) == [None]


def test_edges_outside_the_recording_are_not_heard() -> None:
    assert onset_lags(recording([], 0.0, 0.2), RATE_HZ, [-1.0, 0.0, 5.0]) == [None, None, None]


def test_wav_stream_of_two_channels_gives_the_first() -> None:
    sound = np.linspace(-0.5, 0.5, 400)
    taken = Recording(io.BytesIO(wav_bytes(sound, channels=2)), MonotonicClock())
    taken.run()
    assert taken.rate_hz == RATE_HZ
    assert taken.samples() == pytest.approx(sound, abs=1e-4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ended at once"),
        (b"no wav stream at all", "no WAV stream"),
        (wav_bytes(np.zeros(8), 1, 1), "16-bit"),
    ],
)
def test_stream_that_is_no_usable_wav_says_so(data: bytes, words: str) -> None:
    with pytest.raises(LagError, match=words):
        WavHeader(io.BytesIO(data))


def test_recorder_that_runs_along_tells_the_lag(tmp_path: Path) -> None:
    clock = MonotonicClock()
    edges_s = [0.1 + 0.103 * n for n in range(9)]
    (tmp_path / "sound.wav").write_bytes(wav_bytes(recording(edges_s, LAG_S, 1.2)))
    program = "import sys, time; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read()); time.sleep(60)"
    sensor = MicrophoneSensor([sys.executable, "-c", program, str(tmp_path / "sound.wav")], clock)
    sensor.begin()
    taken = sensor.recording
    assert taken is not None
    end = clock.now() + 20.0
    while len(taken.samples()) < 1.2 * RATE_HZ - 1024 and clock.now() < end:
        clock.sleep_until(clock.now() + 0.02)
    heard = -1
    while heard != len(taken.samples()):  # a last piece, come late, would move the start once more
        heard = len(taken.samples())
        clock.sleep_until(clock.now() + 0.2)
    start_t = taken.start_t
    estimate = sensor.end([Train(start_t + edges_s[0], 0.04, 0.103, 9)])
    assert estimate.lag_s == pytest.approx(LAG_S, abs=3e-4)
    assert estimate.openings == 9


def test_recorder_that_is_not_there_is_named() -> None:
    with pytest.raises(LagError, match="no-such-recorder: cannot be started"):
        MicrophoneSensor(["no-such-recorder"], MonotonicClock()).begin()


class Flag:
    """A camera at 15 frames/s that sees a flag light up while a valve with a lag blows."""

    camera_id = "flag"

    def __init__(self, trains: list[Train], seconds: float) -> None:
        self._times = np.arange(0.0, seconds, 1 / 15.0)
        self._trains = trains
        self._n = 0
        self.closed = False

    def read(self, timeout_s: float) -> Frame | None:
        if self._n >= len(self._times):
            clock = MonotonicClock()
            clock.sleep_until(clock.now() + 0.005)
            return None
        t = self._times[self._n : self._n + 1]
        self._n += 1
        bright = sum(float(blowing(t - LAG_S, train)[0]) for train in self._trains)
        image = np.full((4, 4, 3), 40 + 60 * bright, np.uint8)
        return Frame("flag", self._n, float(t[0]), image)

    def close(self) -> None:
        self.closed = True

    @property
    def done(self) -> bool:
        return self._n >= len(self._times)


def test_camera_much_slower_than_the_valve_finds_the_lag_from_many_openings() -> None:
    trains = [Train(0.5 + 1.2137 * n, 0.04, 0.103, 9) for n in range(24)]
    camera = Flag(trains, 30.0)
    sensor = CameraSensor(lambda: camera)
    sensor.begin()
    clock = MonotonicClock()
    end = clock.now() + 20.0
    while not camera.done and clock.now() < end:
        clock.sleep_until(clock.now() + 0.01)
    estimate = sensor.end(trains)
    assert estimate.lag_s == pytest.approx(LAG_S, abs=1e-3)
    assert camera.closed


def test_camera_that_is_gone_is_named() -> None:
    def gone() -> Camera:
        raise CameraError("camera flag: not there")

    with pytest.raises(LagError, match="camera flag"):
        CameraSensor(gone).begin()
