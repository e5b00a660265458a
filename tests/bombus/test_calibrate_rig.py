"""`bombus calibrate rig` on a recorded drive past drawn tags, with a mount that is known."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from firmware_bridge.events import LinkUp, Telemetry
from robot.config import DEMO_MACHINE, load_config
from robot.recorder import McapRecorder
from robot.recording_format import RecordingHeader
from robot.types import Mode, StepRecord
from vision.calibration import CameraModel
from vision.charuco import DICTIONARY
from vision.types import Frame

SIDE_M = 0.05
PLACES = np.array(
    [[0.2, 1.55, 0.45], [0.42, 1.66, 0.40], [0.6, 1.50, 0.52], [0.85, 1.62, 0.42], [1.0, 1.5, 0.47], [1.2, 1.68, 0.5]]
)  # fmt: skip
LATENCY_S = 0.04
BOOT = LinkUp(0.0, 1, 7, 0, "power_on", "1", 64, 10_000, 0)
MARKERS = [
    np.asarray(cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(DICTIONARY), k, 140))
    for k in range(len(PLACES))
]


def true_camera() -> CameraModel:
    told = load_config(DEMO_MACHINE).cameras[0].model().model_dump()
    return CameraModel.model_validate(
        told | {"yaw": 0.03, "roll": -0.02, "pitch": 0.015, "h": 1.61, "s_offset": 0.44}
    )


def place_at(t: float) -> float:
    """Out for 12 s and back, along half a wave: the speed changes all the time."""
    return -0.45 + 0.75 * (1 - math.cos(2 * math.pi * t / 24.0))


def picture(camera: CameraModel, cart_s: float) -> NDArray[np.uint8]:
    image: NDArray[np.uint8] = np.full((camera.height, camera.width), 170, np.uint8)
    flat = np.array([[0, 0], [140, 0], [140, 140], [0, 140]], np.float32)
    corners = 0.5 * SIDE_M * np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]])
    for marker, place in zip(MARKERS, PLACES, strict=True):
        quad = camera.project(place + corners, cart_s)
        if np.isfinite(quad).all() and ((quad > -200) & (quad < 900)).all():
            way = cv2.getPerspectiveTransform(flat, quad.astype(np.float32))
            size = (camera.width, camera.height)
            cv2.warpPerspective(
                marker, way, size, dst=image, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT
            )
    return np.repeat(cv2.GaussianBlur(image, (0, 0), 0.7)[..., None], 3, axis=2).astype(np.uint8)


def telemetry(t: float) -> Telemetry:
    ticks = round((place_at(t) - place_at(0.0)) * 10_000)
    return Telemetry(
        t, ticks, 0, 0, 600, True, True, 25_000, False, False, False, False, False, False, 0, 0, 0, 0, 0, 0, 0
    )


def record(path: Path, machine_toml: str) -> None:
    camera = true_camera()
    header = RecordingHeader("2026-06-01T10:00:00+00:00", 0.0, machine_toml)
    recorder = McapRecorder(path, header, {"left": camera}, synchronous=True)
    for step in range(24 * 50):
        now = 0.02 * (step + 1)
        events: Sequence[Any] = ([BOOT] if step == 0 else []) + [telemetry(now)]
        frames = {}
        if step % 6 == 5:
            jpeg = simplejpeg.encode_jpeg(
                picture(camera, place_at(now - LATENCY_S)), quality=92, colorspace="BGR"
            )
            image = simplejpeg.decode_jpeg(jpeg, colorspace="BGR")
            frames = {"left": Frame("left", step, now, image, jpeg)}
        recorder.record_step(
            StepRecord(now, tuple(events), frames, (), Mode.READY, None, {}, (), (), ())  # type: ignore[arg-type]
        )
    recorder.close()


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drive") / "past_tags.mcap"
    text = DEMO_MACHINE.read_text().replace("start_s = -1.0", f"start_s = {place_at(0.0)}")
    record(path, text)
    return path


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    path = tmp_path / "machine.toml"
    path.write_text(DEMO_MACHINE.read_text())
    return path


@pytest.fixture
def tags(tmp_path: Path) -> Path:
    path = tmp_path / "tags.toml"
    rows = [
        f"[[tags]]\nid = {k}\ns = {s}\nh = {h}\nd = {d}\n" for k, (s, h, d) in enumerate(PLACES[:4].tolist())
    ]
    path.write_text("".join(rows))
    return path


def calibrate(bombus: Any, drive: Path, machine: Path, *words: object, typed: str = "") -> Any:
    return bombus("calibrate", "rig", drive, "--config", machine, "--camera", "left", *words, typed=typed)


def test_mount_is_measured_shown_and_written(bombus: Any, drive: Path, machine: Path, tags: Path) -> None:
    before = machine.read_text()
    done = calibrate(bombus, drive, machine, "--tags", tags, "--json", typed="yes\n")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["written"]
    assert shown["rms_px"] < 0.5
    true = true_camera()
    left, right = load_config(machine).cameras
    assert left.latency_s == pytest.approx(LATENCY_S, abs=0.002)
    assert (left.yaw, left.roll) == pytest.approx((true.yaw, true.roll), abs=2e-3)
    assert left.s_offset == pytest.approx(true.s_offset, abs=4e-3)
    assert left.calibrated.startswith("mount 20")
    assert right.calibrated == ""
    kept = [line for line in before.splitlines() if not line.startswith(("s_offset", "h =", "d ="))]
    assert set(kept) <= set(machine.read_text().splitlines())
    assert "latency_s, ms" in done.stderr


def test_without_measured_places_only_timing_and_turn_are_told(
    bombus: Any, drive: Path, machine: Path
) -> None:
    before = machine.read_text()
    done = calibrate(bombus, drive, machine, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    told = {name for name, one in json.loads(done.stdout)["parameters"].items() if one["told"]}
    assert {"latency_s", "yaw", "roll"} <= told
    assert not {"s_offset", "h", "pitch"} & told
    assert "need tags of measured place" in done.stderr
    assert machine.read_text() == before


def test_tag_at_the_wrong_place_is_pointed_at(bombus: Any, drive: Path, machine: Path, tags: Path) -> None:
    tags.write_text(tags.read_text().replace(f"s = {PLACES[2, 0]}", f"s = {PLACES[2, 0] + 0.1}"))
    done = calibrate(bombus, drive, machine, "--tags", tags, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "mm from where it" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["--landmarks", "posts"], 2, "--landmarks posts: unknown; choose from tags, flowers"),
        (["--tags", "nowhere.toml"], 2, "nowhere.toml: cannot be read"),
        (["--landmarks", "flowers", "--tags", "x.toml"], 2, "--tags: goes with --landmarks tags"),
        (["--camera", "right"], 1, "0 landmarks were seen"),
    ],
)
def test_what_cannot_be_is_named_in_one_line(
    bombus: Any, drive: Path, machine: Path, words: list[str], code: int, named: str
) -> None:
    done = calibrate(bombus, drive, machine, *words)
    assert done.returncode == code
    assert named in done.stderr
    assert done.stderr.count("\n") == 1


def test_file_that_is_no_recording_is_named(bombus: Any, machine: Path, tmp_path: Path) -> None:
    (tmp_path / "x.mcap").write_bytes(b"nothing")
    done = calibrate(bombus, tmp_path / "x.mcap", machine)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
