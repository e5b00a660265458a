"""The daemon is killed while its disk is full: it starts, says so, fires nothing, and goes on once there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from robot.snapshot import Snapshot
from robot.types import CommandName, Mode
from tests.end_to_end.running import Running

pytestmark = [pytest.mark.slow, pytest.mark.realtime]

SIZE_MIB = 32


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, which only root can make."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte; the file is to be removed to make room."""
    rest = disk / "rest"
    descriptor = os.open(rest, os.O_WRONLY | os.O_CREAT)
    for size in (65_536, 4096, 1):
        try:
            while True:
                os.write(descriptor, b"x" * size)
        except OSError:
            continue
    os.close(descriptor)
    return rest


def faults(seen: Snapshot) -> dict[str, str]:
    return {fault.code: fault.text for fault in seen.faults if fault.present}


@pytest.mark.parametrize("left", ["all files of the ledger", "no -shm", "nothing"])
def test_killed_daemon_starts_on_a_full_disk_and_goes_on_once_there_is_room(
    tmp_path: Path, small_disk: Path, left: str
) -> None:
    robot = Running(tmp_path, small_disk)
    try:
        robot.wait_for(lambda seen: seen.mode is Mode.READY)
        robot.kill()
        for path in small_disk.glob("*.sqlite*"):
            if left == "nothing" or (left == "no -shm" and path.name.endswith("-shm")):
                path.unlink()
        rest = fill(small_disk)

        robot.start()
        seen = robot.wait_for(lambda seen: "ledger_failed" in faults(seen) and seen.mode is Mode.FAULT)
        said = faults(seen)["ledger_failed"]
        assert f"ledger {small_disk}/ledger.sqlite: the disk at {small_disk} (tmpfs) is full: 0.0 of" in said
        assert said.endswith("free some, for example with: bombus recordings prune")
        robot.operator.press(CommandName.START)
        robot.wait_for(lambda seen: seen.last_command is not None and seen.last_command.name == "start")
        robot.wait_for(lambda seen: seen.mode is Mode.FAULT)

        rest.unlink()
        robot.wait_for(lambda seen: seen.mode is Mode.STOPPED and "ledger_failed" not in faults(seen))
        robot.operator.press(CommandName.RELEASE)
        seen = robot.wait_for(lambda seen: seen.mode is Mode.READY)
        told = {alert.code for alert in seen.alerts}
        assert "disk_was_full" in told
        assert left == "nothing" or "ended_hard" in told
        code, lines = robot.end()
        assert code == 0
        assert "nothing is fired: ledger" in " ".join(lines.split())
    finally:
        robot.stop()
