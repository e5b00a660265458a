"""The cache of rendered scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vision.training import TrainingError
from vision.training.scenes import Sample, SceneCache, SceneSource


class _Counting:
    """Counts what is drawn; stops at `stop`."""

    size = (64, 32)

    def __init__(self, stop: int = 10_000) -> None:
        self.drawn: list[int] = []
        self._stop = stop

    def sample(self, seed: int) -> Sample:
        if seed >= self._stop:
            raise KeyboardInterrupt
        self.drawn.append(seed)
        boxes = np.array([[seed % 7, 1, 20, 30]], np.float32)
        return Sample(
            np.full((32, 64, 3), seed % 251, np.uint8), boxes, np.array([2], np.int32), np.array([True])
        )


def test_what_was_drawn_is_read_back(tmp_path: Path) -> None:
    source = _Counting()
    cache = SceneCache(tmp_path, source, 100, 5)
    cache.fill()
    sample = cache.sample(3)
    assert source.drawn == [100, 101, 102, 103, 104]
    assert (sample.image == 103).all()
    assert sample.boxes.tolist() == [[103 % 7, 1, 20, 30]]
    assert sample.stages.tolist() == [2] and sample.ignore.tolist() == [True]


def test_a_full_cache_is_not_drawn_again(tmp_path: Path) -> None:
    SceneCache(tmp_path, _Counting(), 0, 5).fill()
    again = _Counting()
    cache = SceneCache(tmp_path, again, 0, 5)
    cache.fill()
    assert again.drawn == []
    assert (cache.sample(4).image == 4).all()


def test_a_cache_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        SceneCache(tmp_path, _Counting(stop=300), 0, 400).fill()
    rest = _Counting()
    SceneCache(tmp_path, rest, 0, 400).fill()
    assert rest.drawn == list(range(300, 400))


def test_another_number_of_scenes_is_drawn_anew(tmp_path: Path) -> None:
    SceneCache(tmp_path, _Counting(), 0, 5).fill()
    more = _Counting()
    SceneCache(tmp_path, more, 0, 6).fill()
    assert len(more.drawn) == 6


def test_other_seeds_are_drawn_anew(tmp_path: Path) -> None:
    SceneCache(tmp_path, _Counting(), 0, 5).fill()
    other = _Counting()
    cache = SceneCache(tmp_path, other, 50, 5)
    cache.fill()
    assert len(other.drawn) == 5
    assert (cache.sample(0).image == 50).all()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="file"):
        SceneCache(tmp_path / "file", _Counting(), 0, 5)


def test_the_source_is_what_training_asks_for() -> None:
    source: SceneSource = _Counting()
    assert source.size == (64, 32)
