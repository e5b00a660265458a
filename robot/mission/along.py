"""What the front camera and the row-end switch say of the place in the row, at each step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from robot.end_switch import Odd
from robot.mission.facts import MissionFacts
from robot.mission.row_place import End, odd_one, row_end
from robot.mission.runner import ROLLING, Phase
from robot.mission.waits import EARLY
from robot.types import Command, CommandName, Mode

if TYPE_CHECKING:
    from robot.mission.mission import Mission

LEAST_CORRECTION_M = 0.002

AGREE_M = 0.4
"""Two that put the row's end within this of one another agree (assumed; the switch's own slack is 0.3)."""

TURN_SLACK_M = 0.05
"""The cart turns when the switch has it this near to where it is to turn (assumed)."""

BY = "mission"


def along_the_row(mission: Mission, facts: MissionFacts) -> Iterator[Command]:
    """Yield what the loop is to know: by how much its place is off, and who is wrong about the row's end."""
    off = place_correction(mission, facts)
    if off:
        yield Command(CommandName.CORRECT, off, by=BY)
    place = mission.row_place
    odd = Odd.SWITCH if place.looked else _odd_one(mission, facts)
    place.looked = False
    again = odd is Odd.SWITCH and facts.end_early  # on the way back the loop has forgotten it
    if odd is not Odd.NONE and (odd is not place.odd or again):
        place.odd = odd
        yield Command(CommandName.OUTVOTED, text=odd.value, by=BY)


def place_correction(mission: Mission, facts: MissionFacts) -> float:
    """Return by how many metres the place is to be corrected, 0 for none; the camera looks the way in."""
    leg, lookout = mission.leg, mission.lookout
    if lookout is None or leg is None or leg.backwards or mission.phase is not Phase.IN or facts.s is None:
        return 0.0
    seen, lens_ahead = lookout.look(facts.now)
    off = mission.row_place.look(facts.s, seen, lens_ahead, facts.now)
    return off if abs(off) > LEAST_CORRECTION_M else 0.0


def at_end(mission: Mission, facts: MissionFacts) -> bool:
    """Return whether the loop has worked the run that it was given to where the map has its end."""
    done = facts.mode is Mode.DONE and mission.run_given == mission.run()
    return mission.phase in ROLLING and done


def ends_early(mission: Mission, facts: MissionFacts) -> bool:
    """Return whether the cart stands where tag and switch have the row's end, short of the map's."""
    believed = mission.phase is Phase.IN and mission.row_place.odd is Odd.MAP
    return believed and facts.end_left is not None and facts.end_left <= TURN_SLACK_M


def end_verdict(mission: Mission, facts: MissionFacts) -> End:
    """Return whether the row's end is reached, the map saying so: its tag or switch may say no."""
    if mission.end_believed:
        return End.END
    return row_end(_by_tag(mission, facts), _by_switch(mission, facts), True)


def _by_tag(mission: Mission, facts: MissionFacts) -> bool | None:
    if mission.phase is not Phase.IN or facts.s is None:
        return None
    return mission.row_place.end_by_tag(mission.pacer.overrun, facts.s, facts.now)


def _by_switch(mission: Mission, facts: MissionFacts) -> bool | None:
    """Return the switch's vote; outvoted on the way in it has none on the way back, where no tag is seen."""
    return None if mission.row_place.odd is Odd.SWITCH else facts.end_switch


def _odd_one(mission: Mission, facts: MissionFacts) -> Odd:
    if facts.end_early and mission.phase in ROLLING:
        return _odd_in_row(mission, facts)
    if at_end(mission, facts) and not mission.end_believed:
        return odd_one(_by_tag(mission, facts), _by_switch(mission, facts), True)
    return Odd.NONE


def _odd_in_row(mission: Mission, facts: MissionFacts) -> Odd:
    """Compare where switch, tag and map have the row's end; without a majority the mission is held."""
    leg, overrun = mission.leg, mission.pacer.overrun
    if mission.row_place.odd is Odd.SWITCH:
        return Odd.SWITCH
    by_tag = None
    if mission.phase is Phase.IN and facts.s is not None:
        by_tag = mission.row_place.left_by_tag(facts.s, facts.now)
    if by_tag is not None and leg is not None and facts.s is not None:
        by_map = leg.length + overrun - facts.s
        if facts.end_left is not None and abs(by_tag + overrun - facts.end_left) <= AGREE_M:
            return Odd.MAP
        if abs(by_tag + overrun - by_map) <= AGREE_M:
            return Odd.SWITCH
    mission.held = mission.held or EARLY
    return Odd.NOBODY
