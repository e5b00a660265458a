"""The C safety core in virtual time, typed: what lock-step simulation and tests run instead of a board."""

from __future__ import annotations

from typing import NamedTuple

from firmware_bridge._core import ffi, lib
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import ResetCause

_MASK = 0xFFFF_FFFF
_OUTPUT_ROOM = 4096
_EDGES = 4096


class Edge(NamedTuple):
    """A valve that opened or closed, at the core's clock (uint32 µs, wraps)."""

    nozzle: int
    open: bool
    at_us: int


class Core:
    """One microcontroller. Time is `now_us` (taken modulo 2^32); nothing happens between calls.

    Call `step` every millisecond with the sensors, `receive` and `take_output` for the wire.
    """

    def __init__(
        self, config: CoreConfig, boot_id: int, reset_cause: ResetCause = ResetCause.POWER_ON
    ) -> None:
        self._board = ffi.new("bb_virtual *")
        self._output = ffi.new("uint8_t[]", _OUTPUT_ROOM)
        self._edges = ffi.new("uint32_t[]", 3 * _EDGES)
        self._step = lib.bb_virtual_step
        words = ffi.from_buffer("uint32_t[]", config.pack())
        lib.bb_virtual_init(self._board, words, boot_id & _MASK, int(reset_cause))

    def receive(self, data: bytes, now_us: int) -> None:
        """Take bytes from the wire, in pieces of any size."""
        lib.bb_virtual_receive(self._board, data, len(data), now_us & _MASK)

    def step(
        self,
        now_us: int,
        encoder_ticks: int,
        pressure_kpa: int,
        battery_mv: int = 24_000,
        *,
        estop_pressed: bool = False,
        bumper: bool = False,
        end_switch: bool = False,
        pressure_age_us: int = 0,
    ) -> None:
        """Take the sensors and move on; `encoder_ticks` is signed and wraps, the age counts from sampling."""
        self._step(
            self._board,
            now_us & _MASK,
            encoder_ticks & _MASK,
            pressure_kpa,
            battery_mv,
            estop_pressed,
            bumper,
            end_switch,
            pressure_age_us,
        )

    def take_output(self) -> bytes:
        """Return the bytes sent since the last call."""
        size = lib.bb_virtual_take_output(self._board, self._output, _OUTPUT_ROOM)
        return bytes(ffi.buffer(self._output, size)) if size else b""

    @property
    def valves(self) -> int:
        """Bit n: nozzle n is open."""
        valves: int = lib.bb_virtual_valves(self._board)
        return valves

    @property
    def motor_velocity_mm_s(self) -> int:
        """Velocity commanded to the motor."""
        velocity: int = lib.bb_virtual_motor(self._board)
        return velocity

    @property
    def compressor_on(self) -> bool:
        """Whether the compressor may run."""
        on: bool = lib.bb_virtual_compressor(self._board)
        return on

    def addresses(self) -> list[int]:
        """Return where the board and its step, valves, motor and compressor are, for C that steps it by itself."""
        names = ("step", "valves", "motor", "compressor")
        pointers = (self._board, *(ffi.addressof(lib, f"bb_virtual_{name}") for name in names))
        return [int(ffi.cast("uintptr_t", pointer)) for pointer in pointers]

    def edges(self) -> list[Edge]:
        """Return and forget the trace of openings and closings (4096 kept between calls)."""
        count = lib.bb_virtual_take_edges(self._board, self._edges)
        if not count:
            return []
        rows = ffi.unpack(self._edges, 3 * count)
        return [Edge(rows[i], bool(rows[i + 1]), rows[i + 2]) for i in range(0, 3 * count, 3)]
