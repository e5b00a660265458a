"""The crop of a whole house: each row grown when the cart first comes to it, its eyes and its jets' log kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.settings import RobotConfig
from sim.airjet import JetLog
from sim.drawn_by import drawn_by
from sim.plant import Plant
from sim.render.renderer import Renderer
from sim.scenario import ScenarioConfig, ScenarioError
from sim.truth import TrueFlowers
from sim.truth_detector import TruthDetector
from sim.truth_errors import load_errors
from sim.world import World
from vision.calibration import CameraModel
from vision.types import Detections, Side


@dataclass(frozen=True, slots=True)
class RowOfHouse:
    """One row's plants, what is true of them, and what the jets did to them."""

    world: World
    truths: Mapping[Side, TrueFlowers]
    jets: JetLog


class HouseRows:
    """All rows of a house; the plant stands in one of them at a time."""

    def __init__(
        self, scenario: ScenarioConfig, lengths: Mapping[str, float], config: RobotConfig, seed: int
    ) -> None:
        self._scenario, self._lengths, self._config, self._seed = scenario, lengths, config, seed
        for crop in scenario.day.crops if scenario.day is not None else ():
            if not any(map(crop.grows_in, lengths)):
                known = ", ".join(sorted(lengths))
                raise ScenarioError(f"day.crops: rows = {list(crop.rows)} names no row of the house: {known}")
        self.lens = scenario.lens
        self.known: dict[str, RowOfHouse] = {}
        self.row = next(iter(lengths))

    def enter(self, row: str, plant: Plant, s: float) -> None:
        """Put the cart onto the rails of `row` at `s`."""
        self.row = row
        plant.jets = self.of(row, plant).jets
        plant.row_length_m = self._lengths[row]
        plant.vehicle.state.s = s
        plant.vehicle.state.velocity = 0.0

    def of(self, row: str, plant: Plant) -> RowOfHouse:
        """Return a row, grown on first sight."""
        if row not in self.known:
            seed = self._seed * 1000 + list(self._lengths).index(row)
            world = World.build(self._scenario.crop_of(row, self._lengths[row]), seed)
            truths = {side: TrueFlowers(world, side) for side in self._config.sides}
            openings = self._config.dose.openings
            jets = JetLog(self._scenario.jets, dict(truths), plant.mouth, openings, seed)
            self.known[row] = RowOfHouse(world, truths, jets)
        return self.known[row]


class TruthEyes:
    """One side's camera and detector in whatever row the cart stands: sees the truth with errors."""

    def __init__(self, rows: HouseRows, plant: Plant, side: Side, camera: CameraModel, seed: int) -> None:
        self._rows, self._plant, self._side, self._camera, self._seed = rows, plant, side, camera, seed
        self._eyes: dict[str, TruthDetector] = {}

    @property
    def _here(self) -> TruthDetector:
        row = self._rows.row
        if row not in self._eyes:
            world = self._rows.of(row, self._plant).world
            self._eyes[row] = TruthDetector(world, self._side, self._camera, load_errors(), self._seed)
        return self._eyes[row]

    def picture(self, cart_s: float, t: float, seq: int, /) -> NDArray[np.uint8]:
        """Look at the flowers; returns a blank picture."""
        return self._here.picture(cart_s, t, seq)

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return what the last look found."""
        return self._here.detect(image)


class DrawnEyes:
    """One side's camera in whatever row the cart stands, drawn."""

    def __init__(self, rows: HouseRows, plant: Plant, side: Side, camera: CameraModel) -> None:
        self._rows, self._plant, self._side, self._camera = rows, plant, side, camera
        self._drawn: tuple[str, Renderer] | None = None

    def picture(self, cart_s: float, t: float, seq: int, /) -> NDArray[np.uint8]:
        """Draw what the camera sees."""
        row = self._rows.row
        if self._drawn is None or self._drawn[0] != row:
            world = self._rows.of(row, self._plant).world
            self._drawn = row, Renderer(world, self._camera, self._side, self._rows.lens)
        return drawn_by(self._drawn[1], self._plant.place_at)(cart_s, t, seq)
