"""From the loop's view to the snapshot that people see; runs in the loop's thread, ten times a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from robot.alerts.store import Alert
from robot.reasons import UNCERTAIN
from robot.snapshot import (
    AirState,
    AlertState,
    CameraState,
    CommandNote,
    ControllerState,
    Counts,
    FaultState,
    FlowerMark,
    LinkState,
    RowState,
    ShotMark,
    Snapshot,
    StopState,
)
from robot.snapshot_mission import mission_state
from robot.strip import Strip
from robot.types import ActiveFault, LoopView, Mode, Reason, SideView
from vision.calibration import CameraModel
from vision.types import STAGE_NAMES, Flower, Frame, Side

MARK_RADIUS = 0.018
"""Half the side of a drawn box (m): a tomato flower with its petals (assumed, only drawn)."""

MARK_AGE = 0.5
"""A flower not seen for this long (s) is not drawn."""

MARKS_PER_SIDE = 64
MAX_ALERTS = 50
UNSURE = UNCERTAIN | {Reason.LOOK_AGAIN}
NOT_A_MISS = UNSURE | frozenset(
    {"treated", Reason.NOT_READY, Reason.TREATED_RECENTLY, Reason.DAILY_CAP, Reason.BUD_IN_JET}
)
"""Passed for good cause: not due, a pulse would have hurt a bud, or nobody knows whether it was ready."""

_MODE_TEXT: Mapping[Mode, str] = {
    Mode.STARTING: "Starting: waiting for the valve controller",
    Mode.READY: "Ready: press start to work the row",
    Mode.RUNNING: "Working the row",
    Mode.STOPPED: "Stopped: nothing moves until it is released",
    Mode.FAULT: "Stopped by a fault",
    Mode.DONE: "The end of the row is reached",
}


class Troubled(Protocol):
    """A part with a thread of its own that knows what is wrong with it: a grabber, a recorder."""

    @property
    def problem(self) -> str | None:
        """Say what is wrong in one line, or nothing."""
        ...


class OpenAlerts(Protocol):
    """Who knows what nobody has acknowledged yet."""

    @property
    def open(self) -> tuple[Alert, ...]:
        """The alerts, oldest first."""
        ...

    @property
    def problem(self) -> str:
        """Why they cannot be written down, or an empty text."""
        ...


class SnapshotBuilder:
    """Gathers what single steps tell (passed flowers, frame times) and draws it up as a Snapshot."""

    def __init__(self, cameras: Mapping[Side, CameraModel], detector: str = "") -> None:
        self._cameras, self._detector = dict(cameras), detector
        self._grabbers: dict[Side, Troubled] = {}
        self._recorder: Troubled | None = None
        self._alerts: OpenAlerts | None = None
        self.config = ("", "")
        self._frame_times: dict[Side, deque[float]] = {side: deque(maxlen=30) for side in cameras}
        self._strip = Strip()

    def watch(
        self, grabbers: Mapping[Side, Troubled], recorder: Troubled, alerts: OpenAlerts | None = None
    ) -> None:
        """Show what these say is wrong with them, and what is to be acknowledged."""
        self._grabbers, self._recorder, self._alerts = dict(grabbers), recorder, alerts

    def observe(self, view: LoopView) -> None:
        """Take what only this step tells; cheap, called for every step."""
        for side, seen in view.sides.items():
            times = self._frame_times.setdefault(side, deque(maxlen=30))
            if seen.frame is not None and (not times or times[-1] != seen.frame.t_capture):
                times.append(seen.frame.t_capture)
        self._strip.begin(view.row, view.row_length)
        for side, flower_id, s, word in view.finished:
            self._strip.mark((side, flower_id), s, word if word in NOT_A_MISS else "missed")

    def build(self, view: LoopView, stop: StopState | None, last_command: CommandNote | None) -> Snapshot:
        """Return the snapshot of `view`."""
        return Snapshot(
            time=view.now,
            mode=view.mode,
            reason=reason_sentence(view),
            faults=tuple(_fault(fault, view.now) for fault in view.faults),
            row=_row(view),
            strip=self._strip.state(),
            counts=self._counts(view),
            air=AirState(view.pressure_kpa, view.air_normal_l),
            link=_link(view),
            cameras={side: self._camera(side, seen, view) for side, seen in view.sides.items()},
            latency_ms={stage: (p50, p99) for stage, (p50, p99) in view.stage_ms.items()},
            stop=stop,
            last_command=last_command,
            recording_problem=(self._recorder.problem or "") if self._recorder is not None else "",
            detector=self._detector,
            alerts=() if self._alerts is None else tuple(map(_alert, self._alerts.open[-MAX_ALERTS:])),
            alerts_problem="" if self._alerts is None else self._alerts.problem,
            config=self.config[0],
            config_problem=self.config[1],
            mission=None if view.mission is None else mission_state(view.mission),
            valve_test=view.valve_test,
            latency_bins=dict(view.stage_bins),
        )

    def _counts(self, view: LoopView) -> Counts:
        missed = {reason.value: n for reason, n in view.refusals.items() if reason not in NOT_A_MISS}
        return Counts(
            ready=view.ready_seen,
            treated=view.flowers_treated,
            missed=sum(missed.values()),
            missed_by_reason=missed,
            unsure=sum(view.refusals.get(reason, 0) for reason in UNSURE),
            refusals={reason.value: count for reason, count in view.refusals.items()},
            pulses_sent=view.pulses_sent,
            pulses_done=view.pulses_done,
            pulses_refused=view.pulses_refused,
            buds_spared=view.refusals.get(Reason.BUD_IN_JET, 0),
        )

    def _camera(self, side: Side, seen: SideView, view: LoopView) -> CameraState:
        frame, model = seen.frame, self._cameras.get(side)
        times = self._frame_times[side]
        age = max(0.0, view.now - times[-1]) if times else None
        flowers: tuple[FlowerMark, ...] = ()
        shots: tuple[ShotMark, ...] = ()
        if frame is not None and model is not None:
            cart_s = cart_at(view, frame.t_capture)
            flowers = _flower_marks(seen.flowers, frame, model, cart_s, view)
            shots = _shot_marks(side, frame, model, cart_s, view)
        return CameraState(
            camera_id=seen.camera_id,
            fps=_rate(times, age),
            age_s=age,
            problem=self._camera_problem(side, seen),
            seq=frame.seq if frame is not None else None,
            width=frame.image.shape[1] if frame is not None else 0,
            height=frame.image.shape[0] if frame is not None else 0,
            detections=seen.detections,
            flowers=flowers,
            shots=shots,
        )

    def _camera_problem(self, side: Side, seen: SideView) -> str | None:
        """Return why no frames come; while they do, why the last was not used."""
        grabber = self._grabbers.get(side)
        return (grabber.problem if grabber is not None else None) or seen.frame_problem


def _link(view: LoopView) -> LinkState:
    said, report = view.controller, view.report
    controller = None
    if said is not None and report is not None:
        controller = ControllerState(
            said.firmware_version,
            said.reset_cause,
            said.session,
            said.nozzles,
            said.problem,
            report.openings,
            report.refused,
            report.bad_frames,
            report.deadman_trips,
        )
    state = (view.link_up, view.link_text, view.armed, view.estop, view.battery_v)
    return LinkState(*state, controller, view.link_quality)


def cart_at(view: LoopView, t: float) -> float:
    """Return the cart's s at a recent moment `t`, at the present speed."""
    if view.pose is None:
        return 0.0
    return view.pose.s - view.pose.velocity * (view.pose.t - t)


