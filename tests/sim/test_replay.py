from collections.abc import Iterator
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from robot.config import DEMO_MACHINE, load_config
from robot.ledger import PulseState, Settled, TreatedPlace
from robot.recorder import McapRecorder
from robot.recording_format import RecordingError, RecordingHeader
from robot.settings import RobotConfig
from robot.types import PlannedPulse
from sim import lockstep, recording
from sim.clock import SIM_EPOCH
from sim.lockstep import LockstepRow, machine_for
from sim.recording import recorder_for
from sim.replay import decisions_in, replay_recording
from sim.replay_parts import ledger_as_it_was
from sim.replay_pictures import fitted, replay_pictures
from sim.replay_setting import ReplayError, Setting
from sim.scenario import load_scenario
from sim.troubles import SimLedger
from vision.onnx_model import ModelCard
from vision.stills import PictureError
from vision.types import Detections

ROW_M = 0.5
CARD = ModelCard(
    name="yellow",
    classes=("bud", "open", "spent"),
    input_size=(640, 384),
    sha256="0" * 64,
    score_threshold=0.2,
)


class YellowSpots:
    """A detector that calls every yellow spot an open flower: quick, and it looks at the pixels."""

    def __init__(self, least_px: int = 12) -> None:
        self.least_px = least_px

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        small = image[::2, ::2]
        mask = cv2.inRange(cv2.cvtColor(small, cv2.COLOR_BGR2HSV), (20, 110, 110), (35, 255, 255))
        _, _, found, _ = cv2.connectedComponentsWithStats(mask)
        spots = found[1:][found[1:, cv2.CC_STAT_AREA] >= self.least_px][:40].astype(np.float32)
        corners = spots[:, :2], spots[:, :2] + spots[:, 2:4]
        boxes = 2 * np.concatenate(corners, axis=1) if len(spots) else np.empty((0, 4), np.float32)
        stages = np.tile(np.array([[0.02, 0.95, 0.03]], np.float32), (len(spots), 1))
        return Detections(boxes, stages, np.full(len(spots), 0.95, np.float32))


SPOTS = Setting(detector=YellowSpots())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A short rendered row, recorded: the file, and the fingerprint of its decisions."""
    folder = tmp_path_factory.mktemp("recorded")
    scenario = load_scenario("row", length_m=ROW_M, speed_m_s=0.3)
    vehicle, camera = {"start_s": -0.5}, {"fps": 10.0}
    scenario = scenario.model_copy(
        update={
            "vehicle": scenario.vehicle.model_copy(update=vehicle),
            "camera": scenario.camera.model_copy(update=camera),
        }
    )
    config = machine_for(scenario, None, folder / "ledger.sqlite")
    ledger = treated_on_the_left(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lockstep, "open_detector", lambda wanted: YellowSpots())
        patch.setattr(recording, "model_card", lambda model: CARD)
        recorder = recorder_for(folder / "row.mcap", config, "onnx", ledger)
        row = LockstepRow(scenario, 3, config, "onnx", ledger, recorder)
    assert row.run()[0]
    yield folder / "row.mcap", row.loop.decisions_sha256


def treated_on_the_left(config: RobotConfig) -> SimLedger:
    """Return the row's ledger after a session an hour ago that treated the first 0.3 m of the left side."""
    ledger = SimLedger(config.ledger.path)
    hour_ago = SIM_EPOCH.timestamp() - 3600.0
    ledger.begin(config.row.name, hour_ago)
    grid = product(np.arange(0.0, 0.35, 0.02), np.arange(1.38, 1.84, 0.02), np.arange(0.34, 0.48, 0.02))
    places = [(float(s), float(h), float(d)) for s, h, d in grid]
    train = config.dose.train()
    # Few flowers to a pulse, as in life: what is known of a pulse is looked through one by one.
    groups = [tuple(places[i : i + 7]) for i in range(0, len(places), 7)]
    pulses = [
        PlannedPulse(1 + i, "left", 0, 0, 1, train, group[0], tuple(range(len(group))), group)
        for i, group in enumerate(groups)
    ]
    ledger.intend(pulses, config.row.name, 0.0, hour_ago)
    settled = [Settled(pulse.pulse_id, PulseState.DONE, openings=train.count) for pulse in pulses]
    ledger.settle(settled, hour_ago)
    ledger.note_place(77, 0.5, 1.0, hour_ago)
    ledger.close(hour_ago)
    return SimLedger(config.ledger.path)


