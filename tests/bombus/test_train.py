"""`bombus train` from the front door."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
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
    assert set(card["figures"]) == {"rendered", "inference_ms", "floats"}
    assert (tmp_path / "flowers.onnx").stat().st_size < 4_000_000
    assert json.loads((tmp_path / "flowers.json").read_text())["sha256"] == card["sha256"]
    assert (tmp_path / "curves.png").is_file()


TINY = """
scenes = 0
validation_scenes = 1
[network]
stem = 4
channels = [8, 8, 8, 8]
extra = [0, 0, 0, 0]
merged = [8, 8]
[train]
batch = 1
warm_up = 0
threads = 1
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A YOLO data set of four pictures in two groups, one flower each."""
    folder = tmp_path / "photos"
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for k in range(4):
        image = np.full((128, 160, 3), (30, 70, 30), np.uint8)
        image[40:60, 50:70] = (40, 220, 240)
        cv2.imwrite(str(folder / "images" / f"{k}.png"), image)
        (folder / "labels" / f"{k}.txt").write_text(f"{k % 3} 0.375 0.390625 0.125 0.15625\n")
    (folder / "classes.txt").write_text("bud\nopen\nspent\n")
    (folder / "groups.csv").write_text("file,group\n0.png,a\n1.png,a\n2.png,b\n3.png,b\n")
    return folder


@pytest.mark.skipif(NO_TORCH, reason="training needs the extra `train`")
def test_cross_validation_prints_its_folds(
    bombus: Callable[..., Any], tiny: Path, photos: Path, tmp_path: Path
) -> None:
    words = ("train", "--config", tiny, "--data", photos, "--out", tmp_path / "cv", "--cross-validate", 2)
    done = bombus(*words, "--steps", 1, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [fold["groups"] for fold in told["folds"]] in ([["a"], ["b"]], [["b"], ["a"]])
    assert all(fold["steps"] == 1 and fold["pictures"] == 2 for fold in told["folds"])
    assert set(told["mean"]) == set(told["std"]) == {"bud", "open", "spent", "mean"}
    shown = bombus(*words, "--steps", 1, "--resume")
    assert shown.returncode == 0 and shown.stdout == ""
    assert "the scales that a photograph is looked at" in shown.stderr
    assert "AP50 on 4 photographs" in shown.stderr and "groups held out" in shown.stderr


@pytest.mark.skipif(NO_TORCH, reason="training needs the extra `train`")
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--data", "{}/absent"], "absent: not there; name a folder with a COCO or YOLO data set"),
        (["--data", "{}"], "neither a COCO data set (labels.json"),
        (["--cross-validate", "3"], "--cross-validate 3: judges by photographs; give --data FOLDER"),
        (
            ["--cross-validate", "3", "--data", "{}/photos"],
            "3 folds need 3 groups, there are 2; label `group`",
        ),
        (["--bodies", "--resume"], "--bodies: begins anew and once; leave out --cross-validate, --resume"),
        (["--minutes", "2", "--steps", "3"], "--minutes 2 and --steps 3: each ends a run; give one"),
        (["--images", "0"], "nothing to learn from: scenes = 0 and no --data"),
    ],
)
def test_wrong_use_ends_in_one_line_and_exit_2(
    bombus: Callable[..., Any], photos: Path, tmp_path: Path, words: list[str], wanted: str
) -> None:
    done = bombus("train", "--out", tmp_path / "out", *(word.format(tmp_path) for word in words))
    assert done.returncode == 2, done.stderr
    assert wanted in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(NO_TORCH, reason="training needs the extra `train`")
def test_every_known_body_is_trained_and_timed(bombus: Callable[..., Any], tmp_path: Path) -> None:
    done = bombus("train", "--smoke", "--steps", 1, "--bodies", "--json", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    told = {body["name"]: body for body in json.loads(done.stdout)["bodies"]}
    assert {"plain", "narrow", "wide", "mobilenetv3-small", "efficientnet-lite0"} == set(told)
    assert all(body["least_ms"] > 0 and body["ap50"]["mean"] is not None for body in told.values())
    assert told["narrow"]["parameters"] < told["plain"]["parameters"] < told["wide"]["parameters"]


def test_some_rendered_scenes_are_modelled_after_photographs() -> None:
    plain, photo = RenderedRows((160, 96), 1), RenderedRows((160, 96), 1, photo_look=1.0)
    some = RenderedRows((160, 96), 1, photo_look=0.5)
    for seed in range(4):
        drawn = [rows.sample(seed).image for rows in (plain, photo, some)]
        after_photographs = seed * 0.6180339887498949 % 1 < 0.5
        assert (drawn[2] == drawn[after_photographs]).all()
    assert not (plain.sample(1).image == photo.sample(1).image).all()


def test_a_rendered_scene_depends_on_its_seed_alone() -> None:
    one = RenderedRows((160, 96), 1).sample(5)
    two = RenderedRows((160, 96), 1)
    two.sample(9)
    assert (one.image == two.sample(5).image).all()
    assert np.array_equal(one.boxes, two.sample(5).boxes)
    assert one.image.shape == (96, 160, 3)
