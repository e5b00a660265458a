"""What people tell the mission: their commands, before the control loop gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robot.mission.events import Pinned, RowBlocked, Unpinned
from robot.mission.facts import MissionFacts
from robot.mission.fiducials import wrong_tag
from robot.mission.runner import Phase
from robot.mission.waits import DOUBT, NOTHING, Told, Wait, paused
from robot.mission.wishes import BLOCK, END_DAY, PIN, UNPIN
from robot.types import Command, CommandName, Mode

if TYPE_CHECKING:
    from robot.mission.mission import Mission

SWALLOWED = frozenset({CommandName.START, CommandName.SET_ROW, CommandName.SET_RUN})
"""Commands that the mission gives the loop itself; a person's are not handed on."""


def hear(mission: Mission, command: Command, facts: MissionFacts) -> bool:
    """Take a person's command; True when the loop must not have it."""
    name = command.name
    if name is CommandName.START and facts.mode not in {Mode.STOPPED, Mode.FAULT}:
        mission.end_believed = mission.held == DOUBT
        mission.row_place.looked = facts.end_early
        mission.started, mission.held, mission.starter = True, NOTHING, command.by
    elif name is CommandName.PAUSE:
        mission.held = paused(command.by)
    elif name is CommandName.CONFIRM:
        _confirm(mission, command, facts)
    elif name is CommandName.END_DAY:
        mission.ended = True
        mission.diary.wish(END_DAY, "", command.by, facts.wall)
        mission.agenda.course.ahead.clear()
    elif name is CommandName.SET_CLIMATE and command.value is not None:
        mission.agenda.problem = mission.gate.told(command.value, command.text)
    elif name in {CommandName.BLOCK_ROW, CommandName.PIN_ROW, CommandName.UNPIN_ROW}:
        _change_plan(mission, command, facts)
    if name in SWALLOWED:
        mission.note(f"{name.value} {command.text}".strip(), command.by, "command")
    return name in SWALLOWED


def _change_plan(mission: Mission, command: Command, facts: MissionFacts) -> None:
    row = command.text.strip()
    if row not in mission.mine.rows:
        mission.agenda.problem = f"row '{row}': not one of this robot's rows; name one of them"
        return
    if command.name is CommandName.BLOCK_ROW:
        mission.diary.block(row, facts.wall)
        mission.diary.wish(BLOCK, row, command.by, facts.wall)
        mission.agenda.tell(RowBlocked(row))
        return
    pin = command.name is CommandName.PIN_ROW
    event = Pinned(row, mission.robot.name) if pin else Unpinned(row)
    mission.agenda.problem = mission.agenda.tell(event)
    if not mission.agenda.problem:
        mission.diary.wish(PIN if pin else UNPIN, row, command.by, facts.wall)


def _confirm(mission: Mission, command: Command, facts: MissionFacts) -> None:
    """Take "it is done", if the tag agrees: only then may the row be armed."""
    mission.refused = NOTHING
    leg = mission.leg
    if mission.phase is Phase.MOVING and leg is not None and leg.tag is not None:
        told = None if command.value is None else round(command.value)
        if told != leg.tag:
            said = "no tag was given" if told is None else f"tag {told} was given"
            text = f"{said}, row {leg.row} has tag {leg.tag}: look at the row's tag"
            _refuse(mission, Told(text, Wait.WRONG_TAG), command.by)
            return
        own = {leg.tag, *(number for number, _ in mission.house.rows[leg.row].tags)}
        seen = [] if mission.lookout is None else mission.lookout.recent(facts.now)
        other = wrong_tag(seen, own)
        if other:
            text = f"{other}, row {leg.row} has tag {leg.tag}: look where the cart stands"
            _refuse(mission, Told(text, Wait.OTHER_TAG), command.by)
            return
    mission.arrived = mission.phase in {Phase.MOVING, Phase.HOMING, Phase.HELP}
    mission.served = mission.phase is Phase.DOCK
    mission.held = NOTHING


def _refuse(mission: Mission, why: Told, who: str) -> None:
    mission.refused = why
    mission.note(f"confirmation refused: {why.text}", who)
