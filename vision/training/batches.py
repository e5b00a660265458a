"""Training batches: batch k is a function of the seed and k alone, so that a resumed run sees the same pictures."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.training.augment import AugmentConfig, augmented, photo_window, scene_window
from vision.training.paste import pasted
from vision.training.photos import PhotoSet
from vision.training.scenes import Sample, SceneCache
from vision.training.targets import Targets, encode

AHEAD = 3
"""Batches made ahead of the one in training."""

MOST_PASTED = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """B pictures (B, H, W, 3) uint8 BGR and their targets, stacked."""

    images: NDArray[np.uint8]
    targets: Targets


class BatchMaker:
    """Mixes windows of rendered scenes with windows of photographs; either may be absent, not both."""

    def __init__(
        self,
        scenes: SceneCache | None,
        photos: PhotoSet | None,
        *,
        photo_share: float,
        batch: int,
        seed: int,
        config: AugmentConfig,
    ) -> None:
        self._scenes, self._photos = scenes, photos
        shares = {(True, True): photo_share, (True, False): 0.0, (False, True): 1.0}
        self._photo_share = shares[scenes is not None, photos is not None]
        self._batch, self._seed, self._config = batch, seed, config

    def make(self, step: int) -> Batch:
        """Return the batch of a step."""
        random = np.random.default_rng([self._seed, step])
        samples = [self._one(random) for _ in range(self._batch)]
        size = self._config.size
        targets = [encode(one.boxes, one.stages, one.ignore, size) for one in samples]
        stacked = (
            np.stack([getattr(target, name) for target in targets])
            for name in ("heat", "reaches", "box_weight", "counts")
        )
        return Batch(np.stack([one.image for one in samples]), Targets(*stacked))

    def _one(self, random: np.random.Generator) -> Sample:
        if self._photos is not None and random.random() < self._photo_share:
            window = self._of_photo(self._photos, random)
        elif self._scenes is not None:
            scene = self._scenes.sample(int(random.integers(len(self._scenes))))
            window = scene_window(scene, random, self._config)
        else:
            raise IndexError("no rendered scenes")
        return augmented(window, random, self._config)

    def _of_photo(self, photos: PhotoSet, random: np.random.Generator) -> Sample:
        window = photo_window(self._photo(photos, random), random, self._config)
        if random.random() < self._config.paste:
            for _ in range(int(random.integers(1, MOST_PASTED + 1))):
                window = pasted(window, self._photo(photos, random), random, self._config)
        return window

    @staticmethod
    def _photo(photos: PhotoSet, random: np.random.Generator) -> Sample:
        return photos.sample(int(random.integers(len(photos))))


def made_ahead(maker: BatchMaker, first: int) -> Generator[Batch]:
    """Yield the batches of steps first, first + 1, ... without end, made by one thread beside the training."""
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
        waiting: list[Future[Batch]] = [pool.submit(maker.make, first + ahead) for ahead in range(AHEAD)]
        step = first + AHEAD
        try:
            while True:
                waiting.append(pool.submit(maker.make, step))
                step += 1
                yield waiting.pop(0).result()
        finally:
            for future in waiting:
                future.cancel()
