"""Builds the C parts: safety core, rasteriser and simulator loops as extensions, the core as the program bombus-mcu."""

from __future__ import annotations

import shutil
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
        command = self.compiler.compiler[0]
        if shutil.which(command) is None:
            raise SystemExit(f"{NO_COMPILER} (there is no {command})")
        super().build_extensions()
        self._build_program()

    def copy_extensions_to_source(self) -> None:
        """For an editable install, put the program beside its sources too."""
        super().copy_extensions_to_source()
        PROGRAM.parent.mkdir(parents=True, exist_ok=True)
        # A new file, so that a running program keeps its own.
        PROGRAM.unlink(missing_ok=True)
        shutil.copy2(Path(self.build_lib) / PROGRAM, PROGRAM)

    def _build_program(self) -> None:
        sources = [str(FIRMWARE / f"{name}.c") for name in (*CORE_SOURCES, "board", "board_host")]
        objects = self.compiler.compile(
            sources,
            output_dir=str(Path(self.build_temp) / "program"),
            include_dirs=[str(FIRMWARE)],
            extra_postargs=["-std=c11", "-O2", "-Wall", "-Wextra"],
        )
        folder = Path(self.build_lib) / PROGRAM.parent
        self.compiler.link_executable(objects, PROGRAM.name, output_dir=str(folder))


setup(
    cffi_modules=[
        "firmware_bridge/core_build.py:ffibuilder",
        "sim/render/raster_build.py:ffibuilder",
        "sim/native/native_build.py:ffibuilder",
    ],
    cmdclass={"build_ext": BuildWithProgram},
)
