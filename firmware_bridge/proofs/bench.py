"""Compiles mutants: only what the change touches, with traps where C leaves the outcome open.

A mutant that reads past an array, overflows a signed number or shifts too far dies of it here, as it would not on
every board. Memory that was never written holds a pattern instead of what happened to lie there.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from firmware_bridge.core_build import CORE_SOURCES, ffibuilder
from firmware_bridge.proofs.mutants import Mutant, mutants
from firmware_bridge.proofs.sources import FIRMWARE

TRAPS = (
    "-fsanitize=undefined,bounds-strict",
    "-fsanitize-undefined-trap-on-error",
    "-ftrivial-auto-var-init=pattern",
)
_GLUE = "_core"
_COMPILER = "gcc"  # its traps, its counters for gcov
# Rules of the core that stand in a header: the clock's arithmetic, and which configuration may arm.
HEADERS: tuple[tuple[str, str | None], ...] = (("ticks.h", None), ("protocol.h", "bb_config_valid"))


def all_mutants(only: Iterable[str] = ()) -> list[Mutant]:
    """Return every mutant of the core, or of the files named."""
    places: list[tuple[str, str | None]] = [*((f"{name}.c", None) for name in CORE_SOURCES), *HEADERS]
    wanted = set(only)
    return [
        mutant
        for file, within in places
        if not wanted or file in wanted
        for mutant in mutants(file, (FIRMWARE / file).read_text(encoding="utf-8"), within)
    ]


class Bench:
    """A folder with the core's objects, against which mutants are linked."""

    def __init__(
        self, folder: Path, flags: Iterable[str] = ("-O0", *TRAPS), link: Iterable[str] = ()
    ) -> None:
        if shutil.which(_COMPILER) is None:
            raise SystemExit(f"no {_COMPILER}: apt-get install build-essential")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._flags = tuple(flags)
        self._link = tuple(link)
        self._units = [*CORE_SOURCES, "board_virtual"]
        with contextlib.redirect_stdout(io.StringIO()):
            ffibuilder.emit_c_code(str(folder / f"{_GLUE}.c"))
        whole = [*((unit, FIRMWARE / f"{unit}.c") for unit in self._units), (_GLUE, folder / f"{_GLUE}.c")]
        for unit, source in whole:
            if fault := self._compile(source, self._object(folder, unit)):
                raise SystemExit(f"{source.name} does not compile with gcc 12's options: {fault}")

    def build(self, mutant: Mutant | None, name: str) -> Path | None:
        """Return the extension with this change, the core as it is for None; None when it does not compile."""
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        objects = {unit: self._object(self._folder, unit) for unit in (*self._units, _GLUE)}
        for unit in self._touched(mutant, folder):
            objects[unit] = self._object(folder, unit)
            if self._compile(folder / f"{unit}.c", objects[unit]):
                return None
        library = folder / "_core.so"
        _run([_COMPILER, "-shared", *self._link, *map(str, objects.values()), "-o", str(library)])
        return library

    def same_code(self, mutant: Mutant, name: str) -> bool:
        """Return whether an optimising compiler makes the same machine code of it: then nothing can tell."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return all(
            _code(folder / f"{unit}.c", folder) == _code(FIRMWARE / f"{unit}.c", folder)
            for unit in self._touched(mutant, folder)
        )

    def _touched(self, mutant: Mutant | None, folder: Path) -> list[str]:
        """Write the changed file, beside links to all others, and return the units to compile again."""
        if mutant is None:
            return []
        for path in FIRMWARE.glob("*.[ch]"):
            if not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
        changed = folder / mutant.file
        changed.unlink()
        text = (FIRMWARE / mutant.file).read_text(encoding="utf-8")
        changed.write_text(mutant.applied(text), encoding="utf-8")
        if changed.suffix == ".c":
            return [changed.stem]
        called = re.compile(rf"\b{mutant.function}\(")
        return [u for u in self._units if called.search((FIRMWARE / f"{u}.c").read_text(encoding="utf-8"))]

    def _compile(self, source: Path, target: Path) -> str:
        """Return the first line of the compiler's complaint, nothing when it has none."""
        include = ("-I", str(FIRMWARE), "-I", sysconfig.get_path("include"))
        command = [_COMPILER, "-std=c11", "-fPIC", "-w", *self._flags, *include, "-c", str(source)]
        done = subprocess.run([*command, "-o", str(target)], capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else (done.stderr.splitlines() or ["it says nothing"])[0]

    @staticmethod
    def _object(folder: Path, unit: str) -> Path:
        return folder / f"{unit}.o"


def _run(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=True)


def _code(source: Path, folder: Path) -> bytes:
    target = folder / "code.o"
    _run(
        [
            _COMPILER,
            "-std=c11",
            "-O2",
            "-w",
            "-g0",
            "-I",
            str(source.parent),
            "-c",
            str(source),
            "-o",
            str(target),
        ]
    )
    # Without the symbol table, which names the source file.
    _run(["strip", "--strip-unneeded", "-R", ".comment", str(target)])
    return target.read_bytes()
