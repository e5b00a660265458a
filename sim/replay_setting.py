"""With what a recording is replayed: machine file, model, settings changed, and where detections come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robot.build import open_detector
from robot.config import DEMO_MACHINE, ConfigError, load_config, parse_config
from robot.recording_format import RecordedFrame
from robot.recording_reader import Recording
from robot.settings import SHIPPED_MODEL, RobotConfig
from robot.sight import FlowerDetector
from vision.types import Detections

NOTHING = Detections(np.empty((0, 4), np.float32), np.empty((0, 3), np.float32), np.empty(0, np.float32))


class ReplayError(Exception):
    """The source cannot be replayed; the text names it, the cause and the remedy."""


@dataclass(frozen=True)
class Setting:
    """What goes before the recorded: a machine file, a model, single keys ("planner.min_views": 3).

    `recorded_detections` takes what the detector found then instead of running one; `speed_m_s` is a video's.
    `detector` is used as it is, whatever the machine says; with `cache` each frame goes through it once and
    the machine's threshold is applied to what it found.
    """

    machine: Path | None = None
    model: Path | None = None
    overrides: Mapping[str, object] = field(default_factory=dict)
    recorded_detections: bool = False
    speed_m_s: float | None = None
    detector: FlowerDetector | None = None
    cache: dict[tuple[str, int], Detections] | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        words = [f"model {self.model}"] if self.model is not None else []
        words += [f"machine file {self.machine}"] if self.machine is not None else []
        words += [f"{key} = {value}" for key, value in self.overrides.items()]
        return ", ".join(words) or "this version"

    def for_pictures(self) -> RobotConfig:
        """Return the machine that looks at pictures, which bring none; raises ConfigError."""
        return load_config(self.machine or DEMO_MACHINE, self.overrides)


AS_RECORDED = Setting()


class Eye(FlowerDetector, Protocol):
    """A detector that is told which recorded frame comes next."""

    def show(self, frame: RecordedFrame | None) -> None:
        """Take the frame whose picture `detect` gets next."""
        ...


class LiveEye:
    """Runs a detector on the pictures."""

    def __init__(self, detector: FlowerDetector) -> None:
        self._detector = detector
        self.model = getattr(detector, "model", None)
        """The loop asks a model's card what pictures it was trained on."""

    def show(self, frame: RecordedFrame | None) -> None:
        """Nothing to remember."""

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return what it finds."""
        return self._detector.detect(image)


class RecordedEye:
    """Finds what was found then, down to `threshold`."""

    def __init__(self, threshold: float | None = None) -> None:
        self._threshold = threshold or 0.0
        self._found: Detections | None = None

    def show(self, frame: RecordedFrame | None) -> None:
        """Take the recorded finds."""
        self._found = None if frame is None else frame.found

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return them."""
        return down_to(self._found or NOTHING, self._threshold)


class CachedEye:
    """Runs a detector on each frame once, over all replays that share `cache`; cuts off at `threshold`."""

    def __init__(
        self, detector: FlowerDetector, cache: dict[tuple[str, int], Detections], threshold: float | None
    ) -> None:
        self._detector, self._cache, self._threshold = detector, cache, threshold or 0.0
        self._key = ("", -1)

    def show(self, frame: RecordedFrame | None) -> None:
        """Take the frame's name."""
        self._key = ("", -1) if frame is None else (frame.ref.camera_id, frame.ref.seq)

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return what was found in it the first time."""
        found = self._cache.get(self._key)
        if found is None:
            found = self._cache[self._key] = self._detector.detect(image)
        return down_to(found, self._threshold)


def down_to(found: Detections, threshold: float) -> Detections:
    """Return the finds from a score on; they come best first, so what stays suppressed the same doubles."""
    count = int((found.scores >= threshold).sum())
    return Detections(found.boxes[:count], found.stages[:count], found.scores[:count])


def is_truth(recording: Recording) -> bool:
    """Return whether the recording is of a simulated run without pictures."""
    return recording.header.extra.get("detector") == "truth"


def machine_of(recording: Recording, setting: Setting) -> RobotConfig:
    """Return the recorded machine, or the one that the setting names; raises ReplayError or ConfigError.

    A mission that went on in some row did not stand at its parking place.
    """
    config, row = _machine_of(recording, setting), recording.header.extra.get("row", "")
    if not row:
        return config
    begun = config.row.model_copy(update={"name": row, "start_s": None})
    return config.model_copy(update={"row": begun})


def _machine_of(recording: Recording, setting: Setting) -> RobotConfig:
    if setting.machine is not None:
        return load_config(setting.machine, setting.overrides)
    try:
        config = parse_config(recording.header.config_toml, "machine file")
    except ConfigError as error:
        raise ReplayError(
            f"recording {recording.path}: its {error}; it is of another version: "
            "replay it with that one, or with --config FILE"
        ) from error
    if not setting.overrides:
        return config
    return parse_config(recording.header.config_toml, "setting", setting.overrides)


def eye_maker(recording: Recording, config: RobotConfig, setting: Setting) -> tuple[Callable[[], Eye], str]:
    """Return what makes a side's eye, and a note when it is not what the recorded run saw with."""
    if is_truth(recording) and (setting.model is not None or setting.detector is not None):
        raise ReplayError(
            f"recording {recording.path}: made with --detector truth, it holds no pictures for a model; "
            "record again with --detector onnx"
        )
    if setting.recorded_detections or is_truth(recording):
        return (lambda: RecordedEye(config.detector.threshold)), ""
    detector, note = setting.detector, ""
    if detector is None:
        detector, note = detector_of(recording, config, setting)
    if setting.cache is not None:
        cache = setting.cache
        return (lambda: CachedEye(detector, cache, config.detector.threshold)), note
    return (lambda: LiveEye(detector)), note


def detector_of(recording: Recording, config: RobotConfig, setting: Setting) -> tuple[FlowerDetector, str]:
    """Return the machine's detector (the shipped one when its file is gone), and a note if it is another."""
    model = setting.model or config.detector.model
    if setting.model is None and setting.machine is None and not model.exists():
        model = SHIPPED_MODEL
    detector = open_detector(config.detector, model)
    wanted, given = recording.header.model_sha256, detector.model.sha256
    if wanted in {"", given}:
        there, here = recording.header.extra.get("provider", ""), detector.model.provider
        other = f"recorded with inference on {there}, replayed on {here}: last digits may differ"
        return detector, other if there not in {"", here} else ""
    return detector, f"recorded with model {wanted[:12]}, replayed with {given[:12]} ({model})"