def picture(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    image = rng.integers(40, 110, (height, width, 3), dtype=np.uint8)
    cv2.circle(image, (width // 2, height // 2), height // 20, (0, 230, 250), -1)
    return image


def test_a_recorded_row_replays_to_identical_decisions(recorded: tuple[Path, str]) -> None:
    path, sha256 = recorded
    result = replay_recording(path, SPOTS, decisions_in(path))
    assert result == replay_recording(path, SPOTS)
    assert result.decisions_sha256 == result.recorded_decisions_sha256 == sha256
    assert result.exact
    assert result.difference_count == 0
    assert result.pulses > 0
    assert result.frames > 40
    assert result.refusals["treated_recently"] > 0
    assert not result.note


def test_recorded_detections_decide_the_same_without_a_detector(recorded: tuple[Path, str]) -> None:
    result = replay_recording(recorded[0], Setting(recorded_detections=True))
    assert (result.exact, result.decisions_sha256) == (True, recorded[1])


def test_another_detector_shows_as_differences(recorded: tuple[Path, str]) -> None:
    result = replay_recording(recorded[0], Setting(detector=YellowSpots(least_px=10_000)))
    assert not result.exact
    assert result.difference_count > 0
    assert {one.kind for one in result.differences} == {"lost"}
    assert any("pulse" in one.what for one in result.differences)


def test_another_machine_file_is_named_and_its_changes_are_found(
    recorded: tuple[Path, str], tmp_path: Path
) -> None:
    machine = tmp_path / "other.toml"
    text = DEMO_MACHINE.read_text().replace("radius = 0.014", "radius = 0.010")
    machine.write_text(text)
    result = replay_recording(recorded[0], Setting(machine, detector=YellowSpots()))
    assert str(machine) in result.note
    assert not result.exact


def test_a_truncated_recording_replays_up_to_the_cut(recorded: tuple[Path, str], tmp_path: Path) -> None:
    data = recorded[0].read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(data[: int(0.4 * len(data))])
    result = replay_recording(cut, SPOTS)
    assert result.truncated
    assert result.steps > 0
    assert result.difference_count == 0
    assert str(cut) in result.note
    assert "\n" not in result.note
    with pytest.raises(ReplayError, match="compare with a whole recording"):
        decisions_in(cut)


def test_garbage_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "garbage.mcap"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(RecordingError, match="not an MCAP file"):
        replay_recording(path, SPOTS)


def test_a_row_of_labels_replays_to_identical_decisions_without_pictures(tmp_path: Path) -> None:
    scenario = load_scenario("row", length_m=ROW_M, speed_m_s=0.35)
    config = machine_for(scenario, None, tmp_path / "ledger.sqlite")
    ledger = SimLedger(config.ledger.path)
    recorder = recorder_for(tmp_path / "labels", config, "truth", ledger)
    row = LockstepRow(scenario, 4, config, "truth", ledger, recorder)
    assert row.run()[0]
    result = replay_recording(tmp_path / "labels")
    assert result.decisions_sha256 == row.loop.decisions_sha256
    assert (result.exact, result.differences, result.note) == (True, [], "")
    assert result.pulses > 0
    with pytest.raises(ReplayError, match="holds no pictures for a model"):
        replay_recording(tmp_path / "labels", SPOTS)


def test_a_recording_of_another_version_names_the_key_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "other.mcap"
    header = RecordingHeader("2026-06-01T10:00:00+00:00", 5.0, DEMO_MACHINE.read_text() + "\nradus = 1")
    McapRecorder(path, header, {}, synchronous=True).close()
    with pytest.raises(ReplayError, match=r"radus = 1: unknown key.*--config"):
        replay_recording(path, SPOTS)


def test_the_ledger_begins_as_the_recorded_one_did() -> None:
    treated = (
        TreatedPlace("left", (1.0, 1.6, 0.4), 7, 3600.0),
        TreatedPlace("left", (1.02, 1.6, 0.4), 7, 3600.0),
        TreatedPlace("right", (2.0, 1.5, 0.4), 9, 60.0),
    )
    extra = {"last_pulse_id": "12", "last_session": "row 7 41 -1.25"}
    header = RecordingHeader("2026-06-01T10:00:00+00:00", 5.0, "", "", treated, extra=extra)
    ledger = ledger_as_it_was(header, "row 7")
    wall = 1780308000.0
    found = ledger.treated_places("row 7", wall - 86_400.0, wall)
    assert [(one.side, one.place, one.pulse_id) for one in found] == [
        (one.side, one.place, one.pulse_id) for one in treated
    ]
    assert [one.age_s for one in found] == pytest.approx([one.age_s for one in treated], abs=1e-5)
    assert ledger.last_pulse_id() == 12
    ledger.begin("row 7", wall)
    last = ledger.last_session()
    assert last is not None
    assert (last.row, last.boot_id, last.origin_s) == ("row 7", 41, -1.25)
    ledger.settle([Settled(9, PulseState.NOT_FIRED)], wall)
    assert {one.pulse_id for one in ledger.treated_places("row 7", wall - 86_400.0, wall)} == {7}


def test_stills_are_frames_at_places_of_their_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for number, size in enumerate([(700, 500), (384, 640), (90, 120)]):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), picture(rng, *size))
    first = replay_pictures(tmp_path, SPOTS)
    assert first.frames == 3
    assert first.detections["open"] == 3
    assert sum(first.refusals.values()) == 3
    assert first.differences == []
    assert first.exact is None
    assert not first.unusable_frames
    assert replay_pictures(tmp_path, SPOTS) == first


def test_a_corrupt_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    with pytest.raises(PictureError, match=r"broken\.jpg"):
        replay_pictures(tmp_path, SPOTS)


def test_a_video_moves_at_the_speed_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "row.avi"
    config = load_config(DEMO_MACHINE)
    write_video(path, config, frames=75, speed=0.2)
    result = replay_pictures(path, Setting(speed_m_s=0.2, detector=YellowSpots()))
    assert result.frames == 75
    assert result.pulses == 1
    assert not result.truncated


def test_a_cut_or_broken_video_is_told(tmp_path: Path) -> None:
    path = tmp_path / "row.avi"
    config = load_config(DEMO_MACHINE)
    write_video(path, config, frames=40, speed=0.2)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = replay_pictures(path, Setting(speed_m_s=0.2, detector=YellowSpots()))
    assert result.truncated
    assert str(path) in result.note
    path.write_bytes(b"not a video" * 100)
    with pytest.raises(ReplayError, match="not a readable video"):
        replay_pictures(path, SPOTS)


def write_video(path: Path, config: RobotConfig, frames: int, speed: float) -> None:
    """Write what the left camera sees of one yellow flower at (0.9, 1.6, 0.43) at 15 frames a second."""
    camera = config.cameras[0].model()
    background = np.random.default_rng(2).integers(40, 110, (384, 1600, 3), dtype=np.uint8)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, (640, 384))
    for number in range(frames):
        cart_s = number * speed / 15.0
        u, v = camera.project(np.array([[0.9, 1.6, 0.43]]), cart_s)[0]
        shift = round(cart_s * 800)
        image = np.ascontiguousarray(background[:, shift : shift + 640])
        cv2.circle(image, (round(u), round(v)), 12, (0, 230, 250), -1)
        writer.write(image)
    writer.release()


def test_a_picture_is_fitted_whole_into_the_frame() -> None:
    camera = load_config(DEMO_MACHINE).cameras[0]
    image = np.full((1000, 500, 3), 200, np.uint8)
    whole = fitted(image, camera)
    assert whole.shape == (384, 640, 3)
    assert (whole[:, 224:416] == 200).all()
    assert (whole[:, :224] == 0).all()
