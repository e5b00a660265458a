"""What the front camera and the switches say of the place in the row, at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robot.mission.facts import MissionFacts
from robot.mission.row_place import End, row_end
from robot.mission.runner import Phase

if TYPE_CHECKING:
    from robot.mission.mission import Mission

LEAST_CORRECTION_M = 0.002


def place_correction(mission: Mission, facts: MissionFacts) -> float:
    """Return by how many metres the place is to be corrected, 0 for none; the camera looks the way in."""
    leg, mover = mission.leg, mission.mover
    if mover is None or leg is None or leg.backwards or mission.phase is not Phase.IN or facts.s is None:
        return 0.0
    seen, lens_ahead = mover.look(facts.now)
    off = mission.row_place.look(facts.s, seen, lens_ahead, facts.now)
    return off if abs(off) > LEAST_CORRECTION_M else 0.0


def end_verdict(mission: Mission, facts: MissionFacts) -> End:
    """Return whether the row's end is reached, the map saying so: its tag or switch may say no."""
    if mission.end_believed:
        return End.END
    by_tag = None
    if mission.phase is Phase.IN and facts.s is not None:
        by_tag = mission.row_place.end_by_tag(mission.pacer.overrun, facts.s, facts.now)
    return row_end(by_tag, facts.end_switch, True)
