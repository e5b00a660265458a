"""Camera faults in truth mode: the robot's own checks see them, and well pictures pass."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from robot.recorder import McapRecorder
from sim.camera_faults import DARK, cut_row
from sim.lockstep import LockstepRow, machine_for
from sim.recording import recorder_for
from sim.replay import replay_recording
from sim.scenario import load_scenario
from sim.stand_in import FAINT, SIZE, SpoiltEyes, StandInChecks, spoilt_eyes, stripes
from sim.troubles import SimLedger
from sim.truth_detector import PICTURE
from vision.frame_checks import FrameCheckConfig
from vision.types import Detections, Frame

HEIGHT = 384


class Looks:
    """Eyes that find one flower a tenth of the picture below the other; its score tells from where."""

    def __init__(self) -> None:
        self._s = 0.0

    def picture(self, cart_s: float, t: float, seq: int, /) -> NDArray[np.uint8]:
        self._s = cart_s
        return PICTURE

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        middles = np.arange(0.05, 1.0, 0.1) * HEIGHT
        boxes = np.array([(10.0, y - 3.0, 20.0, y + 3.0) for y in middles], np.float32)
        return Detections(boxes, np.full((10, 3), 0.3, np.float32), np.full(10, self._s, np.float32))


def eyes(struck: dict[str, tuple[float, float]]) -> SpoiltEyes:
    return SpoiltEyes(Looks(), struck, HEIGHT)


def told(struck: dict[str, tuple[float, float]], frames: int) -> list[str | None]:
    seen, checks = eyes(struck), StandInChecks(FrameCheckConfig())
    pictures = ((k, seen.picture(0.01 * k, k / 15, k)) for k in range(1, frames + 1))
    problems = (checks.problem(Frame("left", k, k / 15, image)) for k, image in pictures)
    return [None if problem is None else problem.partition(":")[0] for problem in problems]


def test_stripes_of_a_well_camera_pass_the_frame_checks() -> None:
    assert told({}, 300) == [None] * 300


def test_each_fault_is_named_by_the_frame_checks() -> None:
    assert told({"camera_dark": (0.0, 0.0)}, 3) == ["dark"] * 3
    assert told({"camera_frozen": (0.0, 0.0)}, 6) == [None] * 4 + ["frozen"] * 2
    assert told({"camera_torn": (0.0, 0.0)}, 100) == ["torn"] * 100


def test_a_faint_tear_passes() -> None:
    assert told({"camera_torn": (0.0, 0.0)}, FAINT)[-1] is None


def test_a_plain_picture_is_always_well() -> None:
    checks = StandInChecks(FrameCheckConfig())
    assert {checks.problem(Frame("left", k, k / 15, PICTURE)) for k in range(20)} == {None}


def test_a_frozen_camera_finds_what_it_found_when_it_struck() -> None:
    seen = eyes({"camera_frozen": (1.0, 0.5)})
    first = seen.picture(0.4, 0.9, 8)
    assert seen.detect(first).scores[0] == np.float32(0.4)
    held = [seen.picture(0.1 * k, 0.1 * k, k) for k in (10, 11, 12)]
    assert held[0] is held[1] is held[2]
    assert seen.detect(held[2]).scores[0] == np.float32(0.5)


def test_a_dark_camera_finds_nothing() -> None:
    seen = eyes({"camera_dark": (1.0, 0.5)})
    image = seen.picture(0.6, 1.1, 9)
    assert len(seen.detect(image)) == 0
    assert image.max() <= DARK * 255


def test_a_torn_picture_goes_on_below_the_cut_with_what_was_seen_earlier() -> None:
    seen = eyes({"camera_torn": (1.0, 0.5)})
    found = seen.detect(seen.picture(0.6, 1.1, 9))
    earlier = found.scores < 0.59
    cut = cut_row(SIZE, 9) / SIZE * HEIGHT
    assert len(found) == 10
    assert ((found.boxes[:, 1] + 3.0 > cut) == earlier).all()
    assert earlier.any() and not earlier.all()


def test_only_a_left_camera_with_such_a_fault_is_spoilt() -> None:
    well = Looks()
    assert spoilt_eyes(well, "left", ("estop@1",), {}, HEIGHT) is well
    assert spoilt_eyes(well, "right", ("camera_dark@1",), {}, HEIGHT) is well
    assert spoilt_eyes(well, "left", ("camera_dark@1",), {}, HEIGHT) is not well


@pytest.mark.parametrize("fault", ["camera_dark", "camera_torn"])
def test_a_recorded_row_with_a_camera_fault_replays_to_the_same_decisions(fault: str, tmp_path: Path) -> None:
    scenario = load_scenario("row", length_m=1.0, speed_m_s=0.3, faults=[f"{fault}@5"])
    config = machine_for(scenario, None, tmp_path / "ledger.sqlite")
    ledger = SimLedger(config.ledger.path)
    recorder: McapRecorder = recorder_for(tmp_path / "row.mcap", config, "truth", ledger)
    row = LockstepRow(scenario, 1, config, "truth", ledger, recorder)
    while row.clock.now() < 8.0:
        row.step()
    row.close()
    assert "frames_left_bad" in row.watcher.faults
    replayed = replay_recording(tmp_path / "row.mcap")
    assert replayed.decisions_sha256 == row.loop.decisions_sha256
    assert replayed.differences == []


def test_stripes_differ_from_frame_to_frame() -> None:
    assert not np.array_equal(stripes(3), stripes(4))
    assert np.array_equal(stripes(3), stripes(3))
