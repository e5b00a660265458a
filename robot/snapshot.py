"""What people are shown of the loop, ten times a second: plain structs that any program can read."""

from __future__ import annotations

import msgspec

from firmware_bridge.status import LinkQuality
from robot.snapshot_mission import MissionState
from robot.stopwatch import EDGES_MS
from robot.types import CommandName, Mode
from robot.valve_state import ValveTestState
from vision.types import Side


class FaultState(msgspec.Struct, frozen=True):
    """A fault that is present, or was and awaits acknowledgement."""

    code: str
    severity: str
    text: str
    remedy: str
    age_s: float
    present: bool
    acknowledged: bool


class AlertState(msgspec.Struct, frozen=True):
    """An alert that nobody has acknowledged yet; it outlives a restart. `raised` is POSIX seconds."""

    id: int
    code: str
    kind: str
    severity: str
    text: str
    remedy: str
    raised: float
    count: int
    present: bool


class RowState(msgspec.Struct, frozen=True):
    """Where the cart stands; `s` and `progress` (0 to 1) are None while the place is not known."""

    name: str
    length: float
    s: float | None
    progress: float | None
    speed: float | None
    cruise_speed: float
    seconds_left: float | None


class Counts(msgspec.Struct, frozen=True):
    """Totals since the control process began; `refusals` are by reason.

    `missed` were ready and passed untreated; of `unsure` ones nobody knows whether they were ready.
    """

    ready: int
    treated: int
    missed: int
    missed_by_reason: dict[str, int]
    unsure: int
    refusals: dict[str, int]
    pulses_sent: int
    pulses_done: int
    pulses_refused: int
    buds_spared: int


class AirState(msgspec.Struct, frozen=True):
    """Compressed air: pressure now and litres at normal pressure used so far."""

    pressure_kpa: float | None
    used_normal_l: float


class ControllerState(msgspec.Struct, frozen=True):
    """What the valve controller says of itself; counts are since its start, `bad_frames` what came to it damaged."""

    firmware: str
    reset_cause: str
    session: int
    nozzles: int
    problem: str
    openings: int
    refused: int
    bad_frames: int
    deadman_trips: int


class LinkState(msgspec.Struct, frozen=True):
    """The link to the valve controller, as the bridge tells it."""

    up: bool
    text: str
    armed: bool
    estop: bool
    battery_v: float | None
    controller: ControllerState | None = None
    quality: LinkQuality | None = None


class FlowerMark(msgspec.Struct, frozen=True):
    """A flower in the picture: box x0 y0 x1 y1 in px. `state` is planned, treated, waiting or refused."""

    flower_id: int
    box: tuple[float, float, float, float]
    stage: str
    probability: float
    state: str
    reason: str


class ShotMark(msgspec.Struct, frozen=True):
    """A pulse that is planned or under way, and where its jet meets the crop: px, and m along the row."""

    pulse_id: int
    nozzle: int
    s: float
    x: float
    y: float


class CameraState(msgspec.Struct, frozen=True):
    """One side's camera; `seq` tells which frame the marks belong to, None before the first.

    `problem` says why no pictures come, or why those that come cannot be used.
    """

    camera_id: str
    fps: float
    age_s: float | None
    problem: str | None
    seq: int | None
    width: int
    height: int
    detections: int
    flowers: tuple[FlowerMark, ...]
    shots: tuple[ShotMark, ...]


class StopState(msgspec.Struct, frozen=True):
    """The last stop asked for; times in seconds before the snapshot.

    `confirmed_after_s` is None until the valve controller has said that it is stopped.
    """

    by: str
    asked_age_s: float
    confirmed_after_s: float | None


class CommandNote(msgspec.Struct, frozen=True):
    """The last command that the loop took."""

    name: CommandName
    by: str
    age_s: float


class RowStrip(msgspec.Struct, frozen=True):
    """Flowers along the row, counted in equal bins from its head, per side."""

    bin_m: float
    treated: dict[Side, list[int]]
    missed: dict[Side, list[int]]


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """Everything the operator's page shows. `time` is host monotonic seconds; ages count back from it."""

    time: float
    mode: Mode
    reason: str
    faults: tuple[FaultState, ...]
    row: RowState
    strip: RowStrip
    counts: Counts
    air: AirState
    link: LinkState
    cameras: dict[Side, CameraState]
    latency_ms: dict[str, tuple[float, float]]
    stop: StopState | None
    last_command: CommandNote | None
    recording_problem: str = ""
    """Why nothing is recorded any more, or an empty text."""
    detector: str = ""
    """The model and where it runs, with the reason when that is not where it was asked to."""
    alerts: tuple[AlertState, ...] = ()
    """What is to be acknowledged, oldest first; at most 50, the newest."""
    alerts_problem: str = ""
    """Why alerts cannot be written to disk, or an empty text."""
    config: str = ""
    """The machine file in force: the first 12 hexadecimal digits of its SHA-256."""
    config_problem: str = ""
    """Why the last new machine file was not taken, or an empty text."""
    mission: MissionState | None = None
    """The day as a whole, where the machine has a house."""
    valve_test: ValveTestState | None = None
    """Whether a technician may test a valve now, and how the last test went."""
    latency_bins: dict[str, list[int]] = {}
    """Counts of the last few hundred, up to each of `latency_edges_ms` and longer."""
    latency_edges_ms: tuple[float, ...] = EDGES_MS


class FrameMessage(msgspec.Struct, frozen=True, tag="frame"):
    """One picture with the marks that belong to it."""

    side: Side
    seq: int
    width: int
    height: int
    flowers: tuple[FlowerMark, ...]
    shots: tuple[ShotMark, ...]
    jpeg: bytes
