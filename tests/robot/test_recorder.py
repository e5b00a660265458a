"""Recordings: what went in comes out, bit for bit; cut anywhere, the part before the cut is still read."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory
from msgspec.structs import replace

from robot import recorder as recorder_module
from robot.recorder import McapRecorder
from robot.recording_format import RecordingError, UnknownEvent
from robot.recording_reader import read_recording
from robot.recording_run import new_run_folder
from robot.types import StepRecord
from tests.robot.recorded_steps import CAMERAS, EVENT_TYPES, HEADER, Ticked, assert_same, step, steps, write
from vision.types import Frame


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, list[StepRecord]]]:
    records = steps(40)
    yield write(tmp_path_factory.mktemp("rec") / "a.mcap", records).read_bytes(), records


def test_every_step_comes_back_as_it_was(tmp_path: Path) -> None:
    records = steps(60)
    recording = read_recording(write(tmp_path / "a.mcap", records), EVENT_TYPES)
    assert recording.header == HEADER
    found = list(recording)
    assert len(found) == len(records)
    for index, (back, was) in enumerate(zip(found, records, strict=True)):
        assert_same(back, was, index)
    assert not recording.truncated
    assert not recording.inexact_because


def test_pictures_that_no_camera_encoded_are_told_to_be_inexact(tmp_path: Path) -> None:
    recording = read_recording(write(tmp_path / "a.mcap", steps(4, encoded=False)), EVENT_TYPES)
    list(recording)
    assert "compressed again" in recording.inexact_because


def test_a_lossless_recording_keeps_every_pixel(tmp_path: Path) -> None:
    records = steps(6, encoded=False)
    recording = read_recording(write(tmp_path / "a.mcap", records, lossless=True), EVENT_TYPES)
    for index, (back, was) in enumerate(zip(list(recording), records, strict=True)):
        assert_same(back, was, index)
    assert not recording.inexact_because


def test_odd_numbers_in_events_come_back(tmp_path: Path) -> None:
    odd = replace(step(0), events=(Ticked(math.inf, -(2**31), "", b""), Ticked(5e-324, 2**40, "ö", b"\0")))
    (back,) = read_recording(write(tmp_path / "a.mcap", [odd]), EVENT_TYPES)
    assert back.events == odd.events


def test_nan_in_an_event_comes_back(tmp_path: Path) -> None:
    odd = replace(step(0), events=(Ticked(math.nan, 0, "", b""),))
    (back,) = read_recording(write(tmp_path / "a.mcap", [odd]), EVENT_TYPES)
    (event,) = back.events
    assert isinstance(event, Ticked)
    assert math.isnan(event.t)


def test_an_unknown_event_type_makes_the_recording_inexact(tmp_path: Path) -> None:
    recording = read_recording(write(tmp_path / "a.mcap", [step(1)]), ())
    (back,) = recording
    assert isinstance(back.events[0], UnknownEvent)
    assert "Ticked" in recording.inexact_because


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_cut_anywhere_is_read_up_to_the_cut(
    data: st.DataObject, recorded: tuple[bytes, list[StepRecord]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole, records = recorded
    cut = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path_factory.mktemp("cut") / "cut.mcap"
    path.write_bytes(whole[:cut])
    try:
        recording = read_recording(path, EVENT_TYPES)
    except RecordingError as error:
        assert cut < 4000  # the header itself is missing
        assert "\n" not in str(error)
        return
    found = list(recording)
    assert recording.truncated
    assert len(found) >= len(records) * (cut - 8000) / len(whole) - 3
    for index, back in enumerate(found):
        assert_same(back, records[index], index)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_ends_in_one_clear_line_or_before_the_damage(
    data: st.DataObject, recorded: tuple[bytes, list[StepRecord]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole, _ = recorded
    damaged = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20)):
        damaged[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("damaged") / "damaged.mcap"
    path.write_bytes(damaged)
    try:
        list(read_recording(path, EVENT_TYPES))
    except RecordingError as error:
        assert "\n" not in str(error)


def test_an_unfinished_file_is_read_to_its_last_whole_step(tmp_path: Path) -> None:
    recorder = McapRecorder(tmp_path / "a.mcap", HEADER, CAMERAS, synchronous=True)
    records = steps(30)
    for record in records:
        recorder.record_step(record)
    # As after a power cut: the last chunk has no length yet, and what Python buffers is not in the file.
    (tmp_path / "cut.mcap").write_bytes((tmp_path / "a.mcap").read_bytes())
    recorder.close()
    recording = read_recording(tmp_path / "cut.mcap", EVENT_TYPES)
    found = list(recording)
    assert recording.truncated
    assert 25 <= len(found) <= 30
    for index, back in enumerate(found):
        assert_same(back, records[index], index)


@pytest.mark.parametrize("content", [b"", b"\x89MCAP0\r\n", b"hello" * 100, b"\x89MCAP0\r\n" + b"\xff" * 500])
def test_garbage_ends_in_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "garbage.mcap"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"garbage\.mcap.*--record") as caught:
        read_recording(path, EVENT_TYPES)
    assert "\n" not in str(caught.value)


def test_a_missing_file_ends_in_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        read_recording(tmp_path / "none.mcap", EVENT_TYPES)


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap", steps(1))
    with pytest.raises(RecordingError, match="the file exists; name a new one"):
        McapRecorder(path, HEADER, CAMERAS)


def test_the_usual_readers_find_the_topics(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap", steps(10))
    with path.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    topics = {channel.topic for channel in summary.channels.values()}
    wanted = {"/camera/left", "/camera/left/annotations", "/camera/left/calibration", "/tf", "/log"}
    assert wanted | {"/bombus/inputs", "/bombus/decisions", "/bombus/left/detections"} <= topics


def test_another_implementation_reads_every_message_by_the_schemas_in_the_file(tmp_path: Path) -> None:
    """Foxglove's library in Rust writes; MCAP's own in Python reads, with what the file says of itself."""
    path = write(tmp_path / "a.mcap", steps(10))
    told: dict[str, list[Any]] = defaultdict(list)
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        for schema, channel, message, decoded in reader.iter_decoded_messages():
            assert schema is not None and schema.encoding == "protobuf" and message.log_time > 0
            told[channel.topic].append(decoded)
    assert [one.index for one in told["/bombus/inputs"]] == list(range(10))
    assert [one.format for one in told["/camera/left"]] == ["jpeg"] * 5
    refusals = [one for step in told["/bombus/decisions"] for one in step.flower_refusals]
    assert {(one.side, one.flower_id, one.reason, one.final, one.place.h) for one in refusals} == {
        ("right", 9, "unsure", True, 1.7)
    }
    refused = [one for step in told["/bombus/decisions"] for one in step.pulse_refusals]
    assert {(one.reason, one.detail, one.pulse.nozzle) for one in refused} == {("late", "too late", 3)}
    assert [round(box, 3) for box in told["/bombus/left/detections"][0].boxes] == [1, 2, 10, 12]
    assert told["/camera/left/calibration"][0].K[0] == 45.0
    assert {one.child_frame_id for step in told["/tf"] for one in step.transforms} >= {"cart", "cam-left"}
    lines = [one.message for one in told["/log"]]
    assert "right flower 9 passed untreated: unsure" in lines


def test_the_file_tells_all_that_foxglove_asks_for(tmp_path: Path) -> None:
    """Foxglove reads by the index at the end, finds schemas by name, and lays boxes over the picture of their time."""
    path = write(tmp_path / "a.mcap", steps(10))
    told: dict[str, list[Any]] = defaultdict(list)
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        summary = reader.get_summary()
        for _, channel, _, decoded in reader.iter_decoded_messages():
            told[channel.topic].append(decoded)
    assert summary is not None and summary.statistics is not None
    counts = summary.statistics.channel_message_counts
    assert {summary.channels[key].topic: count for key, count in counts.items()} == {
        topic: len(messages) for topic, messages in told.items()
    }
    assert summary.statistics.message_count == sum(map(len, told.values()))
    assert summary.statistics.chunk_count == len(summary.chunk_indexes) > 0
    assert all(index.message_index_offsets for index in summary.chunk_indexes)
    for channel in summary.channels.values():
        schema = summary.schemas[channel.schema_id]
        assert (channel.message_encoding, schema.encoding) == ("protobuf", "protobuf")
        files = FileDescriptorSet.FromString(schema.data).file
        assert schema.name in {f"{one.package}.{kind.name}" for one in files for kind in one.message_type}
        assert {name for one in files for name in one.dependency} <= {one.name for one in files}
    pictures = {str(picture.timestamp): picture for picture in told["/camera/left"]}
    times = {str(points.timestamp) for one in told["/camera/left/annotations"] for points in one.points}
    assert times and times <= set(pictures)
    frames = {one.child_frame_id for step in told["/tf"] for one in step.transforms}
    assert {picture.frame_id for picture in pictures.values()} == {
        told["/camera/left/calibration"][0].frame_id
    }
    assert {picture.frame_id for picture in pictures.values()} <= frames


def test_the_thread_writes_the_same_steps(tmp_path: Path) -> None:
    records = steps(50)
    recorder = McapRecorder(tmp_path / "a.mcap", HEADER, CAMERAS)
    for record in records:
        recorder.record_step(record)
    recorder.close()
    assert recorder.dropped_steps == 0
    for index, back in enumerate(read_recording(tmp_path / "a.mcap", EVENT_TYPES)):
        assert_same(back, records[index], index)


def test_dropped_steps_are_counted_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "QUEUE_STEPS", 4)
    recorder = McapRecorder(tmp_path / "a.mcap", HEADER, CAMERAS)
    big = step(1, {"left": Frame("cam-left", 1, 1.0, np.zeros((2000, 3000, 3), np.uint8))})
    for _ in range(30):
        recorder.record_step(big)
    lost = recorder.dropped_steps
    recorder.close()
    assert lost > 0
    recording = read_recording(tmp_path / "a.mcap", EVENT_TYPES)
    assert len(list(recording)) + lost == 30


def test_a_full_disk_is_told_and_does_not_stop_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = McapRecorder(tmp_path / "a.mcap", HEADER, CAMERAS, synchronous=True)
    records = steps(20)
    for record in records[:10]:
        recorder.record_step(record)

    class FullDisk:
        def write(self, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            self.write(b"")

        def seek(self, offset: int, whence: int = 0) -> int:
            return real.seek(offset, whence)

        def close(self) -> None:
            real.close()

    assert recorder._run._writer is not None
    file = recorder._run._writer._file
    real = file._file
    monkeypatch.setattr(file, "_file", FullDisk())
    for record in records[10:]:
        recorder.record_step(record)
    recorder.close()
    assert "No space left on device" in recorder.problem
    assert recorder.dropped_steps >= 9  # a few bytes may wait in a buffer
    found = list(read_recording(tmp_path / "a.mcap", EVENT_TYPES))
    assert 8 <= len(found) <= 11


def test_file_names_begin_with_the_start_time_and_are_free(tmp_path: Path) -> None:
    wall = datetime(2026, 11, 24, 10, 11, 12, tzinfo=UTC)
    first = new_run_folder(tmp_path, wall)
    first.mkdir()
    assert first.name == "2026-11-24T10-11-12Z"
    assert new_run_folder(tmp_path, wall).name == "2026-11-24T10-11-12Z-2"
