"""Files written anew: a cut-off one becomes whole for every reader, parts become one, a window stays readable."""

from __future__ import annotations

from pathlib import Path

import pytest
from mcap.reader import make_reader

from robot.recorder import McapRecorder
from robot.recording_format import RecordingError
from robot.recording_reader import read_recording
from robot.recording_rewrite import join, recover
from robot.recording_store import RecordingConfig, lock
from tests.robot.recorded_steps import CAMERAS, EVENT_TYPES, HEADER, assert_same, steps, write

RECORDS = steps(60)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of three files, 0.6 s long, of which none is damaged."""
    config = RecordingConfig.model_construct(roll_s=0.25, keep_free_gib=0.0)
    recorder = McapRecorder(tmp_path / "run", HEADER, CAMERAS, config=config, synchronous=True)
    for record in RECORDS:
        recorder.record_step(record)
    recorder.close()
    assert len(list((tmp_path / "run").iterdir())) == 3
    return tmp_path / "run"


def topics_of(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [channel.topic for _, channel, _ in make_reader(file, validate_crcs=True).iter_messages()]


def test_a_cut_off_file_is_made_whole_in_its_place(run: Path) -> None:
    last = run / "run-0002.mcap"
    last.write_bytes(last.read_bytes()[:-9000])
    before = list(read_recording(run, EVENT_TYPES))
    done = recover(run)
    assert [one.state for one in done] == ["whole", "whole", "recovered"]
    assert done[2].was == "the end of the file is missing"
    assert sorted(path.name for path in run.iterdir()) == [f"run-000{i}.mcap" for i in range(3)]
    recording = read_recording(run, EVENT_TYPES)
    after = list(recording)
    assert not recording.truncated
    assert [one.index for one in after] == [one.index for one in before]
    for step in after:
        assert_same(step, RECORDS[step.index], step.index)
    assert topics_of(last).count("/bombus/inputs") == len(after) - 50
    assert {one.state for one in recover(run)} == {"whole"}


def test_a_damaged_file_keeps_its_original_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap", steps(600))
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write_bytes(data)
    (done,) = recover(path)
    assert done.kept_as == "a.mcap.damaged"
    assert (tmp_path / "a.mcap.damaged").read_bytes() == data
    assert topics_of(path).count("/bombus/inputs") == len(list(read_recording(path, EVENT_TYPES)))


def test_a_file_without_a_header_is_set_aside(run: Path) -> None:
    (run / "run-0003.mcap").write_bytes(b"\x89MCAP0\r\n")
    done = recover(run)
    assert [one.state for one in done] == ["whole"] * 3 + ["unreadable"]
    assert (run / "run-0003.mcap.damaged").exists()


def test_a_recording_that_is_being_written_is_left_alone(run: Path) -> None:
    import os

    handle = lock(run)
    assert handle is not None
    with pytest.raises(RecordingError, match="is being written; end that run first"):
        recover(run)
    os.close(handle)


@pytest.mark.parametrize("compressed", [False, True])
def test_parts_become_one_file_that_reads_the_same(run: Path, tmp_path: Path, compressed: bool) -> None:
    out = tmp_path / "one.mcap"
    files = sorted(run.iterdir())
    count = join(files, out, compressed=compressed)
    recording = read_recording(out, EVENT_TYPES)
    for index, (step, was) in enumerate(zip(recording, RECORDS, strict=True)):
        assert_same(step, was, index)
    assert (recording.truncated, recording.inexact_because) == (False, "")
    topics = topics_of(out)
    assert len(topics) == count
    assert len({topic for topic in topics if topic.startswith("/camera/left")}) == 3
    with pytest.raises(RecordingError, match="exists; name a new file"):
        join(files, out)


def test_a_window_keeps_whole_steps_and_the_lenses(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "window.mcap"
    join(sorted(run.iterdir()), out, (0.3, 0.45))
    recording = read_recording(out, EVENT_TYPES)
    found = list(recording)
    assert [step.index for step in found] == list(range(30, 46)) or [s.index for s in found] == list(
        range(30, 45)
    )
    assert "30 steps before step 30" in recording.inexact_because
    for step in found:
        assert_same(step, RECORDS[step.index], step.index)
    assert topics_of(out).count("/camera/left/calibration") >= 1
