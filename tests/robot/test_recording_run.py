"""A run on disk: a file a minute, at most a second lost to a power cut, on without the disk when it is full."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from robot import recorder as recorder_module
from robot import recording_run, recording_store
from robot.recorder import McapRecorder
from robot.recording_format import RecordingError
from robot.recording_reader import is_recording, read_recording
from robot.recording_store import GIB, RecordingConfig
from robot.types import StepRecord
from tests.robot.recorded_steps import CAMERAS, EVENT_TYPES, HEADER, assert_same, step, steps

MINUTE = RecordingConfig(roll_s=60.0, keep_free_gib=0.0)


def spread(count: int, seconds: float) -> list[StepRecord]:
    """Return steps that are spread over some seconds."""
    return [replace(record, now=100.0 + seconds * i / count) for i, record in enumerate(steps(count))]


def recorded(place: Path, records: list[StepRecord], config: RecordingConfig = MINUTE) -> McapRecorder:
    recorder = McapRecorder(place, HEADER, CAMERAS, config=config, synchronous=True)
    for record in records:
        recorder.record_step(record)
    return recorder


def test_a_run_is_a_file_a_minute_and_reads_as_one(tmp_path: Path) -> None:
    records = spread(80, 200.0)
    recorded(tmp_path / "run", records).close()
    files = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert files == [f"run-{number:04d}.mcap" for number in range(4)]
    recording = read_recording(tmp_path / "run", EVENT_TYPES)
    for index, (back, was) in enumerate(zip(recording, records, strict=True)):
        assert_same(back, was, index)
    assert (recording.truncated, recording.inexact_because, recording.share_read) == (False, "", 1.0)
    assert is_recording(tmp_path / "run") and not is_recording(tmp_path)


def test_a_file_from_the_middle_of_a_run_says_that_its_beginning_is_missing(tmp_path: Path) -> None:
    recorded(tmp_path / "run", spread(80, 200.0)).close()
    recording = read_recording(tmp_path / "run" / "run-0001.mcap", EVENT_TYPES)
    found = list(recording)
    assert found[0].index > 20
    assert f"{found[0].index} steps before step" in recording.inexact_because


def test_a_file_of_another_run_is_refused_by_name(tmp_path: Path) -> None:
    recorded(tmp_path / "run", spread(8, 10.0)).close()
    other = McapRecorder(
        tmp_path / "run" / "zz.mcap", replace_start(200.0), CAMERAS, config=MINUTE, synchronous=True
    )
    other.close()
    with pytest.raises(RecordingError, match=r"zz\.mcap: of another run than run-0000\.mcap; move it away"):
        list(read_recording(tmp_path / "run", EVENT_TYPES))


def replace_start(t: float) -> Any:
    import msgspec

    return msgspec.structs.replace(HEADER, t_start=t)


def test_a_power_cut_costs_no_more_than_the_last_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a file held when it was last synced is what a power cut leaves of it."""
    on_disk: dict[str, bytes] = {}
    written: list[float] = []
    lost: list[float] = []

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path.is_file():
            on_disk[path.name] = path.read_bytes()

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(threading.Thread, "start", lambda thread: None)
    recorder = McapRecorder(
        tmp_path / "run", HEADER, CAMERAS, config=RecordingConfig(roll_s=5, keep_free_gib=0)
    )
    for record in spread(240, 12.0):
        recorder._write(record, len(written))
        written.append(record.now)
        after = tmp_path / "after"
        after.mkdir(exist_ok=True)
        for name, data in on_disk.items():
            (after / name).write_bytes(data)
        found = list(read_recording(after, EVENT_TYPES)) if on_disk else []
        lost.append(record.now - (found[-1].now if found else HEADER.t_start))
    recorder._run.close(0)
    assert max(lost) <= 1.0
    assert len(on_disk) == 3


def test_a_full_disk_makes_a_gap_that_is_told_and_recording_goes_on_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 10.0 * GIB
    monkeypatch.setattr(recording_run, "free_bytes", lambda folder: free)
    monkeypatch.setattr(recording_store, "free_bytes", lambda folder: free)
    records = spread(600, 60.0)
    recorder = McapRecorder(
        tmp_path / "run", HEADER, CAMERAS, config=RecordingConfig(keep_free_gib=2.0), synchronous=True
    )
    problems = []
    for record in records:
        free = (1.5 if 120.0 <= record.now < 140.0 else 10.0) * GIB
        recorder.record_step(record)
        problems.append(recorder.problem)
    recorder.close()
    assert "1.5 GiB free on its disk, recording.keep_free_gib = 2; free disk space" in problems[210]
    assert problems[190] == problems[-1] == ""
    recording = read_recording(tmp_path / "run", EVENT_TYPES)
    found = list(recording)
    assert len(records) - len(found) == pytest.approx(recorder.dropped_steps, abs=1)
    assert 200 <= recorder.dropped_steps <= 310
    assert "steps before step" in recording.inexact_because
    for back in found:
        assert_same(back, records[back.index], back.index)


def test_a_disk_that_is_full_at_the_start_does_not_keep_the_robot_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_run, "free_bytes", lambda folder: 0)
    recorder = recorded(tmp_path / "run", steps(5), RecordingConfig(keep_free_gib=1.0))
    recorder.close()
    assert "0.0 GiB free" in recorder.problem
    assert recorder.dropped_steps == 5


def test_a_folder_that_cannot_be_made_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="name a folder that can be written"):
        McapRecorder(tmp_path / "file" / "run", HEADER, CAMERAS, synchronous=True)


def test_a_disk_that_hangs_neither_blocks_the_loop_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "QUEUE_STEPS", 4)
    monkeypatch.setattr(recorder_module, "CLOSE_S", 0.05)
    release = threading.Event()
    monkeypatch.setattr(
        "robot.recording_run.RunWriter.write", lambda self, record, index: release.wait(20.0) and None
    )
    recorder = McapRecorder(tmp_path / "run", HEADER, CAMERAS, config=MINUTE)
    for i in range(30):
        recorder.record_step(step(i))
    recorder.close()
    assert recorder.dropped_steps >= 20
    assert "the disk is too slow" in recorder.problem
    release.set()
    assert recorder._thread is not None
    recorder._thread.join(20.0)
    recorder._run.close(0)
