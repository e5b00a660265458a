from math import pi
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from robot import build
from robot.alerts.store import AlertError
from robot.build import BuildError, alert_book, build_robot, core_config, recording_header
from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config
from robot.ledger import Ledger
from robot.mission.fiducials import FrontCameraConfig, TagSeen
from sim.front_camera import FrontCamera, TagPlate
from vision.domain_shift import DomainConfig
from vision.onnx_model import ModelError
from vision.types import Detections

TEXT = DEMO_MACHINE.read_text()


def test_missing_serial_port_ends_in_one_line(tmp_path: Path) -> None:
    config = load_config(DEMO_MACHINE, {"serial.port": str(tmp_path / "ttyNONE")})
    with pytest.raises(BuildError, match=r"serial.port = '.*ttyNONE': not there; plug in"):
        build_robot(config, TEXT, MonotonicClock())


def test_missing_model_ends_in_one_line_before_anything_is_opened(tmp_path: Path) -> None:
    port = tmp_path / "tty"
    port.touch()
    ledger = tmp_path / "ledger.sqlite"
    config = load_config(
        DEMO_MACHINE,
        {
            "serial.port": str(port),
            "detector.model": str(tmp_path / "none.onnx"),
            "ledger.path": str(ledger),
        },
    )
    with pytest.raises(ModelError, match=r"none.onnx"):
        build_robot(config, TEXT, MonotonicClock())
    assert not ledger.exists()


def test_front_camera_is_opened_by_its_source_and_reads_tags_in_a_thread_of_its_own(tmp_path: Path) -> None:
    config = FrontCameraConfig(source=f"file:{tmp_path / 'front.avi'}")
    drawn = FrontCamera(config, [TagPlate(7, 1.4, 0.0, 0.9, pi)], seed=1).picture(0.0, 0.0, 0.0)
    writer = cv2.VideoWriter(str(tmp_path / "front.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 15, (640, 480))
    for _ in range(5):
        writer.write(cv2.cvtColor(drawn, cv2.COLOR_GRAY2BGR))
    writer.release()
    camera, clock = build.tag_camera(config), MonotonicClock()
    assert camera is not None
    until = clock.now() + 20.0
    seen: list[TagSeen] = []
    while not seen and clock.now() < until:
        clock.sleep_until(clock.now() + 0.002)
        seen = camera.recent(clock.now())
    camera.close()
    assert [one.tag for one in seen] == [7]


def test_machine_without_a_front_camera_has_none_and_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert build.tag_camera(FrontCameraConfig()) is None
    camera, clock = (
        build.tag_camera(FrontCameraConfig(source=f"file:{tmp_path / 'no.avi'}")),
        MonotonicClock(),
    )
    assert camera is not None
    until = clock.now() + 20.0
    while "not opened yet" in camera.problem and clock.now() < until:
        clock.sleep_until(clock.now() + 0.002)
    camera.close()
    assert "no.avi is not there; name an existing video file" in camera.problem


def test_controllers_configuration_follows_the_encoder_of_the_machine() -> None:
    config = load_config(DEMO_MACHINE, {"odometry.ticks_per_m": 8_000})
    assert core_config(config).ticks_per_m == 8_000


def test_header_of_a_recording_holds_what_decides_and_is_in_no_step() -> None:
    ledger = Ledger(":memory:")
    header = recording_header(load_config(DEMO_MACHINE), TEXT, ledger, MonotonicClock(), "ab" * 32, "cpu")
    assert header.config_toml == TEXT
    assert header.treated == ()
    assert header.extra == {"provider": "cpu", "last_pulse_id": "0", "last_session": ""}
    assert header.versions["bombus"]


def test_alerts_file_on_a_full_disk_is_stood_in_for_and_any_other_trouble_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "alerts.sqlite").write_bytes(b"no alerts file" * 100)
    config = load_config(DEMO_MACHINE, {"alerts.path": str(tmp_path / "alerts.sqlite")})
    with pytest.raises(AlertError, match="move the file away"):
        alert_book(config, Ledger(":memory:"), MonotonicClock())
    monkeypatch.setattr(build, "why_full", lambda path: "the disk is full")
    book = alert_book(config, Ledger(":memory:"), MonotonicClock())
    assert book.open == ()
    book.close()


def test_a_session_that_broke_off_is_a_notice_and_one_that_ended_is_none(tmp_path: Path) -> None:
    config = load_config(DEMO_MACHINE, {"alerts.path": str(tmp_path / "alerts.sqlite")})
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.begin("7", 1.0)
    ledger.close(2.0)
    first = alert_book(config, Ledger(tmp_path / "ledger.sqlite"), MonotonicClock())
    assert first.open == ()
    first.close()
    Ledger(tmp_path / "ledger.sqlite").begin("8", 3.0)
    second = alert_book(config, Ledger(tmp_path / "ledger.sqlite"), MonotonicClock())
    assert [(alert.code, alert.text.rpartition(": ")[2]) for alert in second.open] == [
        ("ended_hard", "in row 8")
    ]
    second.close()


@pytest.mark.parametrize(("threshold", "compared"), [(None, True), (0.5, False)])
def test_scores_are_held_against_the_cards_only_at_the_cards_own_threshold(
    threshold: float | None, compared: bool
) -> None:
    config = load_config(DEMO_MACHINE)
    config = config.model_copy(
        update={
            "detector": config.detector.model_copy(update={"threshold": threshold}),
            "domain": DomainConfig(frames=5),
        }
    )
    card = SimpleNamespace(channels=None, confidence={"mean": 0.9, "std": 0.01})
    watch = build.picture_watch(SimpleNamespace(model=SimpleNamespace(card=card)), config)
    seen = Detections(np.zeros((1, 4), np.float32), np.zeros((1, 3), np.float32), np.full(1, 0.4, np.float32))
    for _ in range(5):
        watch.see(np.zeros((64, 64, 3), np.uint8), seen)
    assert ("scores 0.40, in training 0.90" in watch.shifted) == compared
