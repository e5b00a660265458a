"""The ledger as files: CSV and JSON line by line, XLSX as one workbook; times are local, of the robot."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path

from robot.dashboard.ledger_reader import reading
from robot.dashboard.row_passes import read_passes
from robot.read_only import has_table

Cell = str | int | float | datetime | None
MOST_XLSX_ROWS = 100_000
"""A workbook is made in memory; longer tables are for CSV."""

CHUNK = 500


class Table(StrEnum):
    """What can be exported."""

    PASSES = "passes"
    FLOWERS = "flowers"
    PULSES = "pulses"
    VALVE_TESTS = "valve_tests"
    JOURNAL = "journal"


_QUERIES = {
    Table.FLOWERS: "SELECT f.wall, s.row, f.side, f.session, f.flower, f.s, f.h, f.d, f.reason "
    "FROM flower f JOIN session s ON s.id = f.session WHERE f.wall >= ? ORDER BY f.wall",
    Table.PULSES: "SELECT i.wall, i.row, i.side, i.session, i.pulse_id, i.nozzle, i.aim_s, i.aim_h, i.on_us, "
    "i.openings, o.outcome, o.reason FROM intent i LEFT JOIN outcome o USING (pulse_id) WHERE i.wall >= ? "
    "ORDER BY i.pulse_id",
    Table.VALVE_TESTS: "SELECT wall, side, nozzle, pulse_id, on_us, asked, openings, outcome, reason, pressure_before, "
    "pressure_lowest, who FROM valve_test WHERE wall >= ? ORDER BY pulse_id",
    Table.JOURNAL: "SELECT wall, kind, text, who FROM journal WHERE wall >= ? ORDER BY id",
}
_HEADS = {
    Table.PASSES: ("began", "ended", "row", "side", "session", "ready", "treated", "missed", "coverage"),
    Table.FLOWERS: ("time", "row", "side", "session", "flower", "s_m", "h_m", "d_m", "reason"),
    Table.PULSES: (
        "time", "row", "side", "session", "pulse", "nozzle", "s_m", "h_m", "on_us", "openings", "outcome", "reason",
    ),
    Table.VALVE_TESTS: (
        "time", "side", "nozzle", "pulse", "on_us", "asked", "openings", "outcome", "reason", "kpa_before", "kpa_lowest",
        "who",
    ),
    Table.JOURNAL: ("time", "kind", "text", "who"),
}  # fmt: skip


def head_of(table: Table) -> tuple[str, ...]:
    """Return the names of the columns."""
    return _HEADS[table]


def lines_of(ledger: Path, table: Table, since: float, zone: tzinfo | None) -> Iterator[Sequence[Cell]]:
    """Yield the table's lines since wall time `since`, oldest first; raises LedgerUnreadError."""
    if table is Table.PASSES:
        for one in read_passes(ledger, since):
            share = round(one.treated / one.open, 4) if one.open else None
            missed = sum(one.missed.values())
            began, ended = (datetime.fromtimestamp(wall, zone) for wall in (one.began, one.ended))
            yield began, ended, one.row, one.side, one.session, one.open, one.treated, missed, share
        return
    with reading(ledger) as db:
        if table is Table.VALVE_TESTS and not has_table(db, "valve_test"):
            return
        for wall, *rest in db.execute(_QUERIES[table], (since,)):
            yield datetime.fromtimestamp(wall, zone), *rest


def as_csv(head: Sequence[str], lines: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield CSV text in chunks; a text that a spreadsheet would run as a formula gets a ' before it."""
    buffer = io.StringIO()
    write = csv.writer(buffer)
    write.writerow(head)
    for number, line in enumerate(lines, start=1):
        write.writerow([_plain(cell) for cell in line])
        if number % CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def as_json(head: Sequence[str], lines: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield a JSON array in chunks, one object a line."""
    chunk: list[str] = []
    for piece in _objects(head, lines):
        chunk.append(piece)
        if len(chunk) == CHUNK:
            yield "".join(chunk)
            chunk.clear()
    yield "".join(chunk)


def _objects(head: Sequence[str], lines: Iterable[Sequence[Cell]]) -> Iterator[str]:
    before = "[\n"
    for line in lines:
        cells = [cell.isoformat() if isinstance(cell, datetime) else cell for cell in line]
        yield before + json.dumps(dict(zip(head, cells, strict=True)), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + cell
    return cell


def as_xlsx(table: Table, head: Sequence[str], lines: Iterable[Sequence[Cell]]) -> bytes:
    """Return a workbook with one sheet; at most `MOST_XLSX_ROWS` lines, and then it says so in the last one."""
    from xlsxwriter import Workbook

    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True, "constant_memory": True, "strings_to_formulas": False,
                             "strings_to_urls": False, "nan_inf_to_errors": True})  # fmt: skip
    sheet = book.add_worksheet(table.value)
    bold, time = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 1, 20)
    sheet.write_row(0, 0, head, bold)
    for number, line in enumerate(lines, start=1):
        if number > MOST_XLSX_ROWS:
            sheet.write_string(number, 0, f"cut after {MOST_XLSX_ROWS} lines: take CSV for all of them")
            break
        for column, cell in enumerate(line):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, cell.replace(tzinfo=None), time)
            else:
                sheet.write(number, column, cell)
    book.close()
    return buffer.getvalue()
