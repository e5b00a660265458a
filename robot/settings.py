"""The sections of a machine file, and the one model that holds them all. `robot/config.py` reads it."""

from __future__ import annotations

from collections.abc import Iterator
from math import radians, tan
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

import vision
from firmware_bridge.bridge import BridgeConfig
from firmware_bridge.core_config import CoreConfig
from robot.aim import JetConfig, NozzleBank
from robot.air_watch import AirWatchConfig
from robot.alerts.config import AlertsConfig
from robot.calibration.config import CalibrationConfig
from robot.dose import DoseConfig
from robot.end_switch import EndSwitchConfig
from robot.health import HealthConfig
from robot.home_assistant.config import HomeAssistantConfig
from robot.mission.fiducials import FRONT
from robot.mission.mission_config import MissionConfig
from robot.odometry import OdometryConfig
from robot.planner import Machine, PlannerConfig
from robot.recording_store import RecordingConfig
from robot.safety import SafetyConfig
from robot.shots import ShotConfig
from robot.slip_watch import SlipWatchConfig
from vision.calibration import CameraModel
from vision.domain_shift import DomainConfig
from vision.flower_map import FlowerMapConfig
from vision.frame_checks import FrameCheckConfig
from vision.model_card import ModelError
from vision.providers import checked
from vision.types import SIDES, Side

SHIPPED_MODEL = Path(vision.__path__[0]) / "models" / "flowers.onnx"


