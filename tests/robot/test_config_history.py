"""Machine files over time: nothing is lost, nothing is half written, and a change is told key by key."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from robot.config import DEMO_MACHINE, ConfigError, load_config
from robot.config_history import Difference, differences, folder_of, keep, unit_of, versions, write

WALL = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def test_files_are_numbered_and_the_same_one_is_kept_once(tmp_path: Path) -> None:
    machine = tmp_path / "machine.toml"
    for text in ("a = 1\n", "a = 1\n", "a = 2\n", "a = 1\n"):
        keep(machine, text, "Ana / farm", WALL)
    kept = versions(machine)
    assert [(one.number, one.by, one.path.read_text()) for one in kept] == [
        (1, "Ana---farm", "a = 1\n"),
        (2, "Ana---farm", "a = 2\n"),
        (3, "Ana---farm", "a = 1\n"),
    ]
    assert kept[0].when == "20260601T100000Z"
    assert folder_of(machine) == tmp_path / "machine.history"


def test_what_is_no_version_in_the_folder_is_passed_over(tmp_path: Path) -> None:
    machine = tmp_path / "m.toml"
    keep(machine, "x", "a", WALL)
    (folder_of(machine) / "notes.txt").write_text("mine")
    assert [one.number for one in versions(machine)] == [1]
    assert versions(tmp_path / "other.toml") == []


def test_a_file_is_replaced_as_a_whole_with_its_mode(tmp_path: Path) -> None:
    machine = tmp_path / "machine.toml"
    machine.write_text("old")
    machine.chmod(0o640)
    write(machine, "new", like=machine)
    assert machine.read_text() == "new"
    assert machine.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["machine.toml"]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.history").write_text("a file, not a folder")
    with pytest.raises(ConfigError, match=r"m\.history: .* check the disk"):
        keep(tmp_path / "m.toml", "x", "a", WALL)
    with pytest.raises(ConfigError, match="check the disk"):
        write(tmp_path / "none" / "m.toml", "x", like=tmp_path / "none" / "m.toml")


def test_changes_are_told_by_dotted_key() -> None:
    old = load_config(DEMO_MACHINE)
    new = load_config(DEMO_MACHINE, {"row.length": 33.0, "alerts.webhook.url": "http://h/"})
    told = {one.key: one for one in differences(old, new)}
    assert told["row.length"] == Difference("row.length", 20.0, 33.0)
    assert told["alerts.webhook.url"].new == "http://h/"
    assert not [key for key in told if key.startswith("cameras")]
    assert differences(old, old) == []


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("row.length", ""),
        ("dashboard.port", "bombus-dashboard"),
        ("dashboard.group", ""),
        ("alerts.least", "bombus-alerts"),
        ("cameras.0.h", ""),
    ],
)
def test_what_another_service_reads_needs_its_restart(key: str, unit: str) -> None:
    assert unit_of(key) == unit
