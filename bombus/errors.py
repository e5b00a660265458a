"""Which errors are wrong use (exit 2) and which are work that failed (exit 1); all others are our bugs."""

from __future__ import annotations

from bombus.output import WorkFailedError, WrongUseError
from firmware_bridge.transport import TransportError
from robot.alerts.store import AlertError
from robot.bench_link import BenchError
from robot.build import BuildError
from robot.calibration.lag_sensor import LagError
from robot.config import ConfigError
from robot.ledger import LedgerError
from robot.recording_format import RecordingError
from robot.telemetry_server import TelemetryError
from sim.mcu_process import McuProcessError
from sim.realtime import RealtimeError
from sim.replay_setting import ReplayError
from sim.scenario import ScenarioError
from sim.season.measure import MeasureError
from vision.evaluate import LabelError
from vision.lens_fit import CalibrationError
from vision.onnx_model import ModelError
from vision.stills import PictureError
from vision.training import TrainingError
from vision.types import CameraError

WRONG_USE_ERRORS: tuple[type[Exception], ...] = (
    ConfigError,
    LabelError,
    ModelError,
    PictureError,
    RecordingError,
    ReplayError,
    ScenarioError,
    TrainingError,
    WrongUseError,
)

WORK_FAILED: tuple[type[Exception], ...] = (
    AlertError,
    BenchError,
    BuildError,
    CalibrationError,
    CameraError,
    LagError,
    LedgerError,
    McuProcessError,
    MeasureError,
    RealtimeError,
    TelemetryError,
    TransportError,
    WorkFailedError,
)

EXPECTED: tuple[type[Exception], ...] = (*WRONG_USE_ERRORS, *WORK_FAILED, ImportError, FileNotFoundError)
"""What a look at one part may end in when that part is not there."""
