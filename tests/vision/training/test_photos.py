"""Photographs with COCO labels and their split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.training import TrainingError
from vision.training.photos import Photo, PhotoSet, read_photos, split_by_group

NONE = np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.bool_)


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=30), st.floats(0.0, 0.9), st.integers(0, 99))
def test_no_group_is_on_both_sides_of_the_split(groups: list[str], held_out: float, seed: int) -> None:
    photos = [Photo(Path(f"{k}.jpg"), group, *NONE) for k, group in enumerate(groups)]
    learned, apart = split_by_group(photos, held_out, seed)
    assert not {photo.group for photo in learned} & {photo.group for photo in apart}
    assert sorted(photo.path for photo in learned + apart) == sorted(photo.path for photo in photos)
    assert learned
    if held_out > 0 and len(set(groups)) > 1:
        assert apart


def test_the_split_depends_on_the_seed_alone(photo_folder: Path) -> None:
    photos = read_photos(photo_folder)
    names = [[p.path.name for p in split_by_group(order, 0.34, 3)[1]] for order in (photos, photos[::-1])]
    assert sorted(names[0]) == sorted(names[1])


def test_an_undecided_region_is_one_ignored_box(photo_folder: Path) -> None:
    first = read_photos(photo_folder)[0]
    assert first.ignore.tolist() == [False, True]
    assert first.boxes[1].tolist() == [1.0, 2.0, 31.0, 22.0]
    assert first.group == "bench-0"


def test_pictures_are_read_when_needed(photo_folder: Path) -> None:
    sample = PhotoSet(read_photos(photo_folder)).sample(2)
    assert sample.image.shape == (256, 320, 3)
    assert len(sample.boxes) == 1


def test_a_missing_picture_is_named(photo_folder: Path) -> None:
    (photo_folder / "images" / "3.png").unlink()
    with pytest.raises(TrainingError, match=r"3\.png is missing"):
        read_photos(photo_folder)


def test_a_folder_without_labels_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"--data .*neither a COCO data set \(labels\.json"):
        read_photos(tmp_path)
