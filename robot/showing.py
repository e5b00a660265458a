"""Draws up what people are shown after a step; runs often enough for eyes, not on every step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from firmware_bridge.status import LinkQuality
from robot.ledger import NO_AIR, FinalFlower, PulseState
from robot.types import FlowerKey, LoopView, Mode, SideView, TelemetrySink
from vision.types import Frame, Pose, Side

if TYPE_CHECKING:
    from robot.loop import ControlLoop

SHOW_EVERY_S = 0.1
TIMES_EVERY_S = 1.0
BINNED = ("frame_age", "step", "detect")
"""What people see a histogram of: a picture's way as a whole, a step, and what takes longest in it."""


class Showing:
    """Publishes a view at each new frame, mode or latch, and ten times a second without one."""

    def __init__(self, loop: ControlLoop, sink: TelemetrySink, now: float) -> None:
        self._loop = loop
        self._sink = sink
        self._shown_at = now
        self._shown_state: tuple[Mode, bool, bool, bool, bool, str] | None = None
        self._timed_at = float("-inf")
        self._stage_ms: Mapping[str, tuple[float, float]] = {}
        self._stage_bins: Mapping[str, list[int]] = {}
        self._link_quality: LinkQuality | None = None
        self._finished: list[tuple[Side, int, float, str]] = []

    def finished(self, finals: Iterable[FinalFlower]) -> None:
        """Take flowers that were passed in this step."""
        self._finished.extend((final.side, final.flower_id, final.place[0], final.reason) for final in finals)

    def show(self, now: float, pose: Pose | None, frames: Mapping[Side, Frame]) -> None:
        """Publish the state when it is time."""
        for frame in frames.values():
            self._loop.stopwatch.add("frame_age", now - frame.t_capture)
        cart = self._loop.cart
        test = self._loop.valve_test.phase
        state = (self._loop.mode, cart.armed, cart.latched, cart.pressed, cart.link_up, test)
        if not frames and state == self._shown_state and now - self._shown_at < SHOW_EVERY_S:
            return
        self._shown_state = state
        self._shown_at = now
        if now - self._timed_at >= TIMES_EVERY_S:
            self._timed_at = now
            watch = self._loop.stopwatch
            self._stage_ms = watch.table()
            self._link_quality = self._loop.link_quality()
            self._stage_bins = {name: watch.histogram(name) for name in BINNED}
        self._sink.publish(self._view(now, pose))
        self._finished.clear()

    def _view(self, now: float, pose: Pose | None) -> LoopView:
        loop = self._loop
        cart, pulses, pilot = loop.cart, loop.pulses, loop.pilot
        sides = {side: sight.view(pose) for side, sight in loop.sights.items()}
        return LoopView(
            now=now,
            mode=pilot.mode,
            faults=pilot.faults.active,
            row=loop.row,
            row_length=loop.pilot.run.length,
            pose=pose,
            position_known=cart.odometry.position_known,
            cruise_speed=pilot.cruise_speed,
            link_text=cart.link_text,
            link_up=cart.link_up,
            armed=cart.armed,
            estop=cart.pressed or cart.latched,
            pressure_kpa=cart.pressure_kpa,
            battery_v=cart.battery_v,
            sides=sides,
            pulses_sent=pulses.sent,
            pulses_done=pulses.counts[PulseState.DONE] + pulses.counts[PulseState.CUT_SHORT],
            pulses_refused=sum(pulses.counts[state] for state in NO_AIR),
            flowers_treated=loop.reasons.treated,
            refusals=dict(loop.reasons.final),
            recent_pulses=tuple(pulses.recent),
            stage_ms=self._stage_ms,
            stage_bins=self._stage_bins,
            decisions_sha256=loop.decisions_sha256,
            ready_seen=loop.reasons.ready_seen,
            air_normal_l=pulses.open_s * loop.config.jet.flow_nl_min / 60.0,
            flower_states=self._states(sides),
            finished=tuple(self._finished),
            mission=loop.day.view(now),
            controller=cart.controller,
            report=cart.telemetry,
            link_quality=self._link_quality,
            valve_test=loop.valve_test.state(now),
        )

    def _states(self, sides: Mapping[Side, SideView]) -> dict[FlowerKey, str]:
        states: dict[FlowerKey, str] = {}
        for side, view in sides.items():
            for flower in view.flowers:
                key: FlowerKey = (side, flower.flower_id)
                state = self._loop.pulses.state_of(key) or self._loop.reasons.reason_of(key)
                if state is not None:
                    states[key] = state
        return states
