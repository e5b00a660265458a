"""Cross-validation on six toy photographs of three groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vision.datasets.folder import read_dataset, write_dataset
from vision.training import TrainingError
from vision.training.photos import read_photos

pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("onnx", reason="training needs the extra `train`")

from vision.training.course import CourseConfig, Observer, photos_in
from vision.training.folds import SHIPPED_LOOK, CrossValidation, cross_validate, folds_of
from vision.training.network import NetworkConfig
from vision.training.train import TrainConfig

TINY = CourseConfig(
    scenes=0,
    network=NetworkConfig(stem=4, channels=(8, 8, 8, 8), extra=(0, 0, 0, 0), merged=(8, 8)),
    train=TrainConfig(steps=2, batch=1, warm_up=0, threads=1),
)


def run(photo_folder: Path, out: Path, resume: bool, told: list[int]) -> CrossValidation:
    def observe(fold: int) -> Observer:
        return Observer(lambda done, total: None, lambda report: told.append(fold))

    return cross_validate(TINY, read_photos(photo_folder), None, out, 2, resume, observe)


def test_each_group_is_held_out_once_and_judged(photo_folder: Path, tmp_path: Path) -> None:
    told: list[int] = []
    result = run(photo_folder, tmp_path, False, told)
    assert told == [1, 1, 2, 2]
    assert sorted(group for fold in result.folds for group in fold.groups) == [
        "bench-0",
        "bench-1",
        "bench-2",
    ]
    assert sorted(fold.pictures for fold in result.folds) == [2, 4]
    assert sum(sum(fold.boxes.values()) for fold in result.folds) == 6
    for fold in result.folds:
        assert set(fold.ap50) == {"bud", "open", "spent", "mean"}
        for name, count in fold.boxes.items():
            assert (fold.ap50[name] is None) == (count == 0)
        held = json.loads((tmp_path / f"fold-{fold.fold}" / "flowers.json").read_text())["held_out"]
        assert held == fold.groups
        assert fold.looks[SHIPPED_LOOK].ap50 == fold.ap50
    assert result.mean["mean"] is not None
    assert result.looks[SHIPPED_LOOK].ap50 == result.mean
    assert len(result.looks) == 6 and all(look.ms > 0 for look in result.looks.values())

    # A second look takes over what is finished and does again what is not, with the same figures.
    for name in ("figures.json", "checkpoint.pt"):
        (tmp_path / "fold-2" / name).unlink()
    again: list[int] = []
    repeated = run(photo_folder, tmp_path, True, again)
    assert again == [2, 2]
    assert [fold.ap50 for fold in repeated.folds] == [fold.ap50 for fold in result.folds]

    # A fold that was not looked at in every way that is known today is judged again; it learns nothing more.
    old = tmp_path / "fold-1" / "figures.json"
    old.write_text(old.read_text().replace(f'"{SHIPPED_LOOK}"', '"as nobody looks any more"'))
    learned_again: list[int] = []
    judged_again = run(photo_folder, tmp_path, True, learned_again)
    assert learned_again == [] and judged_again.folds[0].looks.keys() == result.looks.keys()


def test_fewer_groups_than_folds_are_refused(photo_folder: Path) -> None:
    with pytest.raises(TrainingError, match=r"--cross-validate 4: 4 folds need 4 groups, there are 3; label"):
        folds_of(read_photos(photo_folder), 4, 1)


def test_several_data_sets_are_read_as_one(photo_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "yolo"
    write_dataset(read_dataset(photo_folder), other, "yolo")
    both = photos_in([photo_folder, other])
    assert len(both) == 12
    for one, two in zip(both[:6], both[6:], strict=True):
        assert one.group == two.group and one.path.name == two.path.name
        assert np.allclose(one.boxes, two.boxes, rtol=1e-6)
        assert one.stages.tolist() == two.stages.tolist() and one.ignore.tolist() == two.ignore.tolist()
