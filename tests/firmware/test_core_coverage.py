"""The tests of this folder run every line of the safety core: measured with gcov on a copy."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_bridge.core_build import CORE_SOURCES

ROOT = Path(__file__).resolve().parents[2]


def instrumented_copy(folder: Path) -> dict[str, str]:
    """Copy package and tests, build the core with counters; returns the environment to run in."""
    skip = shutil.ignore_patterns("*.so", "*.o", "_core.c", "bin", "__pycache__", "test_core_coverage.py")
    shutil.copytree(ROOT / "firmware_bridge", folder / "firmware_bridge", ignore=skip)
    shutil.copytree(ROOT / "tests" / "firmware", folder / "tests" / "firmware", ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", folder)
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "CFLAGS": "--coverage -O0",
        "LDFLAGS": "--coverage",
    }
    build = [sys.executable, "-m", "firmware_bridge.core_build"]
    subprocess.run(build, cwd=folder, env=environment, check=True, capture_output=True, timeout=200)
    return environment


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcov") is None, reason="needs gcov")
def test_every_line_of_the_core_is_run(tmp_path: Path) -> None:
    environment = instrumented_copy(tmp_path)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/firmware"]
    subprocess.run(tests, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=200)
    firmware = "firmware_bridge/firmware"
    missed: list[str] = []
    for name in CORE_SOURCES:
        gcov = ["gcov", "--json-format", "--stdout", "-o", firmware, f"{firmware}/{name}.gcda"]
        said = subprocess.run(gcov, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
        for file in json.loads(said.stdout)["files"]:
            if file["file"].endswith(f"/{name}.c"):
                missed += [f"{name}.c:{row['line_number']}" for row in file["lines"] if row["count"] == 0]
    assert missed == []
