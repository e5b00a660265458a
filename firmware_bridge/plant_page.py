"""The memory shared with `bombus-mcu`: sensors in, valves and motor out. `firmware/plant_page.h` is its twin."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import NamedTuple

MAGIC = 0x31544E4C50424242
EDGES = 4096
EDGE = struct.Struct("<QHHI")
SENSORS = struct.Struct("<IIIII")
SENSORS_AT = 8
VALVES_AT, MOTOR_AT, STEPS_AT, EDGE_COUNT_AT, COMPRESSOR_AT, EDGES_AT = 32, 40, 44, 48, 52, 56
SIZE = EDGES_AT + EDGES * EDGE.size
MASK = 0xFFFF_FFFF


class PlantEdge(NamedTuple):
    """A valve that opened or closed at CLOCK_MONOTONIC microseconds, in the board's `step` (modulo 2^32)."""

    at_us: int
    nozzle: int
    open: bool
    step: int


class PlantPage:
    """The machine's side of the page. Every word is aligned and written whole."""

    def __init__(self, path: Path, create: bool = False) -> None:
        """Map the page; `create` makes it anew."""
        with path.open("wb+" if create else "rb+") as file:
            if create:
                file.truncate(SIZE)
            self._map = mmap.mmap(file.fileno(), SIZE)
        if create:
            struct.pack_into("<Q", self._map, 0, MAGIC)
        self._next_edge = 0

    def set_sensors(
        self,
        encoder_ticks: int,
        pressure_kpa: int,
        battery_mv: int,
        *,
        button: bool,
        bumper: bool,
        end_switch: bool = False,
        now_us: int,
    ) -> None:
        """Show the sensors, sampled at `now_us` (CLOCK_MONOTONIC)."""
        buttons = int(button) | int(bumper) << 1 | int(end_switch) << 2
        SENSORS.pack_into(
            self._map, SENSORS_AT, encoder_ticks & MASK, pressure_kpa, battery_mv, buttons, now_us & MASK
        )

    @property
    def valves(self) -> int:
        """Bit n: nozzle n is open."""
        low, high = struct.unpack_from("<II", self._map, VALVES_AT)
        return int(low | high << 32)

    @property
    def motor_mm_s(self) -> int:
        """Velocity commanded to the motor."""
        return int(struct.unpack_from("<i", self._map, MOTOR_AT)[0])

    @property
    def compressor_on(self) -> bool:
        """Whether the board lets the compressor run."""
        return bool(struct.unpack_from("<I", self._map, COMPRESSOR_AT)[0])

    @property
    def steps(self) -> int:
        """Turns of the board's loop so far, modulo 2^32."""
        return int(struct.unpack_from("<I", self._map, STEPS_AT)[0])

    def edges(self) -> list[PlantEdge]:
        """Return the edges since the last call, oldest first; beyond 4096 the oldest are lost."""
        (count,) = struct.unpack_from("<I", self._map, EDGE_COUNT_AT)
        first = max(self._next_edge, count - EDGES)
        self._next_edge = count
        return [self._edge(n) for n in range(first, count)]

    def _edge(self, n: int) -> PlantEdge:
        at_us, nozzle, is_open, step = EDGE.unpack_from(self._map, EDGES_AT + n % EDGES * EDGE.size)
        return PlantEdge(at_us, nozzle, bool(is_open), step)

    def close(self) -> None:
        """Unmap."""
        self._map.close()
