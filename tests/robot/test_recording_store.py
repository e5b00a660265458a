"""The folder of recordings: quota by age, size and free space; what is marked or being written stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.recording_format import RecordingError
from robot.recording_store import (
    DAY_S,
    GIB,
    RecordingConfig,
    Stored,
    lock,
    make_room,
    mark,
    mark_of,
    stored_in,
    to_remove,
    unmark,
)

NO_LIMIT = RecordingConfig(max_gib=0, max_age_days=0, keep_free_gib=0)


def made(folder: Path, name: str, parts: int, changed: float, kib: int = 1) -> Path:
    run = folder / name
    run.mkdir(parents=True)
    for number in range(parts):
        file = run / f"{name}-{number:04d}.mcap"
        file.write_bytes(bytes(1024 * kib))
        os.utime(file, (changed + number, changed + number))
    return run


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_age_takes_what_is_old_and_leaves_what_is_marked(tmp_path: Path) -> None:
    for day in range(5):
        made(tmp_path, f"day{day}", 2, day * DAY_S)
    mark(tmp_path / "day0", "the leak")
    config = NO_LIMIT.model_copy(update={"max_age_days": 2.0})
    gone = make_room(tmp_path, config, 4.5 * DAY_S)
    assert [(one.recording.name, one.size) for one in gone] == [("day1", 2048), ("day2", 2048)]
    assert "4 days old" in gone[0].why or "3 days old" in gone[0].why
    assert names(tmp_path) == {"day0", "day3", "day4"}
    assert mark_of(tmp_path / "day0") == "the leak"


def test_size_counts_only_what_nobody_marked_and_takes_the_oldest_first(tmp_path: Path) -> None:
    for day in range(4):
        made(tmp_path, f"day{day}", 1, day * DAY_S, kib=100)
    mark(tmp_path / "day1", "")
    config = NO_LIMIT.model_copy(update={"max_gib": 200 * 1024 / GIB})
    assert [one.recording.name for one in make_room(tmp_path, config, 0.0)] == ["day0"]
    assert make_room(tmp_path, config, 0.0) == []


def test_a_long_run_gives_its_own_oldest_files_last_and_never_the_two_newest(tmp_path: Path) -> None:
    made(tmp_path, "old", 1, 0.0, kib=10)
    own = made(tmp_path, "own", 6, DAY_S, kib=10)
    handle = lock(own)
    assert handle is not None
    config = NO_LIMIT.model_copy(update={"max_gib": 1 / GIB})
    gone = make_room(tmp_path, config, DAY_S, own)
    assert [one.recording.name for one in gone] == ["old", "own", "own", "own", "own"]
    assert names(own) == {"own-0004.mcap", "own-0005.mcap"}
    assert make_room(tmp_path, config, DAY_S) == []  # another process leaves a run that is being written
    os.close(handle)
    assert len(make_room(tmp_path, config, DAY_S)) == 1
    assert names(tmp_path) == set()


def test_files_that_are_not_ours_stay(tmp_path: Path) -> None:
    run = made(tmp_path, "run", 1, 0.0)
    (run / "notes.txt").write_text("mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "picture.jpg").touch()
    make_room(tmp_path, NO_LIMIT.model_copy(update={"max_age_days": 1.0}), 9 * DAY_S)
    assert names(tmp_path) == {"run", "other"}
    assert names(run) == {"notes.txt"}


def test_a_single_file_can_be_marked_too(tmp_path: Path) -> None:
    file = tmp_path / "row.mcap"
    file.write_bytes(b"x")
    mark(file, "shows the bug")
    (found,) = stored_in(tmp_path)
    assert (found.path, found.mark, found.size) == (file, "shows the bug", 1)
    assert unmark(file) and not unmark(file)
    assert mark_of(file) is None


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none: No such file.*name the folder"):
        stored_in(tmp_path / "none")


RUNS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 8), st.booleans(), st.booleans(), st.integers(1, 5)),
    max_size=8,
)


@given(RUNS, st.floats(0, 20), st.floats(0, 30), st.floats(0, 20), st.floats(0, 30))
def test_the_quota_holds_or_nothing_more_may_go_and_no_mark_is_touched(
    runs: list[tuple[int, int, bool, bool, int]], gib: float, days: float, keep: float, free: float
) -> None:
    config = RecordingConfig(max_gib=gib, max_age_days=days, keep_free_gib=keep)
    runs.sort()
    found = [
        Stored(
            Path(f"r{n}"),
            tuple(Path(f"r{n}/{i}.mcap") for i in range(parts)),
            int(size * GIB),
            day * DAY_S,
            "kept" if marked else None,
            in_use,
        )
        for n, (day, size, marked, in_use, parts) in enumerate(runs)
    ]
    gone = to_remove(found, config, 40 * DAY_S, int(free * GIB))
    by_path = {one.path: one for one in found}
    assert len({one.recording for one in gone}) == len(gone)
    assert all(by_path[one.recording].mark is None for one in gone)
    assert not any(by_path[one.recording].in_use for one in gone)
    taken = {one.recording for one in gone}
    left = [one for one in found if one.path not in taken and one.mark is None and not one.in_use]
    if left:  # then every limit holds
        loose = sum(one.size for one in found if one.mark is None and one.path not in taken)
        assert not gib or loose <= gib * GIB
        assert not days or all(40 - one.changed / DAY_S <= days for one in left)
        assert free * GIB + sum(one.size for one in gone) >= keep * GIB - 1
