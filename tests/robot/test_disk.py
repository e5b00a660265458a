import os
from pathlib import Path

import pytest

from robot import disk
from robot.disk import MIB, why_full


def room(free_mib: float, files: int = 1000, files_free: int = 10) -> os.statvfs_result:
    """Return what a disk of 100 MiB in blocks of 4096 bytes says."""
    blocks = int(free_mib * MIB / 4096)
    return os.statvfs_result((4096, 4096, 25_600, blocks, blocks, files, files_free, files_free, 0, 255, 0))


@pytest.fixture
def disk_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    mounts = tmp_path / "mounts"
    mounts.write_text("overlay / overlay rw 0 0\n/dev/sda2 / ext4 rw 0 0\nstrange\n")
    monkeypatch.setattr(disk, "MOUNTS", mounts)
    monkeypatch.setattr(Path, "is_mount", lambda path: path == Path("/"))
    return tmp_path / "deep" / "ledger.sqlite"


def test_full_disk_is_told_with_its_place_and_free_space(
    monkeypatch: pytest.MonkeyPatch, disk_with: Path
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: room(0.5))
    assert why_full(disk_with) == "the disk at / (/dev/sda2) is full: 0.5 of 100 MiB free"


def test_disk_that_can_hold_no_more_files_is_full(monkeypatch: pytest.MonkeyPatch, disk_with: Path) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: room(50.0, files_free=0))
    assert why_full(disk_with) == "the disk at / (/dev/sda2) is full: no file can be added, 1,000 are there"


def test_disk_without_a_count_of_files_is_judged_by_its_space(
    monkeypatch: pytest.MonkeyPatch, disk_with: Path
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: room(50.0, files=0, files_free=0))
    assert why_full(disk_with) == ""
    assert "50.0 of 100 MiB free" in why_full(disk_with, least_mib=64)


def test_disk_that_says_nothing_is_not_called_full(monkeypatch: pytest.MonkeyPatch, disk_with: Path) -> None:
    def refuse(path: Path) -> os.statvfs_result:
        raise OSError("stale handle")

    monkeypatch.setattr(os, "statvfs", refuse)
    assert why_full(disk_with) == ""


def test_device_is_left_out_where_the_system_does_not_tell_it(
    monkeypatch: pytest.MonkeyPatch, disk_with: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: room(0.0))
    monkeypatch.setattr(disk, "MOUNTS", tmp_path / "none")
    assert why_full(disk_with) == "the disk at / is full: 0.0 of 100 MiB free"


def test_this_machines_disk_has_room(tmp_path: Path) -> None:
    assert why_full(tmp_path / "ledger.sqlite") == ""
