"""Builds the robot of a machine file on real hardware: cameras, serial line, ledger, recorder, page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from firmware_bridge.bridge import McuBridge
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.transport import SerialTransport
from robot.alerts.book import AlertBook
from robot.alerts.catalogue import Notice
from robot.alerts.store import AlertError
from robot.blind_ledger import BlindLedger, open_ledger
from robot.calibration.config import calibrated_lags
from robot.clock import Clock
from robot.commands import CommandInbox
from robot.config import config_id
from robot.disk import why_full
from robot.ledger import Ledger
from robot.loop import ControlLoop, LoopParts
from robot.mission.build_mission import build_mission, house_of, mover_of
from robot.mission.fiducials import FRONT, FrontCameraConfig
from robot.mission.house_map import House
from robot.mission.mission import Mission
from robot.mission.tag_camera import TagCamera
from robot.recorder import McapRecorder
from robot.recording_format import RecordingHeader
from robot.recording_run import new_run_folder
from robot.scribe import treated_in
from robot.settings import CameraConfig, DetectorConfig, RobotConfig
from robot.sight import SideParts
from robot.telemetry import SnapshotPublisher
from robot.types import StepRecord
from robot.wall_guard import GuardedClock, clock_is_synchronised, this_boot
from vision.calibration import CameraModel
from vision.detector import Detector
from vision.domain_shift import domain_of
from vision.flower_map import FlowerMap
from vision.frame_checks import FrameChecks
from vision.latest import LatestFrame
from vision.opencv_camera import OpenCvCamera
from vision.picture_watch import PictureWatch
from vision.ring_camera import RingCamera
from vision.types import Camera, FrameSource, Side

RING = "ring:"


class BuildError(Exception):
    """The robot cannot be built; the text names the part, the cause and the remedy."""


class NoRecorder:
    """A Recorder that keeps nothing, as it was told."""

    problem = ""

    def record_step(self, record: StepRecord) -> None:
        """Forget the step."""

    def close(self) -> None:
        """Nothing to finish."""


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot ready to run; `close` after the loop has ended lets go of cameras and sockets.

    `detector` says which model runs where, and why not where it was asked to. `waits_for_disk` says that the disk
    was full when it was built: it can tell so and nothing else, and is to be built anew once there is room.
    """

    loop: ControlLoop
    inbox: CommandInbox
    detector: str
    closers: Sequence[Callable[[], None]]
    alerts: AlertBook
    publisher: SnapshotPublisher
    waits_for_disk: str = ""
    look_around: Callable[[], None] = lambda: None
    """To be called after each step: watches what is outside the loop's own decisions."""

    def close(self) -> None:
        """Let go of what the loop does not own."""
        for close in self.closers:
            close()


def build_robot(config: RobotConfig, config_text: str, clock: Clock) -> Robot:
    """Open everything the machine file names; raises BuildError, ConfigError, ModelError, LedgerError or
    TelemetryError.

    A camera that is not there is no error: it may come while the robot waits. Nor is a full disk.
    """
    with ExitStack() as undo:
        robot = _built(config, config_text, clock, undo)
        undo.pop_all()
    return robot


def _built(config: RobotConfig, config_text: str, clock: Clock, undo: ExitStack) -> Robot:
    """Build it; `undo` lets go of what is open when a later part fails."""
    if not Path(config.serial.port).exists():
        raise BuildError(
            f"serial.port = '{config.serial.port}': not there; plug in the cable or name another port"
        )
    house = house_of(config)
    detector = open_detector(config.detector)
    ledger = open_ledger(config.ledger.path)
    waits_for = ledger.why if isinstance(ledger, BlindLedger) else ""
    clock = guard = GuardedClock(clock, ledger, this_boot(), clock_is_synchronised)
    mission, parts = (
        (None, []) if house is None or waits_for else _mission(config, house, ledger, clock, undo)
    )
    cameras = {settings.side: settings.model() for settings in config.cameras}
    inbox = CommandInbox()
    config.dashboard.socket.parent.mkdir(parents=True, exist_ok=True)
    page = config.dashboard
    publisher = SnapshotPublisher(page.socket, cameras, inbox, clock, detector.model.said, page.group)
    undo.callback(publisher.close)
    publisher.describe(config_id(config_text))
    model = detector.model
    row = None if mission is None else mission.row
    header = recording_header(config, config_text, ledger, clock, model.card.sha256, model.provider, row)
    recorder = _recorder(config, header, cameras, clock)
    undo.callback(recorder.close)
    alerts = alert_book(config, ledger, clock)
    undo.callback(alerts.close)
    sources = {settings.side: frame_source(settings) for settings in config.cameras}
    for source in sources.values():
        undo.callback(source.close)
    publisher.watch(sources, recorder, alerts)
    sides = {side: side_parts(cameras[side], sources[side], detector, config) for side in cameras}
    loop = ControlLoop(
        LoopParts(
            config=config,
            clock=clock,
            link=McuBridge(
                SerialTransport(config.serial.port, config.serial.baud_rate),
                config.bridge,
                lags_us=calibrated_lags(config),
            ),
            sides=sides,
            ledger=ledger,
            commands=inbox,
            recorder=recorder,
            telemetry=publisher,
            alerts=alerts,
            mission=mission,
        )
    )
    closers = [publisher.close, alerts.close, *(source.close for source in sources.values()), *parts]
    look = partial(_look_at_clock, guard, alerts)
    return Robot(loop, inbox, model.said, closers, alerts, publisher, waits_for, look)


