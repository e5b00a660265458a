"""Runs the tests of the core on each mutant, in children of one pytest that has everything imported and collected.

A mutant costs its compilation and the tests until the first that fails; those that killed the most come first.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import mmap
import os
import signal
import struct
import sys
import time
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

import firmware_bridge
from firmware_bridge import core
from firmware_bridge.proofs.bench import Bench
from firmware_bridge.proofs.mutants import Key, Mutant
from firmware_bridge.proofs.sources import FIRMWARE

TESTS = FIRMWARE.parents[1] / "tests" / "firmware"
# Not of the core: boards under emulation, and the tests of these tools.
OTHERS = ("emulated", "test_core_coverage.py", "test_proofs.py", "test_mutants.py", "test_lint.py")
# The long properties draw many examples: they come last.
_LONG = ("test_core_properties", "test_every_")
_TEST_CPU_S = 8.0
_TELL_EVERY = 100
_OPTIONS = [
    "-q",
    "-s",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:faulthandler",
    "-o",
    "timeout=0",
    "-m",
    "not slow",
]


class Verdict(Enum):
    """What became of a mutant; the value is its child's exit status."""

    ALIVE = 0
    KILLED = 1
    SAME = 2
    """The compiler makes the same code of it."""
    INVALID = 3
    """It does not compile."""


@dataclass(frozen=True)
class Trial:
    """A mutant, what became of it, and the time it took from start to end."""

    mutant: Mutant
    verdict: Verdict
    seconds: float


@dataclass
class _Child:
    mutant: Mutant
    slot: int
    begin: float
    items: list[int]


def take_over(library: Path) -> None:
    """Put this core in place of the one that was imported."""
    loader = importlib.machinery.ExtensionFileLoader("firmware_bridge._core", str(library))
    spec = importlib.util.spec_from_loader("firmware_bridge._core", loader)
    if spec is None:
        raise ImportError(f"{library}: no extension; build it again")
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(library)
    loader.exec_module(module)
    sys.modules["firmware_bridge._core"] = module
    vars(firmware_bridge).update(_core=module)
    vars(core).update(ffi=module.ffi, lib=module.lib)


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


class Campaign:
    """A pytest plugin: in place of running the tests once, runs them on each mutant."""

    def __init__(self, bench: Bench, wanted: Sequence[Mutant], listed: Container[Key], workers: int) -> None:
        self._bench = bench
        self._wanted = wanted
        self._listed = listed
        self._workers = workers
        self._at = mmap.mmap(-1, 4 * workers)  # the test each child is at, seen also after its death
        self._kills: Counter[tuple[str, int]] = Counter()
        self.sound = False
        self.tests = 0
        self._long = 0
        self.trials: list[Trial] = []

    def pytest_configure(self) -> None:
        """Draw the same examples in every run, and do not look for the smallest one that fails."""
        from hypothesis import Phase, settings  # pytest must have begun, or its own use of it warns

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", derandomize=True, database=None, phases=phases, deadline=None)
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try the core as it is, then every mutant."""
        self.tests = len(session.items)
        _, status = os.waitpid(self._start(session, None, 0, list(range(self.tests))), 0)
        self.sound = self.tests > 0 and status == Verdict.ALIVE.value
        running: dict[int, _Child] = {}
        for mutant in self._wanted if self.sound else ():
            slot = next(s for s in range(self._workers) if all(c.slot != s for c in running.values()))
            child = _Child(mutant, slot, time.monotonic(), self._order(session, mutant))
            running[self._start(session, mutant, slot, child.items)] = child
            if len(running) >= self._workers:
                self._wait(running)
        while running:
            self._wait(running)
        return True

    def _order(self, session: pytest.Session, mutant: Mutant) -> list[int]:
        """Return the tests in the order to run them: the likeliest to kill first, the long ones last."""
        quick = [i for i, item in enumerate(session.items) if not any(long in item.nodeid for long in _LONG)]
        long = sorted(set(range(self.tests)) - set(quick))
        self._long = len(long)
        kills = self._kills
        quick.sort(key=lambda i: (-kills[mutant.function, i], -kills[mutant.file, i], -kills["", i]))
        return quick + long

    def _start(self, session: pytest.Session, mutant: Mutant | None, slot: int, items: Sequence[int]) -> int:
        """Fork a child that builds the mutant and runs the tests on it; returns its process id."""
        child = os.fork()
        if child:
            return child
        verdict = Verdict.INVALID
        try:
            _silence()
            verdict = self._try(session, mutant, slot, items)
        finally:
            os._exit(verdict.value)

    def _try(
        self, session: pytest.Session, mutant: Mutant | None, slot: int, items: Sequence[int]
    ) -> Verdict:
        library = self._bench.build(mutant, f"worker{slot}")
        if library is None:
            return Verdict.INVALID
        take_over(library)
        for place, index in enumerate(items):
            if mutant is not None and place == len(items) - self._long and self._same(mutant, slot):
                return Verdict.SAME
            self._at.seek(4 * slot)
            self._at.write(struct.pack("=i", index))
            signal.setitimer(signal.ITIMER_PROF, _TEST_CPU_S)  # a hang ends the child
            item = session.items[index]
            after = session.items[items[place + 1]] if place + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if session.testsfailed:
                return Verdict.KILLED
        return Verdict.ALIVE

    def _same(self, mutant: Mutant, slot: int) -> bool:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return self._bench.same_code(mutant, f"worker{slot}")

    def _wait(self, running: dict[int, _Child]) -> None:
        """Take the result of the next child that ends; one that died of a signal was killed by its test."""
        process, status = os.wait()
        child = running.pop(process)
        code = os.waitstatus_to_exitcode(status)
        verdict = Verdict.KILLED if code < 0 else Verdict(code)
        if verdict is Verdict.KILLED:
            (index,) = struct.unpack_from("=i", self._at, 4 * child.slot)
            for group in (child.mutant.function, child.mutant.file, ""):
                self._kills[group, index] += 1
        self.trials.append(Trial(child.mutant, verdict, time.monotonic() - child.begin))
        if len(self.trials) % _TELL_EVERY == 0:
            print(f"{len(self.trials)} of {len(self._wanted)}", flush=True)
        if verdict is Verdict.ALIVE and child.mutant.key() not in self._listed:
            print(f"alive: {child.mutant}", flush=True)


def collect_and_run(campaign: Campaign) -> None:
    """Collect the tests and hand them to the campaign."""
    others = [f"--ignore={TESTS / name}" for name in OTHERS]
    pytest.main([*_OPTIONS, *others, str(TESTS)], plugins=[campaign])
