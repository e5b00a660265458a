"""What was meant to be fired and what became of it, on disk before anyone is told; the loop writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from robot import ledger_schema as sql
from robot.ledger_file import LedgerError
from robot.ledger_mission import MissionLedger, VisitLine, WishLine
from robot.types import Place, PlannedPulse, Train
from vision.types import Side

__all__ = [
    "NO_AIR",
    "FinalFlower",
    "LastSession",
    "Ledger",
    "LedgerError",
    "PulseState",
    "Settled",
    "TreatedPlace",
    "VisitLine",
    "WishLine",
]


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


class Ledger(MissionLedger):
    """The whole ledger: sessions, pulses and flowers here, the mission's lines in `MissionLedger`."""

    def __init__(self, path: Path | str) -> None:
        """Open or create the ledger; raises LedgerError when it is damaged, newer, or cannot be written."""
        super().__init__(path)
        self._session = 0

    def begin(self, row: str, wall: float) -> int:
        """Open a session; pulses without an outcome from before become maybe-fired. Returns how many."""
        with self._transaction() as db:
            unresolved = db.execute(sql.GIVE_UP_UNRESOLVED, (wall,)).rowcount
            db.execute(sql.GIVE_UP_TESTS)
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

    def intend_test(
        self, pulse_id: int, side: Side, nozzle: int, train: Train, who: str, t: float, wall: float
    ) -> None:
        """Write that a valve is about to be tested: no flower's pulse, and never counted as one."""
        values = (pulse_id, side, nozzle, train.on_us, train.period_us, train.count, who, wall, t)
        with self._transaction() as db:
            db.execute(sql.INTEND_TEST, values)

    def note_test_air(self, pulse_id: int, before: float | None, lowest: float | None) -> None:
        """Write the pressure (kPa) before a test and the lowest during it."""
        with self._transaction() as db:
            db.execute(sql.NOTE_TEST_AIR, (before, lowest, pulse_id))

    def settle(self, outcomes: Sequence[Settled], wall: float) -> None:
        """Write what became of pulses, in one commit; a measured outcome replaces a 'maybe'."""
        with self._transaction() as db:
            db.executemany(sql.SETTLE, [(*_values(outcome), wall) for outcome in outcomes])
            db.executemany(sql.SETTLE_TEST, [_values(outcome)[:6] for outcome in outcomes])

    def finish_flowers(self, flowers: Sequence[FinalFlower], wall: float) -> None:
        """Write the last word on flowers that were passed, in one commit."""
        with self._transaction() as db:
            rows = [(self._session, f.side, f.flower_id, *f.place, f.reason, wall) for f in flowers]
            db.executemany(sql.FINISH_FLOWER, rows)

    def note(self, kind: str, text: str, who: str, t: float, wall: float) -> None:
        """Write one line of the journal: a mode change, a command, a fault."""
        with self._transaction() as db:
            db.execute(sql.NOTE, (wall, t, kind, text, who))

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
        return int(self._query(sql.LAST_PULSE_ID)[0][0])

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

    def _intent(self, p: PlannedPulse, row: str, t: float, wall: float) -> tuple[object, ...]:
        where = (p.pulse_id, self._session, row, p.side, p.nozzle, p.trigger_ticks, p.direction)
        return (*where, p.train.on_us, p.train.period_us, p.train.count, *p.aim, wall, t)


def _values(o: Settled) -> tuple[object, ...]:
    return (o.pulse_id, o.state, o.reason, o.openings, o.opened_at, o.closed_at, o.position_ticks)
