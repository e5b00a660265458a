"""`bombus train` from the front door."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bombus.train import RenderedRows

NO_TORCH = importlib.util.find_spec("torch") is None


def _bombus(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bombus", "train", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.skipif(NO_TORCH, reason="training needs the extra `train`")
def test_a_smoke_run_ends_in_a_measured_model(tmp_path: Path) -> None:
    done = _bombus("--smoke", "--json", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout)
    assert card["trained"]["steps"] == 20
    assert set(card["figures"]) == {"rendered", "inference_ms"}
    assert (tmp_path / "flowers.onnx").stat().st_size < 4_000_000
    assert json.loads((tmp_path / "flowers.json").read_text())["sha256"] == card["sha256"]
    assert (tmp_path / "curves.png").is_file()


@pytest.mark.slow
@pytest.mark.skipif(NO_TORCH, reason="training needs the extra `train`")
def test_a_folder_without_labels_ends_in_one_line_and_exit_2(tmp_path: Path) -> None:
    done = _bombus("--data", str(tmp_path / "absent"), "--out", str(tmp_path))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "labels.json" in done.stderr


def test_a_rendered_scene_depends_on_its_seed_alone() -> None:
    one = RenderedRows((160, 96), 1).sample(5)
    two = RenderedRows((160, 96), 1)
    two.sample(9)
    assert (one.image == two.sample(5).image).all()
    assert np.array_equal(one.boxes, two.sample(5).boxes)
    assert one.image.shape == (96, 160, 3)