def reason_sentence(view: LoopView) -> str:
    """Return one sentence that says why the robot does what it does."""
    cause = next(
        (fault for fault in view.faults if fault.present and fault.severity in ("stop", "hold")), None
    )
    if cause is None:
        return f"{_MODE_TEXT[view.mode]}."
    if view.mode is Mode.RUNNING:
        return f"Waiting: {cause.text}. {cause.remedy}."
    return f"{_MODE_TEXT[view.mode]}. {cause.text}. {cause.remedy}."


def _fault(fault: ActiveFault, now: float) -> FaultState:
    age = max(0.0, now - fault.since)
    return FaultState(
        fault.code, fault.severity, fault.text, fault.remedy, age, fault.present, fault.acknowledged
    )


def _alert(alert: Alert) -> AlertState:
    return AlertState(
        alert.id,
        alert.code,
        alert.kind,
        alert.severity,
        alert.text,
        alert.remedy,
        alert.raised,
        alert.count,
        alert.present,
    )


def _row(view: LoopView) -> RowState:
    pose = view.pose if view.position_known else None
    s = pose.s if pose is not None else None
    speed = view.pose.velocity if view.pose is not None else None
    left = None
    if s is not None and speed is not None and speed > 0.01:
        left = max(0.0, view.row_length - s) / speed
    progress = min(max(s / view.row_length, 0.0), 1.0) if s is not None else None
    return RowState(view.row, view.row_length, s, progress, speed, view.cruise_speed, left)


def _rate(times: deque[float], age: float | None) -> float:
    """Return frames per second over the last frames; 0 once none came for a second."""
    if age is None or age > 1.0 or len(times) < 2 or times[-1] <= times[0]:
        return 0.0
    return (len(times) - 1) / (times[-1] - times[0])


def _flower_marks(
    flowers: tuple[Flower, ...], frame: Frame, model: CameraModel, cart_s: float, view: LoopView
) -> tuple[FlowerMark, ...]:
    recent = [flower for flower in flowers if flower.last_seen >= frame.t_capture - MARK_AGE]
    if not recent:
        return ()
    points = np.stack([flower.position for flower in recent])
    pixels = model.project(points, cart_s)
    half = model.fx * MARK_RADIUS / np.maximum(points[:, 2] - model.d, 0.05)
    height, width = frame.image.shape[:2]
    marks: list[FlowerMark] = []
    for flower, (x, y), r in zip(recent, pixels.tolist(), half.tolist(), strict=True):
        if not (0 <= x < width and 0 <= y < height):
            continue
        stage = int(np.argmax(flower.belief))
        told = view.flower_states.get((flower.side, flower.flower_id), "")
        state = told if told in ("planned", "treated") else "refused" if told else "waiting"
        box = (round(x - r, 1), round(y - r, 1), round(x + r, 1), round(y + r, 1))
        marks.append(
            FlowerMark(
                flower.flower_id,
                box,
                STAGE_NAMES[stage],
                round(float(flower.belief[stage]), 3),
                state,
                told if state == "refused" else "",
            )
        )
    return tuple(marks[:MARKS_PER_SIDE])


def _shot_marks(
    side: Side, frame: Frame, model: CameraModel, cart_s: float, view: LoopView
) -> tuple[ShotMark, ...]:
    pulses = [pulse for pulse in view.recent_pulses if pulse.side == side][-MARKS_PER_SIDE:]
    if not pulses:
        return ()
    pixels = model.project(np.array([pulse.aim for pulse in pulses]), cart_s)
    height, width = frame.image.shape[:2]
    return tuple(
        ShotMark(pulse.pulse_id, pulse.nozzle, pulse.aim[0], round(x, 1), round(y, 1))
        for pulse, (x, y) in zip(pulses, pixels.tolist(), strict=True)
        if 0 <= x < width and 0 <= y < height
    )
