"""Ten million spoiled frames: the core's deframer takes none of them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WANTED = 10_000_000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs cc")
def test_of_ten_million_corrupted_frames_none_is_accepted(tmp_path: Path) -> None:
    program = tmp_path / "corrupt"
    firmware = ROOT / "firmware_bridge" / "firmware"
    sources = [str(ROOT / "firmware_bridge" / "proofs" / "corrupt.c"), str(firmware / "frame.c")]
    build = ["cc", "-std=c11", "-O2", "-I", str(firmware), *sources, "-o", str(program)]
    subprocess.run(build, check=True, timeout=60)
    said = subprocess.run(
        [str(program), str(WANTED), "7"], capture_output=True, text=True, timeout=200, check=True
    )
    rows = re.findall(r"^([a-z ]+?) +(\d+) corrupted +(\d+) accepted$", said.stdout, re.MULTILINE)
    counts = {name: (int(tried), int(accepted)) for name, tried, accepted in rows}
    assert counts.pop("all") == (WANTED, 0)
    assert len(counts) == 6
    assert all(tried > 1_000_000 and accepted == 0 for tried, accepted in counts.values())
