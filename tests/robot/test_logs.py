"""Log lines: key=value for people; with journald's own level at the front where it listens."""

import os
from pathlib import Path

import pytest
import structlog

from robot.logs import set_up_logs


def test_people_read_the_sentence_and_its_values(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as out:
        set_up_logs(out)
        structlog.get_logger().warning("not sent", channel="mail", tries=2)
    line = (tmp_path / "log").read_text()
    assert "not sent" in line
    assert "channel=mail" in line
    assert "<4>" not in line


def test_journald_gets_a_level_on_every_line_and_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "log").open("w") as out:
        found = os.fstat(out.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        set_up_logs(out)
        structlog.get_logger().info("sent", channel="mail", why="two words")
        structlog.get_logger().debug("too fine")
        try:
            raise ZeroDivisionError("of\nhere")
        except ZeroDivisionError:
            structlog.get_logger().exception("broken")
    first, second, *trace = (tmp_path / "log").read_text().splitlines()
    assert first == "<6>sent channel=mail why='two words'"
    assert second == "<3>broken"
    assert trace
    assert all(line.startswith("<3>") for line in trace)


def test_a_journal_that_is_another_stream_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    with (tmp_path / "log").open("w") as out:
        set_up_logs(out)
        structlog.get_logger().info("sent")
    assert not (tmp_path / "log").read_text().startswith("<")