class Section(BaseModel):
    """Base of the sections that belong to no single module."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class RowConfig(Section):
    """The row to work."""

    name: str = Field("row", min_length=1, max_length=80, description="names the row in the ledger")
    length: float = Field(160.0, gt=0, le=500, description="m; 160 in a large house (vendor pages)")
    start_s: float | None = Field(
        None,
        ge=-20,
        le=500,
        description="where the cart always is when switched on, m; leave out to be asked",
    )
    overrun: float = Field(
        0.6, ge=0, le=5, description="m to roll on past the end, so all nozzles pass it (assumed)"
    )


class DriveConfig(Section):
    """Travel speeds."""

    cruise_speed: float = Field(
        0.15, gt=0, le=0.5, description="m/s; 0.14-0.17 serves a hectare in 5 h (derived)"
    )
    max_speed: float = Field(
        0.35, gt=0, le=0.5, description="m/s; the operator cannot ask for more (assumed)"
    )


class CameraConfig(Section):
    """One camera: where its frames come from, its lens and its mount (see vision/calibration.py)."""

    camera_id: str = Field(min_length=1, max_length=40, description="name in frames and recordings")
    side: Side = Field(description="side it looks at, seen along rising s")
    source: str = Field(
        min_length=1, description="v4l2:N, v4l2:/dev/..., rtsp://..., ring:/path or file:/path"
    )
    width: int = Field(640, ge=32, le=8192, description="px")
    height: int = Field(384, ge=32, le=8192, description="px")
    fps: float = Field(15.0, ge=1, le=240, description="frames per second asked of the camera")
    horizontal_fov_deg: float | None = Field(70.0, gt=10, lt=160, description="used where fx is not given")
    fx: float | None = Field(None, gt=0, description="px, calibrated; leave out to use the field of view")
    fy: float | None = Field(None, gt=0, description="px; fx when left out")
    cx: float | None = Field(None, description="px; the image's middle when left out")
    cy: float | None = Field(None, description="px; the image's middle when left out")
    distortion: tuple[float, float, float, float, float] = Field((0.0,) * 5, description="k1, k2, p1, p2, k3")
    s_offset: float = Field(0.45, ge=-3, le=3, description="lens ahead of the cart's reference point, m")
    h: float = Field(1.6, ge=0, le=5, description="lens above the rail, m")
    d: float = Field(0.0, ge=-1, le=2, description="lens from the mast plane, m")
    yaw: float = Field(0.0, ge=-0.8, le=0.8, description="rad, to the image's right")
    pitch: float = Field(0.0, ge=-0.8, le=0.8, description="rad, upwards")
    roll: float = Field(0.0, ge=-0.8, le=0.8, description="rad, clockwise")
    latency_s: float = Field(0.0, ge=-0.5, le=0.5, description="frame time minus true exposure time, s")
    readout_s: float = Field(0.0, ge=0, le=0.1, description="rolling shutter, first to last row, s")
    calibrated: str = Field("", max_length=120, description="what was measured when, by `bombus calibrate`")

    @model_validator(mode="after")
    def _lens_makes_sense(self) -> Self:
        try:
            self.model()
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        return self

    def model(self) -> CameraModel:
        """Return the calibrated camera."""
        fov = self.horizontal_fov_deg or 70.0
        fx = self.fx or 0.5 * self.width / tan(radians(0.5 * fov))
        same = set(CameraModel.model_fields) - {"fx", "fy", "cx", "cy"}
        return CameraModel(
            fx=fx,
            fy=self.fy or fx,
            cx=0.5 * (self.width - 1) if self.cx is None else self.cx,
            cy=0.5 * (self.height - 1) if self.cy is None else self.cy,
            **{name: getattr(self, name) for name in same},
        )


class DetectorConfig(Section):
    """The flower detector."""

    model: Path = Field(SHIPPED_MODEL, description="ONNX file with its card beside it")
    threshold: float | None = Field(
        None, ge=0.01, le=0.99, description="score from which a find counts; the model card's when left out"
    )
    threads: int = Field(
        1, ge=1, le=64, description="inference threads; one is best unless the machine idles"
    )
    provider: str = Field(
        "auto", description="where inference runs: auto, cpu, openvino, cuda or tensorrt (docs/vision.md)"
    )

    @field_validator("provider")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            return checked(name)
        except ModelError as error:
            raise ValueError(str(error)) from error


class LedgerConfig(Section):
    """Where pulses and outcomes are kept."""

    path: Path = Field(Path("runs/ledger.sqlite"), description="SQLite file, made when missing")


class SerialConfig(Section):
    """The cable to the valve controller."""

    port: str = Field("/dev/ttyACM0", min_length=1, description="serial port, /dev/serial/by-id/... is best")
    baud_rate: int = Field(
        1_000_000, ge=9_600, le=4_000_000, description="baud; without meaning over USB CDC"
    )


class DashboardConfig(Section):
    """The operator's page: a process of its own."""

    enabled: bool = Field(True, description="start it together with the robot")
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="address to listen at; 0.0.0.0 opens it to the network, once there is an admin",
    )
    port: int = Field(8080, ge=0, le=65535, description="TCP port; 0 takes a free one")
    socket: Path = Field(Path("runs/telemetry.sock"), description="Unix socket between robot and page")
    group: str = Field(
        "",
        max_length=32,
        description="Unix group (name or number) that may use the socket, too: for a page with its own account",
    )
    accounts: Path = Field(
        Path("runs/accounts.sqlite"),
        description="people, tokens and audit log of the page; made when missing",
    )
    names: tuple[str, ...] = Field((), description="names the page is reached by, such as robot1.farm")
    certificate: Path | None = Field(None, description="PEM file for https; needs private_key, too")
    private_key: Path | None = Field(None, description="PEM file with the certificate's key")


