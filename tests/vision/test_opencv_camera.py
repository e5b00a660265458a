from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from vision.opencv_camera import MJPG, OpenCvCamera
from vision.types import CameraError


def picture(value: int) -> NDArray[np.uint8]:
    return np.full((48, 64, 3), value, np.uint8)


def video(path: Path, frames: int) -> str:
    writer = cv2.VideoWriter(str(path), MJPG, 10.0, (64, 48))
    for k in range(frames):
        writer.write(picture(20 * k))
    writer.release()
    return f"file:{path}"


class Device:
    """Stands for cv2.VideoCapture on a V4L2 device."""

    def __init__(self, frames: list[bytes], fourcc: int = MJPG, fps: float = 15.0) -> None:
        self.frames, self.fps = frames, fps
        self.settings: dict[int, float] = {}
        self.fourcc = fourcc
        self.released = False

    def isOpened(self) -> bool:
        return True

    def set(self, key: int, value: float) -> bool:
        self.settings[key] = value
        return True

    def get(self, key: int) -> float:
        fixed = {cv2.CAP_PROP_FOURCC: float(self.fourcc), cv2.CAP_PROP_FPS: self.fps}
        return fixed.get(key, self.settings.get(key, 0.0))

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        if not self.frames:
            return False, None
        return True, np.frombuffer(self.frames.pop(0), np.uint8)[None, :]

    def release(self) -> None:
        self.released = True


def plugged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, device: Device) -> str:
    """Plug `device` in and return its source."""
    node = tmp_path / "video0"
    node.touch()
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: device)
    return f"v4l2:{node}"


def test_a_video_file_is_read_frame_by_frame_until_it_ends(tmp_path: Path) -> None:
    camera = OpenCvCamera("left", video(tmp_path / "row.avi", 3), 64, 48, 10.0)
    frames = [camera.read(1.0) for _ in range(3)]
    assert [frame.seq for frame in frames if frame] == [1, 2, 3]
    assert all(frame is not None and frame.image.shape == (48, 64, 3) for frame in frames)
    with pytest.raises(CameraError, match=r"camera left: file:.* gives no more frames; check"):
        camera.read(1.0)
    camera.close()


def test_a_device_with_mjpeg_hands_on_its_own_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = bytes(simplejpeg.encode_jpeg(picture(90), 90, "BGR"))
    device = Device([data])
    camera = OpenCvCamera("left", plugged(monkeypatch, tmp_path, device), 64, 48, 15.0)
    frame = camera.read(1.0)
    assert frame is not None
    assert frame.jpeg == data
    assert frame.image.shape == (48, 64, 3)
    assert device.settings[cv2.CAP_PROP_BUFFERSIZE] == 1


def test_a_damaged_picture_is_left_out_and_many_mean_a_broken_camera(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good = bytes(simplejpeg.encode_jpeg(picture(90), 90, "BGR"))
    device = Device([b"\xff\xd8 torn", good, *[b"nothing"] * 30])
    camera = OpenCvCamera("left", plugged(monkeypatch, tmp_path, device), 64, 48, 15.0)
    assert camera.read(1.0) is None
    after = camera.read(1.0)
    assert after is not None
    assert after.seq == 2
    with pytest.raises(CameraError, match=r"30 unreadable pictures in a row .* check its cable and USB hub"):
        while True:
            camera.read(1.0)


@pytest.mark.parametrize(
    ("width", "fps", "wanted"),
    [
        (32, 10.0, r"gives 64x48, not 32x48; set a size that it has"),
        (64, 10.0, None),
        (64, 1000.0, None),
    ],
)
def test_a_file_of_another_size_is_refused_but_its_rate_is_its_own(
    tmp_path: Path, width: int, fps: float, wanted: str | None
) -> None:
    source = video(tmp_path / "row.avi", 2)
    if wanted is None:
        OpenCvCamera("left", source, width, 48, fps).close()
    else:
        with pytest.raises(CameraError, match=wanted):
            OpenCvCamera("left", source, width, 48, fps)


def test_a_device_slower_than_asked_is_refused_and_released(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = Device([], fps=5.0)
    with pytest.raises(CameraError, match=r"gives 5 frames/s, not 15; set a rate that it has at 64x48"):
        OpenCvCamera("left", plugged(monkeypatch, tmp_path, device), 64, 48, 15.0)
    assert device.released


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("v4l2:77", r"camera left: /dev/video77 is not there; present: .*; plug it in or set its source"),
        ("file:/no/such.avi", r"camera left: /no/such.avi is not there; name an existing video file"),
        ("usb0", r"camera left: source 'usb0' is of no known kind; use v4l2:N, .* or ring:/path"),
    ],
)
def test_a_source_that_is_not_there_is_named_with_the_remedy(source: str, wanted: str) -> None:
    with pytest.raises(CameraError, match=wanted):
        OpenCvCamera("left", source, 64, 48, 15.0)


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.avi").write_text("not a video")
    with pytest.raises(CameraError, match=r"notes.avi cannot be opened; check that it is a video"):
        OpenCvCamera("left", f"file:{tmp_path / 'notes.avi'}", 64, 48, 15.0)
