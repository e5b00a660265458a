"""Sees the truth with errors instead of pixels: tunes planner and map at many times the speed of rendering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.leaf_screen import LeafScreen
from sim.truth import TrueFlowers
from sim.truth_errors import TruthErrors
from sim.world import World
from vision.calibration import CameraModel
from vision.types import Detections, Side

Floats = NDArray[np.float64]
Stages = NDArray[np.int64]
PICTURE = np.full((16, 16, 3), 128, np.uint8)
"""Stands in for the picture that nobody draws in this mode."""

VIEW_REACH_M = 0.6
GHOST_HALF_PX = (6.0, 14.0)
"""Half sizes of boxes around nothing: those of flowers at the depths of a row."""


class TruthDetector:
    """The camera's picture and its detector in one: `picture` looks, `detect` tells what it saw.

    A flower's own errors follow from the world's seed, those of a frame from `seed`.
    """

    def __init__(self, world: World, side: Side, camera: CameraModel, errors: TruthErrors, seed: int) -> None:
        plants = world.side(side)
        self._leaves = LeafScreen(plants)
        self._flowers = TrueFlowers(world, side)
        self._radii = plants.radii
        self._camera = camera
        self._jitter_px, self._ghosts = errors.jitter_px, errors.ghosts_per_frame
        self._flicker = np.array(errors.flicker)
        self._sure, self._unsure = np.array(errors.certainty), np.array(errors.certainty_wrong)
        self._random = np.random.Generator(np.random.PCG64([seed, 0x7127, side == "right"]))
        own = np.random.Generator(np.random.PCG64([world.seed, 0xB11D, side == "right"]))
        self._blind, self._read_as = own_errors(errors, plants.stages, own)
        self._found = np.array(errors.found)[plants.stages]
        self._found_behind = np.array(errors.found_behind_leaf)[plants.stages]
        self._seen = Detections(
            np.empty((0, 4), np.float32), np.empty((0, 3), np.float32), np.empty(0, np.float32)
        )

    def picture(self, cart_s: float, t: float, seq: int) -> NDArray[np.uint8]:
        """Look at the flowers from `cart_s` at time `t`; returns a blank picture."""
        index, places, pixels = in_picture(self._flowers, self._camera, cart_s, t)
        lens = np.array([cart_s + self._camera.s_offset, self._camera.h, self._camera.d])
        behind = self._leaves.blocks(lens, places, t)
        chance = np.where(behind, self._found_behind[index], self._found[index] * ~self._blind[index])
        found = self._random.random(index.size) < chance
        self._seen = self._detections(index[found], places[found], pixels[found])
        return PICTURE

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return what the last look found."""
        return self._seen

    def _detections(self, index: NDArray[np.intp], places: Floats, pixels: Floats) -> Detections:
        random, count = self._random, index.size
        half = self._camera.fx * self._radii[index] / np.maximum(places[:, 2] - self._camera.d, 0.05)
        centre = pixels + random.normal(0.0, self._jitter_px, (count, 2))
        true, read = self._flowers.stage[index].astype(np.int64), self._read_as[index]
        flickers = random.random(count) < self._flicker[true]
        read = np.where(flickers, (read + random.integers(1, 3, count)) % 3, read)
        ghosts = int(random.poisson(self._ghosts)) if self._ghosts > 0.0 else 0
        centre = np.concatenate(
            [centre, random.random((ghosts, 2)) * (self._camera.width, self._camera.height)]
        )
        half = np.concatenate([half, random.uniform(*GHOST_HALF_PX, ghosts)])
        right = np.concatenate([read == true, np.zeros(ghosts, np.bool_)])
        read = np.concatenate([read, random.integers(0, 3, ghosts)])
        boxes = np.concatenate([centre - half[:, None], centre + half[:, None]], axis=1)
        stages = self._beliefs(read, right)
        return Detections(boxes.astype(np.float32), stages, stages.max(axis=1, initial=0.0))

    def _beliefs(self, read: Stages, right: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return probabilities (N, 3): the stage read, as sure as the detector is when it is right or wrong."""
        count = len(read)
        sure = self._sure[self._random.integers(0, len(self._sure), count)]
        unsure = self._unsure[self._random.integers(0, len(self._unsure), count)]
        most, rest = np.where(right[:, None], sure, unsure).T
        stages = np.repeat(rest[:, None], 3, axis=1)
        stages[np.arange(count), read] = most
        return stages.astype(np.float32)


def own_errors(
    errors: TruthErrors, stages: NDArray[np.int32], random: np.random.Generator
) -> tuple[NDArray[np.bool_], Stages]:
    """Return which flowers are never found, and the stage that each is usually taken for."""
    blind = random.random(len(stages)) < np.array(errors.blind)[stages]
    bounds = np.cumsum(np.array(errors.misread), axis=1)[stages]
    read = (random.random(len(stages))[:, None] >= bounds[:, :2]).sum(axis=1)
    return blind, read.astype(np.int64)


def in_picture(
    flowers: TrueFlowers, camera: CameraModel, cart_s: float, t: float
) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Return the flowers whose centres lie in the picture: indices, places (N, 3) and pixels (N, 2)."""
    index = flowers.near(cart_s + camera.s_offset, VIEW_REACH_M)
    places = flowers.positions(index, t)
    pixels = camera.project(places, cart_s)
    x, y = pixels[:, 0], pixels[:, 1]
    inside = (x >= 0) & (y >= 0) & (x < camera.width) & (y < camera.height)
    return index[inside], places[inside], pixels[inside]
