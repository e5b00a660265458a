"""Sees the truth with errors instead of pixels: tunes planner and map at many times the speed of rendering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sim.leaf_screen import LeafScreen
from sim.truth import TrueFlowers
from sim.world import World
from vision.calibration import CameraModel
from vision.types import Detections, Frame, Side

PICTURE = np.full((16, 16, 3), 128, np.uint8)
"""Stands in for the picture that nobody draws in this mode."""

VIEW_REACH_M = 0.6


class TruthErrors(BaseModel):
    """How the imagined detector errs. Every value is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    missed: float = Field(0.08, ge=0, le=1, description="share of visible flowers not found in a frame")
    confused: float = Field(0.03, ge=0, le=1, description="share found with a wrong stage")
    jitter_px: float = Field(1.0, ge=0, le=50, description="std of a box's centre")
    certainty: float = Field(0.9, gt=0.34, le=1, description="probability given to the stage it believes in")


class TruthDetector:
    """The camera's picture and its detector in one: `picture` looks, `detect` tells what it saw."""

    def __init__(self, world: World, side: Side, camera: CameraModel, errors: TruthErrors, seed: int) -> None:
        self._leaves = LeafScreen(world.side(side))
        self._flowers = TrueFlowers(world, side)
        self._radii = world.side(side).radii
        self._camera = camera
        self._errors = errors
        self._random = np.random.Generator(np.random.PCG64([seed, 0x7127, side == "right"]))
        self._seen = Detections(
            np.empty((0, 4), np.float32), np.empty((0, 3), np.float32), np.empty(0, np.float32)
        )

    def picture(self, cart_s: float, t: float, seq: int) -> NDArray[np.uint8]:
        """Look at the flowers from `cart_s` at time `t`; returns a blank picture."""
        index = self._flowers.near(cart_s + self._camera.s_offset, VIEW_REACH_M)
        places = self._flowers.positions(index, t)
        pixels = self._camera.project(places, cart_s)
        inside = (
            (pixels >= 0).all(axis=1)
            & (pixels[:, 0] < self._camera.width)
            & (pixels[:, 1] < self._camera.height)
        )
        # Chances are drawn for all in view, leaves are looked at for the rest: a seed sees the same, leaves or not.
        looked = np.flatnonzero(inside)
        looked = looked[self._random.random(looked.size) >= self._errors.missed]
        lens = np.array([cart_s + self._camera.s_offset, self._camera.h, self._camera.d])
        found = looked[~self._leaves.blocks(lens, places[looked], t)]
        self._seen = self._detections(index[found], places[found], pixels[found])
        return PICTURE

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return what the last look found, best first."""
        return self._seen

    def _detections(
        self, index: NDArray[np.intp], places: NDArray[np.float64], pixels: NDArray[np.float64]
    ) -> Detections:
        errors, count = self._errors, index.size
        half = self._camera.fx * self._radii[index] / np.maximum(places[:, 2] - self._camera.d, 0.05)
        centre = pixels + self._random.normal(0.0, errors.jitter_px, (count, 2))
        boxes = np.concatenate([centre - half[:, None], centre + half[:, None]], axis=1)
        stage = self._flowers.stage[index].astype(np.int64)
        wrong = self._random.random(count) < errors.confused
        stage = np.where(wrong, (stage + self._random.integers(1, 3, count)) % 3, stage)
        stages = np.full((count, 3), 0.5 * (1.0 - errors.certainty), np.float32)
        stages[np.arange(count), stage] = errors.certainty
        return Detections(
            boxes.astype(np.float32), stages, stages.max(axis=1, initial=0.0).astype(np.float32)
        )


class AnyFrame:
    """A frame check that accepts everything: there is no picture to judge."""

    def problem(self, frame: Frame) -> str | None:
        """Return None."""
        return None
