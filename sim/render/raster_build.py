"""Builds the C rasteriser `sim.render._raster`; run as a script it compiles in place."""

from __future__ import annotations

import re
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent


def declarations() -> str:
    """The part of raster.h that cffi can parse: no preprocessor lines."""
    text = (HERE / "raster.h").read_text(encoding="utf-8")
    return re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


ffibuilder = FFI()
ffibuilder.cdef(declarations())
ffibuilder.set_source(
    "sim.render._raster",
    '#include "raster.h"',
    sources=[f"sim/render/{name}.c" for name in ("raster", "triangle", "shade", "backdrop", "develop")],
    include_dirs=["sim/render"],
    depends=[f"sim/render/{name}.h" for name in ("raster", "triangle", "shade", "wide")],
    extra_compile_args=["-std=c11", "-O3", "-ffp-contract=off", "-Wall", "-Wextra"],
)

if __name__ == "__main__":
    ffibuilder.compile(tmpdir=str(HERE.parents[1]), verbose=True)
