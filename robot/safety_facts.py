"""Gathers for `robot/safety.py` what the loop knows of the machine when a pulse is to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robot.safety import SafetyState
from vision.types import Pose

if TYPE_CHECKING:
    from robot.loop import ControlLoop


def safety_state(loop: ControlLoop, pose: Pose | None, now: float) -> SafetyState:
    """Return the machine as it stands."""
    cart, age = loop.cart, loop.cart.telemetry_age(now)
    return SafetyState(
        now=now,
        running=loop.pilot.running,
        hold=loop.pilot.hold,
        link_up=cart.link_up,
        armed=cart.armed,
        estop=cart.pressed or cart.latched,
        pressure_kpa=cart.pressure_kpa,
        telemetry_age_s=age if age is not None else float("inf"),
        pose=pose,
        position_known=cart.odometry.position_known,
        origin_s=cart.odometry.origin_s or 0.0,
        ticks_per_m=loop.config.odometry.ticks_per_m,
        row_length=loop.pilot.run.length,
        nozzles=loop.nozzles,
        sent_times=loop.pulses.sent_times,
    )
