"""Made-up steps for the recorder's tests, and a recording of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simplejpeg

from robot.ledger import TreatedPlace
from robot.recorder import McapRecorder
from robot.recording_format import RecordedStep, RecordingHeader
from robot.types import (
    Command,
    CommandName,
    FlowerRefusal,
    Mode,
    PlannedPulse,
    PulseRefusal,
    Reason,
    StepRecord,
    Train,
)
from vision.calibration import CameraModel
from vision.types import Detections, Frame, Pose, Side


@dataclass(frozen=True, slots=True)
class Ticked:
    """An event as the bridge makes them."""

    t: float
    encoder_ticks: int
    name: str
    raw: bytes


EVENT_TYPES = (Ticked,)
HEADER = RecordingHeader(
    wall_start="2026-11-24T10:00:00+00:00",
    t_start=100.0,
    config_toml='name = "demo"\n',
    model_sha256="ab" * 32,
    treated=(TreatedPlace("left", (1.0, 1.6, 0.4), 7, 3600.0),),
    versions={"bombus": "0.1.0"},
)


def camera(side: Side) -> CameraModel:
    return CameraModel(
        camera_id=f"cam-{side}",
        side=side,
        width=64,
        height=32,
        fx=45.0,
        fy=45.0,
        cx=31.5,
        cy=15.5,
        s_offset=0.45,
        h=1.6,
    )


CAMERAS: dict[Side, CameraModel] = {"left": camera("left"), "right": camera("right")}


def picture(seed: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 255, (32, 64, 3), np.uint8)


def frame(side: Side, seq: int, *, encoded: bool = True) -> Frame:
    image = picture(seq)
    if not encoded:
        return Frame(f"cam-{side}", seq, 100.0 + seq / 15, image)
    jpeg = simplejpeg.encode_jpeg(image, colorspace="BGR")
    return Frame(f"cam-{side}", seq, 100.0 + seq / 15, simplejpeg.decode_jpeg(jpeg, colorspace="BGR"), jpeg)


def step(i: int, frames: dict[Side, Frame] | None = None) -> StepRecord:
    pulse = PlannedPulse(
        i,
        "left",
        3,
        12000 + i,
        1,
        Train(15000, 41667, 3),
        (1.2, 1.6, 0.4),
        (5, 6),
        ((1.2, 1.6, 0.4), (1.21, 1.6, 0.41)),
    )
    found = Detections(
        np.array([[1, 2, 10, 12]], np.float32),
        np.array([[0.1, 0.8, 0.1]], np.float32),
        np.array([0.8], np.float32),
    )
    return StepRecord(
        now=100.0 + i * 0.0100000001,
        events=(Ticked(100.0 + i * 0.01, i * 17, "tick", bytes([i % 256, 255])),),
        frames=frames or {},
        commands=(Command(CommandName.SET_SPEED, 0.15, "", "tablet"),) if i % 7 == 0 else (),
        mode=Mode.RUNNING if i > 2 else Mode.READY,
        pose=Pose(100.0, 0.1 * i, 0.15, 0.001),
        detections=dict.fromkeys(frames or {}, found),
        pulses=(pulse,) if frames else (),
        pulse_refusals=(PulseRefusal(pulse, Reason.LATE, "too late"),) if i % 5 == 0 else (),
        flower_refusals=(FlowerRefusal("right", 9, Reason.UNSURE, True),) if i % 3 == 0 else (),
        places={("right", 9): (1.5, 1.7, 0.41)} if i % 3 == 0 else {},
    )


def steps(count: int, *, encoded: bool = True) -> list[StepRecord]:
    return [step(i, {"left": frame("left", i, encoded=encoded)} if i % 2 else None) for i in range(count)]


def write(path: Path, records: list[StepRecord], *, lossless: bool = False) -> Path:
    recorder = McapRecorder(path, HEADER, CAMERAS, synchronous=True, lossless=lossless)
    for record in records:
        recorder.record_step(record)
    recorder.close()
    return path


def assert_same(found: RecordedStep, given: StepRecord, index: int) -> None:
    assert found.index == index
    assert found.now == given.now
    assert found.events == given.events
    assert found.commands == given.commands
    assert set(found.frames) == set(given.frames)
    for side, recorded_frame in found.frames.items():
        back, was = recorded_frame.decode(), given.frames[side]
        assert (back.camera_id, back.seq, back.t_capture) == (was.camera_id, was.seq, was.t_capture)
        assert np.array_equal(back.image, was.image)
        was_found = given.detections[side]
        assert isinstance(was_found, Detections)
        assert recorded_frame.found is not None
        assert recorded_frame.found.boxes.tolist() == was_found.boxes.tolist()
        assert recorded_frame.found.scores.tolist() == was_found.scores.tolist()
    if found.decisions is not None:
        assert found.decisions.pulses == given.pulses
        assert found.decisions.pulse_refusals == given.pulse_refusals
        assert found.decisions.flower_refusals == given.flower_refusals
        assert found.decisions.places == given.places
        assert (found.decisions.mode, found.decisions.pose) == (given.mode, given.pose)
    else:
        assert not (given.pulses or given.frames or given.flower_refusals)
