"""Builds the C extension `sim.native._native`."""

from __future__ import annotations

import re
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent


def declarations() -> str:
    """The part of native.h that cffi can parse: no preprocessor lines."""
    text = (HERE / "native.h").read_text(encoding="utf-8")
    return re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


ffibuilder = FFI()
ffibuilder.cdef(declarations())
ffibuilder.set_source(
    "sim.native._native",
    '#include "native.h"',
    sources=[f"sim/native/{name}.c" for name in ("plants", "machine")],
    include_dirs=["sim/native", "firmware_bridge/firmware"],
    depends=["sim/native/native.h", *(str(path) for path in Path("firmware_bridge/firmware").glob("*.h"))],
    libraries=["m"],
    extra_compile_args=["-std=gnu11", "-O3", "-ffp-contract=off", "-Wall", "-Wextra"],
)
