"""Tries mutants: each is compiled into a core of its own, and the tests run on it in a child of this process.

The tests are collected once, before the fork: a mutant costs its compilation and the tests until the first that
fails.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import resource
import shutil
import subprocess
import sysconfig
from collections.abc import Container, Sequence
from pathlib import Path

import pytest

from firmware_bridge import core
from firmware_bridge.core_build import CORE_SOURCES, ffibuilder
from firmware_bridge.proofs.mutants import Mutant
from firmware_bridge.proofs.sources import BUILD, FIRMWARE

ROOT = FIRMWARE.parents[1]
# The quickest to notice come first; the properties draw many examples and come last.
TESTS = ("admission", "trains", "session", "air", "boundaries", "drive", "frames", "words", "core_properties")
_CPU_LIMIT_S = 30
_LONG = "test_core_properties"
_OPTIONS = ("-q", "-s", "-p", "no:cacheprovider", "-m", "not slow", "--hypothesis-seed=1")


class Bench:
    """A folder with the core's objects; compiles a mutant against them and runs the tests on it."""

    def __init__(self, folder: Path = BUILD / "mutants") -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._objects = folder / "objects"
        self._objects.mkdir(parents=True)
        self._folder = folder
        glue = folder / "_core.c"
        ffibuilder.emit_c_code(str(glue))
        self._flags = [
            "-std=c11",
            "-O1",
            "-fPIC",
            "-w",
            "-I",
            str(FIRMWARE),
            f"-I{sysconfig.get_path('include')}",
        ]
        self._units = [*CORE_SOURCES, "board_virtual", "_core"]
        for unit in self._units:
            source = glue if unit == "_core" else FIRMWARE / f"{unit}.c"
            self._compile(source, self._objects / f"{unit}.o")

    def _compile(self, source: Path, target: Path) -> bool:
        command = ["cc", *self._flags, "-c", str(source), "-o", str(target)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def build(self, mutant: Mutant | None, name: str) -> Path | None:
        """Return the extension with this change, the core as it is for None; None when it does not compile."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        objects = {unit: self._objects / f"{unit}.o" for unit in self._units}
        if mutant is not None:
            unit = Path(mutant.file).stem
            source = folder / mutant.file
            source.write_text(
                mutant.applied((FIRMWARE / mutant.file).read_text(encoding="utf-8")), encoding="utf-8"
            )
            objects[unit] = folder / f"{unit}.o"
            if not self._compile(source, objects[unit]):
                return None
        library = folder / "_core.so"
        link = ["cc", "-shared", *map(str, objects.values()), "-o", str(library)]
        return library if subprocess.run(link, capture_output=True, check=False).returncode == 0 else None


def _take_over(library: Path) -> None:
    """Put this core in place of the one that was imported."""
    loader = importlib.machinery.ExtensionFileLoader("firmware_bridge._core", str(library))
    spec = importlib.util.spec_from_loader("firmware_bridge._core", loader)
    if spec is None:
        raise ImportError(f"{library}: no extension; build it again")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    vars(core).update(ffi=module.ffi, lib=module.lib)


def _run_until_failure(session: pytest.Session, items: Sequence[pytest.Item]) -> int:
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def _start(session: pytest.Session, library: Path, quickly: bool) -> int:
    """Fork a child that runs the tests on this core; returns its id, its status is 0 when all passed."""
    items = [item for item in session.items if not (quickly and _LONG in item.nodeid)]
    child = os.fork()
    if child:
        return child
    status = 3
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_LIMIT_S, _CPU_LIMIT_S))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        _take_over(library)
        status = _run_until_failure(session, items)
    finally:
        os._exit(status)


class Campaign:
    """A pytest plugin: in place of running the tests once, runs them on each mutant."""

    def __init__(
        self, bench: Bench, wanted: Sequence[Mutant], listed: Container[object], workers: int
    ) -> None:
        self._bench = bench
        self._wanted = wanted
        self._listed = listed
        self._workers = workers
        self.sound = False
        self.killed = 0
        self.left: list[Mutant] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try the core as it is, then every mutant."""
        library = self._bench.build(None, "as_it_is")
        if library is None:
            raise SystemExit("the core does not compile; mend it first")
        self.sound = os.waitpid(_start(session, library, quickly=False), 0)[1] == 0
        running: dict[int, Mutant] = {}
        for number, mutant in enumerate(self._wanted if self.sound else ()):
            # A name is free again when its child has ended: there are never more children than workers.
            built = self._bench.build(mutant, f"m{number}")
            if built is None:
                continue
            running[_start(session, built, mutant.key() in self._listed)] = mutant
            if len(running) >= self._workers:
                self._wait(running)
        while running:
            self._wait(running)
        return True

    def _wait(self, running: dict[int, Mutant]) -> None:
        child, status = os.wait()
        mutant = running.pop(child)
        if status != 0:
            self.killed += 1
            return
        self.left.append(mutant)
        if mutant.key() not in self._listed:
            print(f"survived  {mutant}", flush=True)


def collect_and_run(campaign: Campaign) -> None:
    """Collect the tests and hand them to the campaign."""
    folder = ROOT / "tests" / "firmware"
    tests = [str(path) for name in TESTS if (path := folder / f"test_{name}.py").exists()]
    pytest.main([*_OPTIONS, *tests], plugins=[campaign])
