"""A whole course on toy scenes: from nothing to a measured model the robot can load."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.detector import Detector
from vision.training import TrainingError
from vision.training.scenes import SceneSource

pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("onnx", reason="training needs the extra `train`")

from vision.training.course import CourseConfig, Observer, gather, learn, publish, read_course
from vision.training.network import NetworkConfig
from vision.training.train import StepReport, TrainConfig

TINY = CourseConfig(
    scenes=12,
    validation_scenes=3,
    held_out=0.34,
    credits=("someone",),
    network=NetworkConfig(stem=4, channels=(8, 8, 8, 8), extra=(0, 0, 0, 0), merged=(8, 8)),
    train=TrainConfig(steps=3, batch=2, warm_up=1, threads=1),
)


def test_a_course_ends_in_a_model_that_the_detector_loads(
    toy_scenes: SceneSource, photo_folder: Path, tmp_path: Path
) -> None:
    drawn: list[tuple[int, int]] = []
    steps: list[StepReport] = []
    observer = Observer(lambda done, total: drawn.append((done, total)), steps.append)
    material = gather(TINY, (toy_scenes, toy_scenes), [photo_folder], tmp_path, observer.scenes)
    trainer = learn(TINY, material, tmp_path, False, observer)
    card = publish(TINY, material, tmp_path, trainer, "bombus train")

    assert drawn[-1] == (12, 12) and [report.step for report in steps] == [1, 2, 3]
    assert steps[-1].progress == 1.0
    assert len(material.photos) == 4 and len(material.apart) == 2
    assert card == json.loads((tmp_path / "flowers.json").read_text())
    assert card["trained"]["steps"] == 3 and card["credits"] == ["someone"]
    assert set(card["figures"]) == {"rendered", "photos_held_out", "inference_ms", "floats"}
    assert set(card["figures"]["floats"]) == {"rendered", "photos_held_out", "inference_ms"}
    curves = cv2.imread(str(tmp_path / "curves.png"))
    assert curves is not None and curves.shape[2] == 3
    for name in ("flowers.onnx", "flowers-float.onnx"):
        assert len(Detector(tmp_path / name).detect(np.zeros((384, 640, 3), np.uint8)).boxes) <= 100


def test_a_course_may_stay_with_floats(toy_scenes: SceneSource, tmp_path: Path) -> None:
    (tmp_path / "flowers-float.onnx").write_bytes(b"of an older run")
    course = TINY.model_copy(update={"integers": False})
    observer = Observer(lambda done, total: None, lambda report: None)
    material = gather(course, (toy_scenes, toy_scenes), [], tmp_path, observer.scenes)
    card = publish(
        course, material, tmp_path, learn(course, material, tmp_path, False, observer), "bombus train"
    )
    assert "floats" not in card["figures"] and not (tmp_path / "flowers-float.onnx").exists()


def test_nothing_to_learn_from_is_refused(toy_scenes: SceneSource, tmp_path: Path) -> None:
    nothing = TINY.model_copy(update={"scenes": 0})
    with pytest.raises(TrainingError, match="nothing to learn from"):
        gather(nothing, (toy_scenes, toy_scenes), [], tmp_path, lambda done, total: None)


def test_photographs_alone_are_enough(toy_scenes: SceneSource, photo_folder: Path, tmp_path: Path) -> None:
    alone = TINY.model_copy(update={"scenes": 0})
    observer = Observer(lambda done, total: None, lambda report: None)
    material = gather(alone, (toy_scenes, toy_scenes), [photo_folder], tmp_path, observer.scenes)
    assert learn(alone, material, tmp_path, False, observer).step == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scenes = -1", "scenes = -1"),
        ("sceens = 4", "sceens"),
        ("[train]\nrate = 'fast'", "train.rate = 'fast'"),
        ("scenes = ", "not TOML"),
        ("photo_share = nan", "photo_share"),
    ],
)
def test_a_wrong_training_file_is_told_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "course.toml"
    path.write_text(text)
    with pytest.raises(TrainingError) as error:
        read_course(path)
    assert told in str(error.value) and str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_training_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="name an existing TOML file"):
        read_course(tmp_path / "absent.toml")
