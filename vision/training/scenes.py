"""Labelled pictures: one `Sample`, where samples come from, and a cache of rendered ones on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.training import TrainingError


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture (H, W, 3) uint8 BGR with M boxes (M, 4) float32 x0 y0 x1 y1 in px, their stages (M,) int32
    and which of them cannot be judged (M,): those are neither learned nor punished."""

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    stages: NDArray[np.int32]
    ignore: NDArray[np.bool_]


class SceneSource(Protocol):
    """Rendered scenes: any number of labelled pictures."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every picture."""
        ...

    def sample(self, seed: int) -> Sample:
        """Return the picture of a seed; the same seed gives the same picture."""
        ...


class SceneCache:
    """`count` scenes of a source, seeds `first`..., drawn once into memory-mapped files and read many times.

    A folder that holds the same scenes already is used as it is; one cut off goes on where it ended.
    """

    def __init__(self, folder: Path, source: SceneSource, first: int, count: int) -> None:
        width, height = source.size
        self._source, self._first = source, first
        shape = (count, height, width, 3)
        path = folder / f"scenes_{first}_{count}x{height}x{width}.u8"
        self._labels_path = path.with_suffix(".npz")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            whole = path.is_file() and path.stat().st_size == int(np.prod(shape))
            self._images = np.memmap(path, np.uint8, "r+" if whole else "w+", shape=shape)
        except OSError as error:
            raise TrainingError(
                f"{path}: cannot hold the scenes ({error.strerror}); name another --out"
            ) from error
        self._labels: list[NDArray[np.float32]] = _read_labels(self._labels_path) if whole else []

    def __len__(self) -> int:
        return int(self._images.shape[0])

    def fill(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Draw the scenes that are missing; `progress` hears how many of how many are there."""
        try:
            for index in range(len(self._labels), len(self)):
                scene = self._source.sample(self._first + index)
                self._images[index] = scene.image
                labels = np.column_stack([scene.boxes, scene.stages, scene.ignore])
                self._labels.append(labels.astype(np.float32))
                if progress is not None:
                    progress(index + 1, len(self))
        finally:
            self._images.flush()
            np.savez(self._labels_path, *self._labels)

    def sample(self, index: int) -> Sample:
        """Return scene `index` of 0..len - 1; its image is a view into the cache."""
        labels = self._labels[index]
        return Sample(
            np.asarray(self._images[index]), labels[:, :4], labels[:, 4].astype(np.int32), labels[:, 5] > 0.5
        )


def _read_labels(path: Path) -> list[NDArray[np.float32]]:
    if not path.is_file():
        return []
    with np.load(path) as archive:
        return [archive[f"arr_{index}"] for index in range(len(archive.files))]
