"""Between the control loop and the mission: tells it how the loop stands, and puts its commands among people's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robot.faults import Fault
from robot.mission.facts import MissionFacts
from robot.mission.runner import Phase
from robot.mission.showing import view_of
from robot.types import Command

if TYPE_CHECKING:
    from robot.loop import ControlLoop
    from robot.mission.mission import Mission
    from robot.mission.mission_view import MissionView

PLACE_LOST = frozenset({Fault.POSITION_UNSURE, Fault.WHEELS_SPIN})
"""Faults after which nobody knows where in the row the cart stands."""

TIMED_EVERY_S = 5.0


class Directing:
    """The loop's hand for the mission; without one, commands pass as they are."""

    def __init__(self, loop: ControlLoop, mission: Mission | None) -> None:
        self._loop = loop
        self._mission = mission
        self._lag_s, self._timed_at = 0.0, float("-inf")
        self.row = mission.row if mission is not None else None
        """The row in which a mission goes on after a restart, or None."""

    def directed(self, commands: tuple[Command, ...], now: float) -> tuple[Command, ...]:
        """Return the commands for the loop: people's, less what the mission decides itself, and its own."""
        self._loop.pilot.look_at_end(now)
        if self._mission is None:
            return commands
        commands, changes = self._mission.direct(commands, self._facts(now))
        lookout, mover = self._mission.lookout, self._mission.mover
        told = {
            Fault.FRONT_CAMERA: "" if lookout is None else lookout.problem,
            Fault.HEADLAND_BASE: "" if mover is None else mover.wheels_problem,
        }
        self._loop.pilot.told = {fault: text for fault, text in told.items() if text}
        self._loop.scribe.note(changes, now)
        return commands

    @property
    def under_way(self) -> bool:
        """Whether the mission may set the cart rolling by itself: nobody holds it, and it has begun and not ended."""
        mission = self._mission
        return mission is not None and not mission.held and mission.phase not in {Phase.OFF, Phase.DONE}

    def view(self, now: float) -> MissionView | None:
        """Return the day as it stands."""
        return None if self._mission is None else view_of(self._mission, self._facts(now))

    def _facts(self, now: float) -> MissionFacts:
        loop = self._loop
        if now - self._timed_at >= TIMED_EVERY_S:
            self._timed_at = now
            self._lag_s = 1e-3 * loop.stopwatch.table().get("frame_age", (0.0, 0.0))[1]
        pose, active, ends = loop.cart.pose(now), loop.pilot.faults.active, loop.pilot.ends
        return MissionFacts(
            now=now,
            wall=loop.wall(),
            mode=loop.mode,
            s=pose.s if pose is not None and loop.cart.odometry.position_known else None,
            lost=any(fault.present and fault.code in PLACE_LOST for fault in active),
            trouble=next((fault.text for fault in active if fault.present and fault.severity == "stop"), ""),
            ready_seen=loop.reasons.ready_seen,
            lag_s=self._lag_s,
            end_switch=ends.says_end,
            end_early=ends.early,
            end_left=ends.left_m,
        )
