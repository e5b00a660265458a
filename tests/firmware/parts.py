"""The core's parts called one by one, and its memory seen and spoiled: what a board never lets a test do.

The declarations are read from the headers, so that they cannot differ from what was compiled.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from cffi import FFI

from firmware_bridge.core import Core
from firmware_bridge.core_config import CoreConfig

FIRMWARE = Path(__file__).parents[2] / "firmware_bridge" / "firmware"
HEADERS = (
    "protocol.h",
    "frame.h",
    "valve.h",
    "drive.h",
    "air.h",
    "pulses.h",
    "core.h",
    "report.h",
    "board_virtual.h",
)
_MACRO = re.compile(r"^ *#define (BB_\w+) (\(?[\w +]+\)?)(?: /\*.*)?$", re.MULTILINE)
_STRUCT = re.compile(r"^typedef struct \{.*?^\} bb_\w+;", re.MULTILINE | re.DOTALL)
_FUNCTION = re.compile(r"^(?!static|typedef)[a-z]\w+ [*]?bb_\w+\([^{;]*\);", re.MULTILINE)


def declarations() -> str:
    """Return structs and functions of the core as cffi reads them: array sizes as plain numbers."""
    text = "\n".join((FIRMWARE / name).read_text(encoding="utf-8") for name in HEADERS)
    macros = {
        name: value.replace("u", "") for name, value in _MACRO.findall(text) if value[0] in "0123456789(B"
    }

    def number(found: re.Match[str]) -> str:
        expression = found[1].replace("u", "")
        while "BB_" in expression:
            expression = re.sub(r"BB_\w+", lambda name: f"({macros[name[0]]})", expression)
        return f"[{sum(int(part) for part in re.findall(r'[0-9]+', expression))}]"

    found = [*_STRUCT.findall(text), *_FUNCTION.findall(text)]
    return re.sub(r"\[([\w +]+)\]", number, "\n".join(found))


def compiled() -> Any:
    """Return the extension that is under test now: the mutation run puts another in its place."""
    return sys.modules["firmware_bridge._core"]


class Parts:
    """The functions of the core under test, `lib`, and its types, `ffi`."""

    def __init__(self) -> None:
        self.ffi: Any = FFI()
        self.ffi.cdef(declarations())
        self.lib: Any = self.ffi.dlopen(compiled().__file__)

    def new(self, kind: str, **fields: Any) -> Any:
        """Return a zeroed struct with these fields set."""
        return self.ffi.new(f"{kind} *", fields)

    def config(self, **changes: int) -> Any:
        """Return the default configuration with changes, also beyond the limits."""
        config = self.ffi.new("bb_config *")
        self.ffi.memmove(config, CoreConfig().pack(), self.ffi.sizeof("bb_config"))
        for name, value in changes.items():
            setattr(config, name, value)
        return config

    def memory(self, running: Core) -> Any:
        """Return the bb_core inside a running board."""
        address = int(compiled().ffi.cast("uintptr_t", running._board))
        return self.ffi.addressof(self.ffi.cast("bb_virtual *", address)[0], "core")
