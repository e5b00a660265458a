"""What people counted in the crop: flowers, fruits set of them, and the truss in bloom; kept in the accounts file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from robot.dashboard.store import Row, Store

MOST_LINES = 20_000

_ADD = "INSERT INTO crop_count (day, row, flowers, fruits, truss, who, wall) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ALL = """
SELECT id, day, row, flowers, fruits, truss, who FROM crop_count WHERE day >= ? ORDER BY day, id LIMIT ?
"""
_REMOVE = "DELETE FROM crop_count WHERE id = ? RETURNING day, row"


@dataclass(frozen=True, slots=True)
class Count:
    """One row on one day: `fruits` of `flowers` looked at had set; `truss` is the number of the truss in bloom."""

    id: int
    day: date
    row: str
    flowers: int
    fruits: int
    truss: float | None
    who: str


class Counts:
    """The counts; any thread may ask. All raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, count: Count, wall: float) -> None:
        """Keep one; its id is given here."""
        values = (count.day.isoformat(), count.row, count.flowers, count.fruits, count.truss, count.who, wall)
        with self._store.change() as db:
            db.execute(_ADD, values)

    def remove(self, number: int) -> str:
        """Take one back and return which it was, or an empty text when there is none."""
        with self._store.change() as db:
            gone = db.execute(_REMOVE, (number,)).fetchall()
        return f"{gone[0][1]} {gone[0][0]}" if gone else ""

    def since(self, day: date) -> list[Count]:
        """Return those of `day` and later, oldest first."""
        return list(_read(self._store.read(_ALL, (day.isoformat(), MOST_LINES))))


def _read(rows: list[Row]) -> Iterator[Count]:
    for number, day, row, flowers, fruits, truss, who in rows:
        yield Count(number, date.fromisoformat(day), row, flowers, fruits, truss, who)
