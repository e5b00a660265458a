"""Shows the loop's state to other processes over a Unix socket, and brings their commands back.

`publish` runs in the loop's thread and never waits; one thread of its own serves all clients.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from robot.clock import Clock
from robot.commands import CommandInbox, CommandRequest
from robot.refusals import Refusal, Refused, refused
from robot.snapshot import CommandNote, Snapshot, StopState
from robot.snapshot_builder import OpenAlerts, SnapshotBuilder, Troubled
from robot.telemetry_server import PendingFrame, TelemetryError, TelemetryServer
from robot.telemetry_wire import pack
from robot.types import CommandName, LoopView, Mode
from robot.valve_state import ValveTestState
from vision.calibration import CameraModel
from vision.types import SIDES, Frame, Side

__all__ = ["SnapshotPublisher", "TelemetryError"]

SNAPSHOT_PERIOD = 0.1
FRAME_PERIOD = 0.2
"""A side's pictures go out at most this often (s): enough for a person, light on the network."""


class SnapshotPublisher:
    """A TelemetrySink: ten snapshots a second, at once when the mode changes, pictures for who asks."""

    def __init__(
        self,
        socket_path: Path,
        cameras: Mapping[Side, CameraModel],
        inbox: CommandInbox,
        clock: Clock,
        detector: str = "",
        group: str = "",
    ) -> None:
        """Begin to listen at `socket_path`, also for `group`; raises TelemetryError when that cannot be done."""
        self._builder = SnapshotBuilder(cameras, detector)
        self._inbox = inbox
        self._clock = clock
        self._stop = StopWatch()
        self._note_lock = threading.Lock()
        self._last_command: tuple[CommandRequest, float] | None = None
        self._next_snapshot = float("-inf")
        self._urgent: object = None
        self._frame_sent: dict[Side, tuple[float, int]] = {}
        self._valve_test: ValveTestState | None = None
        inbox.refuses_test = self._refuses_test
        self._server = TelemetryServer(socket_path, self._offer, group)

    def watch(
        self, grabbers: Mapping[Side, Troubled], recorder: Troubled, alerts: OpenAlerts | None = None
    ) -> None:
        """Show, too, what these threads say is wrong with them, and what is to be acknowledged."""
        self._builder.watch(grabbers, recorder, alerts)

    def describe(self, config: str, problem: str = "") -> None:
        """Show which machine file is in force, and why the last new one is not."""
        self._builder.config = (config, problem)

    def publish(self, view: LoopView) -> None:
        """Show `view` if it is time to; never blocks."""
        self._builder.observe(view)
        self._valve_test = view.valve_test
        self._stop.update(view)
        urgent = _urgent(view, self._stop.confirmed)
        if view.now < self._next_snapshot and urgent == self._urgent:
            return
        self._urgent = urgent
        self._next_snapshot = view.now + SNAPSHOT_PERIOD
        snapshot = self._builder.build(view, self._stop.state(view.now), self._note(view.now))
        self._server.show(snapshot, self._due_frames(view, snapshot))

    def close(self) -> None:
        """Hang up on all clients and remove the socket."""
        self._server.close()

    def _offer(self, request: CommandRequest) -> bytes:
        """Hand a command to the inbox; runs in the server's thread."""
        answer = self._inbox.offer(request)
        if answer.accepted:
            with self._note_lock:
                self._last_command = (request, self._clock.now())
            if request.name is CommandName.STOP:
                self._stop.asked(request.request_id, request.by, self._clock.now())
        return pack(answer)

    def _refuses_test(self, side: str, nozzle: int) -> Refused | None:
        """Say why the loop would not test that valve, as far as it has been shown; the loop looks again."""
        state = self._valve_test
        if state is None:
            return refused(Refusal.STARTING)
        if not any(nozzle in numbers for one, numbers in state.nozzles.items() if one == side):
            return refused(Refusal.NO_NOZZLE)
        return Refused(state.refused, state.refused_text) if state.refused else None

    def _note(self, now: float) -> CommandNote | None:
        with self._note_lock:
            last = self._last_command
        return CommandNote(last[0].name, last[0].by, max(0.0, now - last[1])) if last else None

    def _due_frames(self, view: LoopView, snapshot: Snapshot) -> list[PendingFrame]:
        if not self._server.frames_wanted:
            return []
        due: list[PendingFrame] = []
        for side in SIDES:
            seen = view.sides.get(side)
            if seen is not None and seen.frame is not None and self._frame_is_due(side, seen.frame, view.now):
                camera = snapshot.cameras[side]
                due.append(PendingFrame(side, seen.frame, camera.flowers, camera.shots))
        return due

    def _frame_is_due(self, side: Side, frame: Frame, now: float) -> bool:
        due_at, seq = self._frame_sent.get(side, (float("-inf"), -1))
        if frame.seq == seq or now < due_at:
            return False
        # Counted on from the due time, not from now, so that a late step does not lower the rate.
        self._frame_sent[side] = (max(due_at + FRAME_PERIOD, now + 0.5 * FRAME_PERIOD), frame.seq)
        return True


class StopWatch:
    """How long the valve controller took to confirm the last stop that a person asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._request_id = ""
        self._by = ""
        self._asked_at: float | None = None
        self._confirmed_at: float | None = None

    def asked(self, request_id: str, by: str, now: float) -> None:
        """Start the watch; a repeated request goes on with the first."""
        with self._lock:
            if request_id != self._request_id:
                self._request_id, self._by = request_id, by
                self._asked_at, self._confirmed_at = now, None

    def update(self, view: LoopView) -> None:
        """Confirm once the loop has stopped and the controller itself says that its stop is latched."""
        if self._asked_at is None or self._confirmed_at is not None:
            return
        safe = view.mode in (Mode.STOPPED, Mode.FAULT) and view.link_up and view.estop
        with self._lock:
            if safe and self._asked_at is not None and view.now >= self._asked_at:
                self._confirmed_at = view.now

    @property
    def confirmed(self) -> bool:
        """Whether the last stop is confirmed."""
        return self._confirmed_at is not None

    def state(self, now: float) -> StopState | None:
        """Return what to show, or None when nobody asked for a stop."""
        with self._lock:
            if self._asked_at is None:
                return None
            took = None if self._confirmed_at is None else self._confirmed_at - self._asked_at
            return StopState(self._by, max(0.0, now - self._asked_at), took)


def _urgent(view: LoopView, stop_confirmed: bool) -> object:
    """Return what must be shown at once when it changes."""
    faults = tuple((fault.code, fault.present, fault.acknowledged) for fault in view.faults)
    last = None if view.valve_test is None else view.valve_test.last
    test = None if last is None else last.state
    return view.mode, view.estop, view.armed, view.link_up, stop_confirmed, faults, test
