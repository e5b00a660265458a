"""Builds the C parts: the safety core and the rasteriser as extensions, the core as the program bombus-mcu."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

sys.path.insert(0, str(Path(__file__).parent))
from firmware_bridge.core_build import CORE_SOURCES

FIRMWARE = Path("firmware_bridge/firmware")
PROGRAM = Path("firmware_bridge/bin/bombus-mcu")
NO_COMPILER = "Bombus needs a C compiler for its safety core: apt-get install build-essential python3-dev"


class BuildWithProgram(build_ext):
    """Also links the host board; a missing compiler ends in one clear line."""

    def build_extensions(self) -> None:
        """Build the extensions, then the program, beside the package that they belong to."""
        from setuptools.errors import CompileError, LinkError

        try:
            super().build_extensions()
            self._build_program()
        except (CompileError, LinkError, FileNotFoundError) as error:
            raise SystemExit(f"{NO_COMPILER} ({error})") from error

    def _build_program(self) -> None:
        root = Path() if self.inplace else Path(self.build_lib)
        sources = [str(FIRMWARE / f"{name}.c") for name in (*CORE_SOURCES, "board", "board_host")]
        objects = self.compiler.compile(
            sources,
            output_dir=str(Path(self.build_temp) / "program"),
            include_dirs=[str(FIRMWARE)],
            extra_postargs=["-std=c11", "-O2", "-Wall", "-Wextra"],
        )
        self.compiler.link_executable(objects, PROGRAM.name, output_dir=str(root / PROGRAM.parent))


setup(
    cffi_modules=["firmware_bridge/core_build.py:ffibuilder", "sim/render/raster_build.py:ffibuilder"],
    cmdclass={"build_ext": BuildWithProgram},
)
