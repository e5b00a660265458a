"""What a day's first plan foretold stands in the ledger beside what came; a restart changes neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from robot.ledger import Ledger
from robot.mission.diary import Diary

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def forecasts(ledger: Ledger) -> list[tuple[float, float, float | None]]:
    return [
        (made - NOON.timestamp(), told - NOON.timestamp(), None if came is None else came - NOON.timestamp())
        for made, told, came in ledger._query("SELECT made, told, came FROM forecast ORDER BY made")
    ]


def agenda(ends: float | None, error: float | None = None) -> Any:
    return SimpleNamespace(house_ends=ends, house_error_s=error)


def test_the_first_forecast_of_a_day_and_what_came_are_kept() -> None:
    ledger = Ledger(":memory:")
    diary = Diary(ledger, NOON)
    diary.compare(agenda(None), 10.0, NOON)
    assert forecasts(ledger) == []
    for later in (0.0, 5.0):
        diary.compare(agenda(3610.0), 10.0 + later, NOON + timedelta(seconds=later))
    assert forecasts(ledger) == [(0.0, 3600.0, None)]
    diary.compare(agenda(None, 360.0), 3970.0, NOON + timedelta(seconds=3960))
    assert forecasts(ledger) == [(0.0, 3600.0, 3960.0)]


def test_a_program_that_starts_again_keeps_the_days_first_forecast() -> None:
    ledger = Ledger(":memory:")
    Diary(ledger, NOON).compare(agenda(3610.0), 10.0, NOON)
    again, then = Diary(ledger, NOON), NOON + timedelta(seconds=1800)
    again.compare(agenda(9000.0), 5.0, then)
    assert forecasts(ledger) == [(0.0, 3600.0, None)]
    again.compare(agenda(None, 1.0), 2000.0, then + timedelta(seconds=1800))
    assert forecasts(ledger) == [(0.0, 3600.0, 3600.0)]


def test_each_day_has_its_own_and_one_that_was_ended_early_has_no_end() -> None:
    ledger = Ledger(":memory:")
    diary, morrow = Diary(ledger, NOON), NOON + timedelta(days=1)
    diary.compare(agenda(3610.0), 10.0, NOON)
    diary.compare(agenda(None), 20.0, morrow)
    diary.compare(agenda(100.0), 40.0, morrow)
    diary.compare(agenda(None, 2.0), 102.0, morrow + timedelta(seconds=62))
    assert forecasts(ledger) == [(0.0, 3600.0, None), (86400.0, 86460.0, 86462.0)]


def test_a_ledger_that_fails_is_told_and_the_day_goes_on() -> None:
    ledger = Ledger(":memory:")
    ledger._db.execute("ALTER TABLE forecast RENAME TO gone")
    diary = Diary(ledger, NOON)
    diary.compare(agenda(3610.0), 10.0, NOON)
    assert "forecast" in diary.problem
