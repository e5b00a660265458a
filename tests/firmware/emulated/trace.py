"""What the emulator saw on the bus of the emulated board: a witness that the firmware cannot talk to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

GPIO_DATAOUT = {0x4001_0004 + port * 0x1000: port for port in range(4)}
LEDS = 0x4002_8000
MOTOR = 0x4002_0008
PINS = 16
_WRITE = re.compile(r"memory_region_ops_write cpu \d+ mr \S+ addr (0x[0-9a-f]+) value (0x[0-9a-f]+)")
_RESET = "CPU Reset (CPU 0)"


@dataclass(frozen=True)
class Write:
    """A word that the firmware wrote to a register."""

    address: int
    value: int


@dataclass(frozen=True)
class Reset:
    """The processor was reset: every pin is an input, pulled down."""


@dataclass(frozen=True)
class Edge:
    """A valve's pin changed, by a write or by a reset."""

    nozzle: int
    open: bool
    by_reset: bool = False


Record = Write | Reset


class Trace:
    """Reads the emulator's log, which grows; keeps what concerns the outputs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self._records: list[Record] = []

    def records(self) -> list[Record]:
        """Return all writes to outputs and all resets so far, in order."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            record = _record(line.decode())
            if record is not None:
                self._records.append(record)
        return list(self._records)

    def edges(self) -> list[Edge]:
        """Return every change of a valve's pin, in order."""
        edges: list[Edge] = []
        ports = [0] * len(GPIO_DATAOUT)
        for record in self.records():
            for port, before in enumerate(ports):
                after = before
                if isinstance(record, Reset):
                    after = 0
                elif GPIO_DATAOUT.get(record.address) == port:
                    after = record.value
                ports[port] = after
                edges += [
                    Edge(port * PINS + pin, bool(after >> pin & 1), isinstance(record, Reset))
                    for pin in range(PINS)
                    if (before ^ after) >> pin & 1
                ]
        return edges

    def openings(self, nozzle: int | None = None) -> int:
        """Count the openings of one nozzle or of all."""
        return sum(edge.open for edge in self.edges() if nozzle in {None, edge.nozzle})

    def open_valves(self) -> set[int]:
        """Return the nozzles that are open now."""
        return {nozzle for nozzle, is_open in {e.nozzle: e.open for e in self.edges()}.items() if is_open}

    def last(self, address: int) -> int | None:
        """Return the last value written to a register."""
        values = [r.value for r in self.records() if isinstance(r, Write) and r.address == address]
        return values[-1] if values else None


def _record(line: str) -> Record | None:
    if line == _RESET:
        return Reset()
    found = _WRITE.search(line)
    if found is None:
        return None
    address, value = (int(text, 16) for text in found.groups())
    return Write(address, value) if address in {*GPIO_DATAOUT, LEDS, MOTOR} else None
