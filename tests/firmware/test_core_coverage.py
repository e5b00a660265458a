"""The examples of this folder run every line and every branch of the safety core, counted by gcov."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from firmware_bridge.core_build import CORE_SOURCES
from firmware_bridge.proofs.bench import Bench
from firmware_bridge.proofs.campaign import OTHERS, TESTS

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware_bridge" / "firmware"
# What draws many examples may find a branch one day and not the next: every branch has an example of its own.
OPTIONS = ("-q", "-p", "no:cacheprovider", "-m", "not slow", "-k", "not properties and not every_fall")
PLUGIN = """
from pathlib import Path

from firmware_bridge.proofs.campaign import take_over

take_over(Path({library!r}))
"""


def run_examples(folder: Path) -> None:
    """Build the core with counters and run the examples on it."""
    bench = Bench(folder / "core", flags=("-O0", "--coverage"), link=("--coverage",))
    library = bench.build(None, "counted")
    assert library is not None
    (folder / "counted_core.py").write_text(PLUGIN.format(library=str(library)))
    others = [f"--ignore={TESTS / name}" for name in OTHERS]
    tests = [sys.executable, "-m", "pytest", *OPTIONS, "-p", "counted_core", *others, str(TESTS)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        tests, cwd=TESTS.parents[1], env=environment, check=False, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout[-2000:]


def missed_places(folder: Path) -> list[str]:
    """Return the lines of the core that did not run and the branches that were not taken, headers included."""
    lines: Counter[tuple[str, int]] = Counter()
    branches: Counter[tuple[str, int, int]] = Counter()
    for name in CORE_SOURCES:
        gcov = ["gcov", "-b", "--json-format", "--stdout", "-o", ".", f"{name}.gcda"]
        said = subprocess.run(
            gcov, cwd=folder / "core", check=True, capture_output=True, text=True, timeout=60
        )
        for file in json.loads(said.stdout)["files"]:
            if Path(file["file"]).parent != FIRMWARE:
                continue
            for row in file["lines"]:
                place = (Path(file["file"]).name, row["line_number"])
                lines[place] += row["count"]
                branches.update({(*place, way): b["count"] for way, b in enumerate(row["branches"])})
    assert len(lines) > 500
    assert len(branches) > 300
    words = {
        (file, line): (FIRMWARE / file).read_text().splitlines()[line - 1].strip() for file, line in lines
    }
    missed = [f"{file}:{line} never runs: {words[file, line]}" for (file, line), n in lines.items() if not n]
    return sorted(missed) + [
        f"{file}:{line} branch {way} is never taken: {words[file, line]}"
        for (file, line, way), count in sorted(branches.items())
        if not count and lines[file, line]
    ]


@pytest.mark.skipif(shutil.which("gcov") is None, reason="needs gcov")
def test_every_line_and_every_branch_of_the_core_is_run(tmp_path: Path) -> None:
    run_examples(tmp_path)
    missed = missed_places(tmp_path)
    assert not missed, "\n".join(missed)