def _mission(
    config: RobotConfig, house: House, ledger: Ledger, clock: Clock, undo: ExitStack
) -> tuple[Mission, list[Callable[[], None]]]:
    """Return the day of a house, and what closes its eyes, wheels and climate source."""
    eye = tag_camera(config.mission.front)
    mover, base = mover_of(config, house, clock, eye)
    closers = [part.close for part in (eye, base) if part is not None]
    for close in closers:
        undo.callback(close)
    mission = build_mission(config, house, ledger, clock, None, mover, eye)
    return mission, [*closers, mission.gate.close]


def _look_at_clock(guard: GuardedClock, alerts: AlertBook) -> None:
    said = guard.look()
    if said:
        alerts.notice(Notice.CLOCK_SET, said)


def alert_book(config: RobotConfig, ledger: Ledger, clock: Clock) -> AlertBook:
    """Return the alerts, with one more when the last session broke off; raises AlertError."""
    last = ledger.last_session()
    try:
        alerts = AlertBook(config.alerts.path, clock)
    except AlertError:
        if not why_full(config.alerts.path):
            raise
        # Shown on the page, but kept nowhere until there is room and the robot is built anew.
        alerts = AlertBook(Path(":memory:"), clock)
    if last is not None and not last.ended:
        alerts.notice(Notice.ENDED_HARD, f"in row {last.row}")
    return alerts


def open_detector(wanted: DetectorConfig, model: Path | None = None) -> Detector:
    """Return the machine's detector, or `model` run as the machine runs its own; raises ModelError."""
    return Detector(model or wanted.model, wanted.threads, wanted.threshold, wanted.provider)


def side_parts(
    camera: CameraModel, source: FrameSource, detector: Detector, config: RobotConfig
) -> SideParts:
    """Return one side's way from frame to flowers."""
    check = FrameChecks(camera.width, camera.height, config.frames)
    return SideParts(
        source,
        check,
        detector,
        camera,
        lambda: FlowerMap(camera, config.map),
        config.slip,
        picture_watch(detector, config),
    )


def picture_watch(detector: object, config: RobotConfig) -> PictureWatch:
    """Return the watch over one camera's pictures; a detector without a model card has no domain to leave.

    The card's scores are those of finds above its own threshold: with another one they are not compared.
    """
    domain = domain_of(getattr(getattr(detector, "model", None), "card", None))
    if config.detector.threshold is not None:
        domain = replace(domain, score=None)
    return PictureWatch(config.frames, domain, config.domain)


def tag_camera(config: FrontCameraConfig) -> TagCamera | None:
    """Return the front camera with its tag reader, or None where the machine file names none; it opens by itself."""
    source = config.source
    if source is None:
        return None
    size = config.width, config.height, config.fps
    return TagCamera(config, LatestFrame(FRONT, lambda: opened(FRONT, source, *size)))


def frame_source(settings: CameraConfig) -> LatestFrame:
    """Return the grabber of one camera; it opens the camera itself, again and again until it is there."""
    return LatestFrame(settings.camera_id, lambda: open_camera(settings))


def open_camera(settings: CameraConfig) -> Camera:
    """Open one camera; raises CameraError."""
    return opened(settings.camera_id, settings.source, settings.width, settings.height, settings.fps)


def opened(camera_id: str, source: str, width: int, height: int, fps: float) -> Camera:
    """Open a camera by its source; raises CameraError."""
    if source.startswith(RING):
        return RingCamera(camera_id, Path(source.removeprefix(RING)))
    return OpenCvCamera(camera_id, source, width, height, fps)


def core_config(config: RobotConfig) -> CoreConfig:
    """Return the valve controller's configuration that fits this machine."""
    return config.controller.model_copy(update={"ticks_per_m": config.odometry.ticks_per_m})


def recording_header(
    config: RobotConfig,
    config_text: str,
    ledger: Ledger,
    clock: Clock,
    model_sha256: str = "",
    provider: str = "",
    row: str | None = None,
) -> RecordingHeader:
    """Return what a replay must know before the first step: all that decides and is not in the steps.

    `row` is the one in which a mission goes on, None where the robot begins in the machine file's.
    """
    wall = clock.wall()
    last = ledger.last_session()
    return RecordingHeader(
        wall_start=wall.isoformat(),
        t_start=clock.now(),
        config_toml=config_text,
        model_sha256=model_sha256,
        treated=tuple(treated_in(ledger, row or config.row.name, wall.timestamp())),
        versions={"bombus": version("bombus")},
        extra={
            "provider": provider,
            **({"row": row} if row else {}),
            "last_pulse_id": str(ledger.last_pulse_id()),
            "last_session": "" if last is None else f"{last.row} {last.boot_id} {last.origin_s!r}",
        },
    )


def _recorder(
    config: RobotConfig, header: RecordingHeader, cameras: dict[Side, CameraModel], clock: Clock
) -> McapRecorder | NoRecorder:
    if not config.recording.enabled:
        return NoRecorder()
    place = new_run_folder(config.recording.folder, clock.wall())
    return McapRecorder(place, header, cameras, config=config.recording)
