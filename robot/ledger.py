"""What was meant to be fired and what became of it, on disk before anyone is told; the loop writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from robot import ledger_schema as sql
from robot.disk import why_full
from robot.types import Place, PlannedPulse
from vision.types import SIDES, Side


class LedgerError(Exception):
    """The ledger cannot be used; the text names the file, the cause and the remedy."""


class PulseState(StrEnum):
    """What became of a pulse."""

    DONE = "done"
    CUT_SHORT = "cut_short"
    NOT_FIRED = "not_fired"
    REFUSED = "refused"
    MAYBE_FIRED = "maybe_fired"


NO_AIR = frozenset({PulseState.NOT_FIRED, PulseState.REFUSED})
"""Outcomes after which the flower has had nothing."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of one pulse; times are of this process's monotonic clock."""

    pulse_id: int
    state: PulseState
    reason: str = ""
    openings: int = 0
    opened_at: float | None = None
    closed_at: float | None = None
    position_ticks: int | None = None


@dataclass(frozen=True, slots=True)
class FinalFlower:
    """A flower that the nozzles have passed, and why it was not treated ('treated' when it was)."""

    side: Side
    flower_id: int
    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class TreatedPlace:
    """A place that got air, or may have, `age_s` seconds ago by the wall clock (never negative)."""

    side: Side
    place: Place
    pulse_id: int
    age_s: float


