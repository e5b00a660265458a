"""The detector's library reports nothing to its maker, and keeps no number of this machine for that."""

import os
import subprocess
import sys
from pathlib import Path


def test_loading_the_detector_leaves_no_device_number_behind(tmp_path: Path) -> None:
    program = "import os, vision.onnx_model; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-B", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
