"""The house as the pages need it: from the house file, or the one row that the robot works where there is none."""

from __future__ import annotations

import threading
from pathlib import Path

from robot.config import ConfigError
from robot.dashboard.ledger_reader import LedgerUnreadError, reading
from robot.dashboard.pages_models import ForecastLine
from robot.dashboard.row_passes import Pass
from robot.ledger import LedgerError
from robot.mission.day import Visits, dues_of
from robot.mission.due import HOUR_S, Due, LastVisit, Window
from robot.mission.house import DockConfig, HeadlandConfig, HouseConfig, RowConfig, load_house
from robot.mission.house_map import House, lay_out
from robot.mission.visits import WORKED_SHARE, read_visits
from robot.read_only import has_table
from vision.types import Side

_LAST_FORECAST = "SELECT told, came FROM forecast WHERE came IS NOT NULL ORDER BY made DESC LIMIT 1"


class HouseShelf:
    """Keeps the house laid out, and reads its file anew when it changes. Any thread may ask."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._house: House | None = None

    @property
    def has_file(self) -> bool:
        """Whether a house file was named."""
        return self._path is not None

    def house(self, row: str, length: float) -> House:
        """Return the house; without a file, a house of `row` alone. Raises ConfigError in one line."""
        if self._path is None:
            return house_of_one(row, length)
        with self._lock:
            try:
                found = self._path.stat()
            except OSError as error:
                raise ConfigError(
                    f"{self._path}: cannot be read ({error.strerror}); name a house file"
                ) from error
            stamp = (found.st_mtime_ns, found.st_size)
            if self._house is None or stamp != self._stamp:
                self._house = lay_out(load_house(self._path), str(self._path))
                self._stamp = stamp
            return self._house


def house_of_one(row: str, length: float) -> House:
    """Return a house with one row, for a robot that was told of no house."""
    path = HeadlandConfig(name="path", end=(3.2, 0.0))
    only = RowConfig(name=row, headland="path", at=1.6, length=length)
    dock = DockConfig(name="dock", headland="path", at=0.0)
    return lay_out(HouseConfig(name=row, headlands=(path,), rows=(only,), docks=(dock,)))


def visits_of(ledger: Path, house: House) -> Visits:
    """Return the last visits; a ledger that is missing, or of another house, tells of none."""
    if not ledger.is_file():
        return {}
    try:
        return read_visits([ledger], house)
    except LedgerError:
        return {}


def last_forecast(ledger: Path) -> ForecastLine | None:
    """Return the newest forecast of a day's end that can be held against what came, or None."""
    try:
        with reading(ledger) as db:
            if not has_table(db, "forecast"):
                return None
            found = db.execute(_LAST_FORECAST).fetchone()
    except LedgerUnreadError:
        return None
    return None if found is None else ForecastLine(told=found[0], came=found[1])


def dues_by_side(house: House, visits: Visits, window: Window) -> dict[tuple[str, Side], Due]:
    """Return what each row-side asks of the window."""
    return {
        (row.name, due.side): due
        for row in house.rows.values()
        if not row.no_go
        for due in dues_of(row, house, visits, window)
    }


def state_of(house: House, row: str, due: Due | None, last: LastVisit, one: Pass | None, now: float) -> str:
    """Return how a row-side stands at wall time `now`: no_entry, late, must, due, broken_off or treated."""
    config = house.config.due
    if house.rows[row].no_go:
        return "no_entry"
    if last.wall is None:
        return (
            "broken_off" if one is not None and one.end_m < WORKED_SHARE * house.rows[row].length else "due"
        )
    if now < last.wall + config.rest_h * HOUR_S:
        return "treated"
    if now > last.wall + config.deadline_h * HOUR_S:
        return "late"
    return "must" if due is not None and due.must else "due"
