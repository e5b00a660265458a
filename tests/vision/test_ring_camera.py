from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from vision.ring_camera import COUNT_AT, HEADER_BYTES, SLOT_HEAD, RingCamera, RingWriter
from vision.types import CameraError


def picture(value: int) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.full((48, 64, 3), value, np.uint8), colorspace="BGR"))


def test_the_newest_frame_arrives_with_its_stamp_and_its_very_bytes(tmp_path: Path) -> None:
    writer = RingWriter(tmp_path / "left")
    camera = RingCamera("left", tmp_path / "left")
    for seq in range(7):
        writer.write(picture(20 * seq), seq, 0.5 * seq)
    frame = camera.read(0.0)
    assert frame is not None
    assert (frame.seq, frame.t_capture, frame.jpeg) == (6, 3.0, picture(120))
    assert frame.image.shape == (48, 64, 3)
    assert camera.read(0.0) is None


def test_a_reader_follows_a_writer_that_starts_anew(tmp_path: Path) -> None:
    RingWriter(tmp_path / "left").write(picture(1), 5, 1.0)
    camera = RingCamera("left", tmp_path / "left")
    assert camera.read(0.0) is not None
    RingWriter(tmp_path / "left").write(picture(2), 0, 2.0)
    frame = camera.read(0.0)
    assert frame is not None
    assert frame.seq == 0


def test_a_slot_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "left"
    RingWriter(path).write(picture(1), 5, 1.0)
    with path.open("rb+") as file:
        file.seek(HEADER_BYTES)
        file.write(SLOT_HEAD.pack(1, 5, 1.0, 100))
    assert RingCamera("left", path).read(0.0) is None


def test_a_missing_ring_says_what_to_start(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="start the program that feeds it"):
        RingCamera("left", tmp_path / "none")


@pytest.mark.parametrize("content", [b"x" * 10, b"x" * 4096])
def test_another_file_is_not_taken_for_a_ring(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "left").write_bytes(content)
    with pytest.raises(CameraError, match="is not a frame ring"):
        RingCamera("left", tmp_path / "left")


def test_a_ring_that_is_removed_is_reported(tmp_path: Path) -> None:
    writer = RingWriter(tmp_path / "left")
    camera = RingCamera("left", tmp_path / "left")
    writer.close()
    (tmp_path / "left").unlink()
    with pytest.raises(CameraError, match="is gone"):
        camera.read(0.0)


def test_a_frame_too_large_for_a_slot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not fit a slot of 100"):
        RingWriter(tmp_path / "left", slot_bytes=100).write(picture(1), 0, 0.0)


def test_a_slot_that_a_newer_frame_took_is_not_read_for_the_older_one(tmp_path: Path) -> None:
    writer = RingWriter(tmp_path / "left", slots=2)
    for seq in range(3):
        writer.write(picture(20 * seq), seq, 0.5 * seq)
    with (tmp_path / "left").open("r+b") as ring:
        ring.seek(COUNT_AT)
        ring.write((1).to_bytes(8, "little"))
    camera = RingCamera("left", tmp_path / "left")
    assert camera.read(0.0) is None
    writer.write(picture(60), 3, 1.5)
    newest = camera.read(0.0)
    assert newest is not None
    assert newest.seq == 3