@dataclass(frozen=True, slots=True)
class LastSession:
    """How the last session knew its place: valid while the MCU has not restarted since."""

    row: str
    boot_id: int | None
    origin_s: float | None
    ended: bool = True
    """Whether the program came to write down its end."""


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit of the mission, or one stay at the dock (`row` ''); wall times in POSIX seconds."""

    id: int
    row: str
    sides: tuple[Side, ...]
    begun: float
    turned: float | None
    ended: float | None
    outcome: str


class Ledger:
    """SQLite in WAL mode, every commit on disk before it returns. Wall times are POSIX seconds."""

    def __init__(self, path: Path | str) -> None:
        """Open or create the ledger; raises LedgerError when it is damaged, newer, or cannot be written."""
        self._path = str(path)
        try:
            if self._path != ":memory:":
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, isolation_level=None, timeout=2.0)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._check_and_create()
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"ledger {self._path}: {error}; {self._remedy(', or move the file away to begin a new one')}"
            ) from error
        self._session = 0

    def try_to_write(self) -> None:
        """Raise LedgerError when the disk takes nothing: opening an existing file does not show it."""
        with self._transaction() as db:
            db.execute(f"PRAGMA user_version = {sql.SCHEMA_VERSION}")

    def begin(self, row: str, wall: float) -> int:
        """Open a session; pulses without an outcome from before become maybe-fired. Returns how many."""
        with self._transaction() as db:
            unresolved = db.execute(sql.GIVE_UP_UNRESOLVED, (wall,)).rowcount
            cursor = db.execute(sql.BEGIN_SESSION, (row, wall, wall))
            self._session = int(cursor.lastrowid or 0)
        return int(unresolved)

    def last_session(self) -> LastSession | None:
        """Return how the session before this one knew its place, or None."""
        found = self._query(sql.LAST_SESSION, (self._session,))
        if not found:
            return None
        row, boot_id, origin_s, ended = found[0]
        return LastSession(row, boot_id, origin_s, bool(ended))

    def note_place(
        self, boot_id: int | None, origin_s: float | None, max_s: float | None, wall: float
    ) -> None:
        """Keep how this session knows its place, and how far the row has been worked."""
        with self._transaction() as db:
            db.execute(sql.KEEP_PLACE, (wall, boot_id, origin_s, self._session))
            if max_s is not None:
                db.execute(sql.KEEP_PROGRESS, (max_s, wall, self._session))

    def set_row(self, row: str, wall: float) -> None:
        """End the session and begin the next one in `row`, so that each session's flowers are one row's."""
        with self._transaction() as db:
            db.execute("UPDATE session SET ended = ?, seen = ? WHERE id = ?", (wall, wall, self._session))
            cursor = db.execute(sql.BEGIN_SESSION, (row, wall, wall))
            self._session = int(cursor.lastrowid or 0)

    def intend(self, pulses: Sequence[PlannedPulse], row: str, t: float, wall: float) -> None:
        """Write that these pulses are about to be sent, in one commit."""
        with self._transaction() as db:
            db.executemany(sql.INTEND, [self._intent(pulse, row, t, wall) for pulse in pulses])
            flowers = (
                (pulse.pulse_id, flower, *place)
                for pulse in pulses
                for flower, place in zip(pulse.flower_ids, pulse.places, strict=True)
            )
            db.executemany(sql.INTEND_FLOWER, list(flowers))

    def settle(self, outcomes: Sequence[Settled], wall: float) -> None:
        """Write what became of pulses, in one commit; a measured outcome replaces a 'maybe'."""
        with self._transaction() as db:
            db.executemany(sql.SETTLE, [(*_values(outcome), wall) for outcome in outcomes])

    def finish_flowers(self, flowers: Sequence[FinalFlower], wall: float) -> None:
        """Write the last word on flowers that were passed, in one commit."""
        with self._transaction() as db:
            rows = [(self._session, f.side, f.flower_id, *f.place, f.reason, wall) for f in flowers]
            db.executemany(sql.FINISH_FLOWER, rows)

    def note(self, kind: str, text: str, who: str, t: float, wall: float) -> None:
        """Write one line of the journal: a mode change, a command, a fault."""
        with self._transaction() as db:
            db.execute(sql.NOTE, (wall, t, kind, text, who))

    def begin_visit(self, row: str, sides: Sequence[Side], wall: float) -> int:
        """Write that the mission begins a row, or a stay at the dock (row ''); returns the visit's id."""
        with self._transaction() as db:
            return int(db.execute(sql.BEGIN_VISIT, (row, " ".join(sides), wall)).lastrowid or 0)

    def turn_visit(self, visit: int, wall: float) -> None:
        """Write that the way back of a visit begins."""
        with self._transaction() as db:
            db.execute(sql.TURN_VISIT, (wall, visit))

    def end_visit(self, visit: int, outcome: str, wall: float) -> None:
        """Write how a visit ended: done, broken_off, blocked, swap or disinfect."""
        with self._transaction() as db:
            db.execute(sql.END_VISIT, (wall, outcome, visit))

    def visits(self, since: float) -> list[VisitLine]:
        """Return the visits begun since wall time `since`, oldest first."""
        return [
            VisitLine(number, row, tuple(side for side in SIDES if side in sides.split()), *rest)
            for number, row, sides, *rest in self._query(sql.VISITS, (since,))
        ]

    def clock_offset(self, boot: str) -> float | None:
        """Return wall minus monotonic time as trusted in this boot of the computer, or None."""
        found = self._query("SELECT shift FROM clock WHERE boot = ?", (boot,))
        return float(found[0][0]) if found else None

    def last_seen(self) -> float | None:
        """Return the latest wall time at which a session was alive, or None."""
        found = self._query("SELECT max(seen) FROM session")
        return None if found[0][0] is None else float(found[0][0])

    def keep_clock(self, boot: str, offset: float, shift: float) -> None:
        """Keep how this boot's wall time is trusted, and move the stamps it has written by `shift` s."""
        with self._transaction() as db:
            db.execute(sql.KEEP_CLOCK, (boot, offset))
            if shift:
                db.execute(sql.MOVE_STAMPS, (shift, boot))

    def last_pulse_id(self) -> int:
        """Return the highest pulse id ever meant, or 0."""
        return int(self._query("SELECT coalesce(max(pulse_id), 0) FROM intent")[0][0])

    def maybe_fired(self, since: float) -> list[int]:
        """Return the ids of pulses since wall time `since` whose outcome nobody saw, to ask the MCU about."""
        found = self._query(sql.MAYBE_FIRED, (since,))
        return [int(row[0]) for row in found]

    def treated_places(self, row: str, since: float, wall: float) -> list[TreatedPlace]:
        """Return the places of `row` that got air, or may have, since wall time `since`, oldest first.

        A wall clock that went back makes ages smaller, never negative: then we rather wait too long.
        """
        found = self._query(sql.TREATED_PLACES, (row, since))
        return [
            TreatedPlace(side, (s, h, d), pulse_id, max(0.0, wall - then))
            for side, s, h, d, pulse_id, then in found
        ]

    def progress(self, row: str) -> float | None:
        """Return the farthest s (m) worked in `row`, or None."""
        found = self._query("SELECT max_s FROM progress WHERE row = ?", (row,))
        return float(found[0][0]) if found else None

    def close(self, wall: float) -> None:
        """End the session; a ledger that cannot be written any more is left as it is."""
        try:
            with self._transaction() as db:
                db.execute("UPDATE session SET ended = ?, seen = ? WHERE id = ?", (wall, wall, self._session))
        except LedgerError:
            return
        finally:
            self._db.close()

    def _check_and_create(self) -> None:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > sql.SCHEMA_VERSION:
            raise LedgerError(
                f"ledger {self._path}: written by a newer Bombus (schema {version}, "
                f"this one reads {sql.SCHEMA_VERSION}); update Bombus, or name another ledger file"
            )
        verdict = str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])
        if verdict != "ok":
            raise LedgerError(f"ledger {self._path}: damaged ({verdict}); move it away and begin a new one")
        if version == 0:
            self._db.executescript(f"BEGIN;{sql.SCHEMA}PRAGMA user_version = {sql.SCHEMA_VERSION};COMMIT;")
        self._db.executescript(sql.MISSION_SCHEMA + sql.CLOCK_SCHEMA)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except (sqlite3.Error, OverflowError) as error:
            raise LedgerError(
                f"ledger {self._path}: cannot be written ({error}); {self._remedy()}"
            ) from error
        finally:
            if self._db.in_transaction:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")

    def _remedy(self, otherwise: str = "") -> str:
        full = "" if self._path == ":memory:" else why_full(Path(self._path))
        return f"{full}; free some" if full else f"check the disk and its free space{otherwise}"

    def _intent(self, p: PlannedPulse, row: str, t: float, wall: float) -> tuple[object, ...]:
        where = (p.pulse_id, self._session, row, p.side, p.nozzle, p.trigger_ticks, p.direction)
        return (*where, p.train.on_us, p.train.period_us, p.train.count, *p.aim, wall, t)

    def _query(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise LedgerError(f"ledger {self._path}: cannot be read ({error}); check the disk") from error


def _values(o: Settled) -> tuple[object, ...]:
    return (o.pulse_id, o.state, o.reason, o.openings, o.opened_at, o.closed_at, o.position_ticks)
