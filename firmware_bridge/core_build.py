"""Builds the C core as the extension `firmware_bridge._core`; run as a script it compiles in place."""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent
CORE_SOURCES = ("frame", "valve", "drive", "air", "pulses", "admit", "fire", "report", "core")

DECLARATIONS = """
typedef struct { ...; } bb_virtual;
void bb_virtual_init(bb_virtual *board, const uint32_t *config, uint32_t boot_id, uint8_t reset_cause);
void bb_virtual_receive(bb_virtual *board, const uint8_t *bytes, size_t size, uint32_t now_us);
void bb_virtual_step(bb_virtual *board, uint32_t now_us, uint32_t encoder_ticks, uint16_t pressure_kpa,
                     uint16_t battery_mv, bool button, bool bumper, bool end_switch,
                     uint32_t pressure_age_us);
uint64_t bb_virtual_valves(const bb_virtual *board);
int16_t bb_virtual_motor(const bb_virtual *board);
bool bb_virtual_compressor(const bb_virtual *board);
size_t bb_virtual_take_output(bb_virtual *board, uint8_t *out, size_t room);
size_t bb_virtual_take_edges(bb_virtual *board, uint32_t *rows);
uint32_t bb_crc32(const uint8_t *bytes, size_t size);
"""

ffibuilder = FFI()
ffibuilder.cdef(DECLARATIONS)
ffibuilder.set_source(
    "firmware_bridge._core",
    '#include "board_virtual.h"',
    sources=[f"firmware_bridge/firmware/{name}.c" for name in (*CORE_SOURCES, "board_virtual")],
    include_dirs=["firmware_bridge/firmware"],
    depends=[str(path.relative_to(HERE.parent)) for path in sorted((HERE / "firmware").glob("*.h"))],
    extra_compile_args=["-std=c11", "-O2", "-Wall", "-Wextra"],
)

if __name__ == "__main__":
    ffibuilder.compile(tmpdir=str(HERE.parent), verbose=True)
