"""What people read on a terminal, in a log and in a pipe."""

import io
import sys

import pytest
from rich.console import Console

from bombus.output import FILE_COLUMNS, console_for_people, note_for_caller, share_bar
from bombus.plan_table import table_of
from robot.share_told import TELL_SHARE

LINE = {
    "rows": 600,
    "robots": 30,
    "method": "boustrophedon",
    "value": 847_123,
    "bound": 850_456,
    "ratio": 0.9876,
    "must_missed": 373,
    "proved_least": 351,
    "faults": 0,
    "seconds": 5.01,
    "cpu_s": 4.23,
}


def test_a_log_gets_lines_that_no_table_outgrows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert console_for_people().width == FILE_COLUMNS


def test_whoever_names_a_width_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert console_for_people().width == 72


def test_the_table_of_plans_fits_eighty_columns_and_loses_no_digit() -> None:
    page = io.StringIO()
    Console(file=page, width=80).print(table_of("seed 1", [LINE]))
    for cell in ("boustrophedon", "847,123", "850,456", "0.9876", "373", "351", "5.01", "4.23"):
        assert cell in page.getvalue()


def test_a_program_that_asked_for_it_reads_how_far_a_command_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(TELL_SHARE, "1")
    with share_bar("replaying") as progress:
        for thousandth in (0, 1, 4, 15, 14, 500, 502, 2000):
            progress(thousandth / 1000)
    note_for_caller("detector: ok")
    told = capsys.readouterr()
    assert told.err.splitlines() == ["share 0.00", "share 0.01", "share 0.50", "share 1.00", "detector: ok"]
    assert told.out == ""


def test_nobody_else_reads_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(TELL_SHARE, raising=False)
    with share_bar("replaying") as progress:
        progress(0.5)
    note_for_caller("detector: ok")
    assert "share" not in capsys.readouterr().err
