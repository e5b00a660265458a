"""The witness tells who was counted twice, mixed up or made up, and how far a jet missed the point meant."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.events import PulseOutcome
from robot.build import NoRecorder
from robot.config import DEMO_MACHINE, load_config
from robot.sight import Placed
from robot.types import Mode, PlannedPulse, StepRecord, Train
from sim.airjet import TrainEffect
from sim.witness import Witness
from vision.types import Detections, Frame

CAMERA = load_config(DEMO_MACHINE).cameras[0].model()
PLACES = np.array([[0.40, 1.60, 0.43], [0.46, 1.58, 0.45], [0.50, 1.63, 0.42]])


class Truth:
    """Three flowers that do not sway."""

    def near(self, s: float, reach: float) -> NDArray[np.intp]:
        return np.flatnonzero(np.abs(PLACES[:, 0] - s) < reach)

    def positions(self, index: NDArray[np.intp], t: float) -> NDArray[np.float64]:
        return PLACES[index]


class Eye:
    """A Sight that has just placed detections under the ids it is told."""

    def __init__(self) -> None:
        self.placed: Placed | None = None
        self.known: set[int] = set()

    def flowers(self, s_low: float, s_high: float) -> list[Any]:
        return [SimpleNamespace(flower_id=flower, place_known=True) for flower in self.known]


class Row:
    """A witness of a cart that stands at s = 0, told frame by frame which flowers are seen under which ids."""

    def __init__(self) -> None:
        world = SimpleNamespace(side=lambda side: SimpleNamespace(radii=np.full(3, 0.011)))
        self.eye = Eye()
        truth = cast(Any, {"left": Truth()})
        self.witness = Witness(cast(Any, world), truth, {"left": CAMERA}, lambda t: 0.0, NoRecorder())
        self.witness.sights = cast(Any, {"left": self.eye})
        self.seq = 0

    def look(
        self,
        ids: dict[int, int],
        times: int = 1,
        merges: list[tuple[int, int]] | None = None,
        beside_px: float = 0.0,
    ) -> None:
        """Show true flower -> map id, `times` frames long, boxes `beside_px` off."""
        for _ in range(times):
            self.seq += 1
            pixels = CAMERA.project(PLACES[list(ids)], 0.0) + beside_px
            boxes = np.concatenate([pixels - 9, pixels + 9], axis=1).astype(np.float32)
            found = Detections(boxes, np.full((len(ids), 3), 0.3, np.float32), np.ones(len(ids), np.float32))
            self.eye.placed = Placed(self.seq, np.array(list(ids.values())), merges or [])
            self.eye.known |= set(ids.values())
            self.record(found=found)

    def record(self, found: Detections | None = None, pulses: Any = (), events: Any = ()) -> None:
        frame = Frame("left", self.seq, self.seq / 15, np.zeros((4, 4, 3), np.uint8))
        frames, detections = ({"left": frame}, {"left": found}) if found is not None else ({}, {})
        self.witness.record_step(
            StepRecord(
                0.0, events, cast(Any, frames), (), Mode.RUNNING, None, cast(Any, detections), pulses, (), ()
            )
        )


def test_flowers_under_one_name_each_are_counted_once() -> None:
    row = Row()
    row.look({0: 10, 1: 11, 2: 12}, times=12)
    told = row.witness.identity()
    assert (told.seen, told.counted, told.twice, told.kept, told.mixed, told.ghosts) == (3, 3, 0, 1.0, 0, 0)


def test_flower_that_goes_on_under_another_name_is_counted_twice() -> None:
    row = Row()
    row.look({0: 10, 1: 11}, times=8)
    row.look({0: 20, 1: 11}, times=8)
    told = row.witness.identity()
    assert (told.counted, told.twice, told.kept) == (2, 1, 0.5)


def test_names_that_the_map_itself_made_one_are_one() -> None:
    row = Row()
    row.look({0: 10}, times=8)
    row.look({0: 20}, times=8)
    row.look({0: 10}, merges=[(20, 10)])
    assert row.witness.identity().kept == 1.0


def test_name_that_wanders_from_flower_to_flower_is_mixed() -> None:
    row = Row()
    row.look({0: 10}, times=6)
    row.look({1: 10}, times=5)
    assert row.witness.identity().mixed == 1


def test_name_without_a_flower_is_made_up() -> None:
    row = Row()
    row.look({0: 10}, times=12)
    row.look({1: 11}, times=6, beside_px=60.0)
    told = row.witness.identity()
    assert (told.ghosts, told.counted) == (1, 1)


def test_glimpses_are_not_asked_about() -> None:
    row = Row()
    row.look({0: 10}, times=5)
    assert row.witness.identity().kept is None


def test_jet_is_measured_against_the_point_that_was_meant() -> None:
    row = Row()
    row.look({0: 10}, times=12)
    mapped = (0.41, 1.60, 0.43)  # the map is 10 mm off in s, and the aim 4 mm above on purpose
    pulse = PlannedPulse(7, "left", 3, 0, 1, Train(15_000, 40_000, 3), (0.41, 1.604, 0.43), (10,), (mapped,))
    outcome = PulseOutcome(2.0, 7, "fired", opened_at=1.0)
    row.record(pulses=(pulse,), events=(outcome,))
    met = TrainEffect("left", 3, 1.02, 3, {}, [(1.05, 0.403, 1.604)])
    other = TrainEffect("left", 3, 5.0, 3, {}, [(5.05, 0.9, 1.6)])
    assert row.witness.aim_point_error_mm([met, other]).p50 == pytest.approx(3.0)
    assert row.witness.aim_point_error_mm([other]).p50 is None
