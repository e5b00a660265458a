"""Two recorded runs are replayed and must decide what is checked in; a change that is meant is taken on by option."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest

from robot.recording_format import RecordingError
from sim.replay_setting import ReplayError
from tests.replay.reference_runs import FOLDER, SETTINGS, decided, file_of, record

HOW = "if that is meant: pytest tests/replay --update-refs, and read the difference in git"


def expected_file(name: str) -> Path:
    return FOLDER / f"{name}.decisions.txt"


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_reference_run_decides_what_is_checked_in(name: str, update_refs: bool) -> None:
    if update_refs:
        take_on(name)
    expected = expected_file(name).read_text(encoding="utf-8").splitlines()
    try:
        found = decided(name)
    except (RecordingError, ReplayError) as error:
        pytest.fail(f"{error}; {HOW}")
    difference = list(unified_diff(expected, found, "checked in", "decided now", lineterm="", n=1))
    assert not difference, "\n".join([HOW, *difference[:60]])
    assert sum(" pulse " in line for line in found) >= 2
    assert sum("left: " in line or "passed: " in line for line in found) >= 4


def take_on(name: str) -> None:
    """Write this version's decisions; drive the run anew when this version cannot read the old recording."""
    try:
        lines = decided(name)
    except (RecordingError, ReplayError):
        record(name)
        lines = decided(name)
    expected_file(name).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_reference_run_is_small(name: str) -> None:
    assert file_of(name).stat().st_size < 1_000_000
