"""A syntax and type check of the RP2040's board: no SDK, no linking, and nothing about the hardware."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware.emulated.conftest import REQUIRED

FIRMWARE = Path(__file__).parents[3] / "firmware_bridge" / "firmware"
NAMES = Path(__file__).parent / "pico_names" / "pico_names.h"
COMPILER = "arm-none-eabi-gcc"


def test_the_board_compiles_for_a_cortex_m0_against_the_sdks_declared_names(tmp_path: Path) -> None:
    if shutil.which(COMPILER) is None and not os.environ.get(REQUIRED):
        pytest.skip(f"NOT RUN: {COMPILER} is not installed; `make firmware` says what to install")
    source = FIRMWARE / "board_rp2040.c"
    for name in re.findall(r'#include "((?:hardware|pico)/.*|valves\.pio\.h)"', source.read_text()):
        header = tmp_path / name
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(f'#include "{NAMES}"\n')
    flags = ["-std=c11", "-mcpu=cortex-m0plus", "-mthumb", "-O2", "-Wall", "-Wextra", "-Werror"]
    command = [
        COMPILER,
        *flags,
        f"-I{FIRMWARE}",
        f"-I{tmp_path}",
        "-c",
        str(source),
        "-o",
        str(tmp_path / "o"),
    ]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