class RobotConfig(Section):
    """One machine. Every number has a default or must be given; `docs/config.md` lists them."""

    name: str = Field("robot", min_length=1, max_length=80, description="the machine's name")
    row: RowConfig = RowConfig()
    drive: DriveConfig = DriveConfig()
    odometry: OdometryConfig = OdometryConfig()
    end_switch: EndSwitchConfig = EndSwitchConfig()
    cameras: tuple[CameraConfig, ...] = Field(min_length=1, max_length=2, description="one a side")
    nozzles: tuple[NozzleBank, ...] = Field(min_length=1, max_length=2, description="one bank a side")
    jet: JetConfig = JetConfig()
    dose: DoseConfig = DoseConfig()
    shot: ShotConfig = ShotConfig()
    planner: PlannerConfig = PlannerConfig()
    safety: SafetyConfig = SafetyConfig()
    health: HealthConfig = HealthConfig()
    air: AirWatchConfig = AirWatchConfig()
    slip: SlipWatchConfig = SlipWatchConfig()
    map: FlowerMapConfig = FlowerMapConfig()
    detector: DetectorConfig = DetectorConfig()
    frames: FrameCheckConfig = FrameCheckConfig()
    domain: DomainConfig = DomainConfig()
    serial: SerialConfig = SerialConfig()
    bridge: BridgeConfig = BridgeConfig()
    controller: CoreConfig = CoreConfig()
    calibration: CalibrationConfig = CalibrationConfig()
    ledger: LedgerConfig = LedgerConfig()
    recording: RecordingConfig = RecordingConfig()
    alerts: AlertsConfig = AlertsConfig()
    dashboard: DashboardConfig = DashboardConfig()
    home_assistant: HomeAssistantConfig | None = Field(None, description="tell Home Assistant over MQTT")
    mission: MissionConfig = MissionConfig()

    @property
    def banks(self) -> dict[Side, NozzleBank]:
        """The nozzle bank of each side."""
        return {side: bank for side in SIDES for bank in self.nozzles if bank.side == side}

    @property
    def nozzle_numbers(self) -> list[int]:
        """The MCU's numbers of all nozzles, bank by bank."""
        return [number for bank in self.nozzles for number in bank.numbers]

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides that have a camera."""
        return tuple(side for side in SIDES if any(camera.side == side for camera in self.cameras))

    @property
    def machine(self) -> Machine:
        """What planning depends on."""
        return Machine(self.banks, self.jet, self.dose, self.shot, self.planner, self.odometry.ticks_per_m)

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        for problem in _misfits(self):
            raise ValueError(problem)
        return self


def _misfits(config: RobotConfig) -> Iterator[str]:
    for kind, sides in (
        ("cameras", [c.side for c in config.cameras]),
        ("nozzles", [b.side for b in config.nozzles]),
    ):
        if len(set(sides)) < len(sides):
            yield f"{kind}: two on the {sides[0]} side; give one a side"
    if len({camera.camera_id for camera in config.cameras}) < len(config.cameras):
        yield f"cameras.camera_id: '{config.cameras[0].camera_id}' twice; give each its own"
    numbers = config.nozzle_numbers
    if len(set(numbers)) < len(numbers) or max(numbers) > 63:
        yield f"nozzles: each needs its own number from 0 to 63, got up to {max(numbers)}; mend count"
    cruise, fastest = config.drive.cruise_speed, config.drive.max_speed
    if cruise > fastest:
        yield f"drive.cruise_speed = {cruise:g}: above drive.max_speed = {fastest:g}; lower it"
    train, safety = config.dose.train(), config.safety
    if train.count > 1 and train.period_us < max(safety.min_period_us, train.on_us + 1):
        yield f"dose.frequency_hz = {config.dose.frequency_hz:g}: its period is too short; lower it"
    caps = (safety.max_openings, safety.max_on_us, safety.max_train_us)
    if any(
        asked > cap for asked, cap in zip((train.count, train.on_us, train.duration_us), caps, strict=True)
    ):
        yield f"dose: a train of {train.count} x {train.on_us} µs is over the caps of [safety]; shorten it"
    nearest, farthest = config.jet.nearest, config.jet.farthest
    if nearest >= farthest:
        yield f"jet.nearest = {nearest:g}: must be below jet.farthest = {farthest:g}; lower it"
    least, low, back = (
        safety.min_pressure_kpa,
        config.health.pressure_low_kpa,
        config.health.pressure_back_kpa,
    )
    if not least <= low <= back:
        yield f"health.pressure_low_kpa = {low:g}: must lie from safety.min_pressure_kpa to pressure_back_kpa"
    if config.mission.front.source is not None:
        if config.mission.house is None:
            yield "mission.front.source: tags belong to a house; set mission.house, or leave the source out"
        if FRONT in {camera.camera_id for camera in config.cameras}:
            yield f"cameras.camera_id = '{FRONT}': is the front camera's name; choose another"
    if config.mission.base.address is not None and config.mission.front.source is None:
        yield "mission.base.address: rows are found by their tags; set mission.front.source, or leave it out"
    acts, overrun = config.end_switch.acts_m, config.row.overrun
    if config.end_switch.fitted and acts >= overrun:
        yield f"end_switch.acts_m = {acts:g}: must be below row.overrun = {overrun:g}; lower it"
    page = config.dashboard
    if (page.certificate is None) != (page.private_key is None):
        yield "dashboard.certificate, dashboard.private_key: belong together; give both or none"
