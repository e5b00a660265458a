"""Takes the mission up where a killed or restarted program left it, from the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robot.ledger import LastSession, VisitLine
from robot.mission.diary import AWAY, HOME
from robot.mission.facts import MissionFacts
from robot.mission.leg import leg_of
from robot.mission.mission_view import StopView
from robot.mission.runner import Phase
from robot.mission.waits import RESTARTED
from robot.mission.wishes import BLOCK, PIN, day_ended, rows_to
from vision.types import SIDES

if TYPE_CHECKING:
    from robot.mission.mission import Mission


def go_on_from(mission: Mission, last: LastSession | None, facts: MissionFacts) -> None:
    """Set the mission to where today's lines say that it was; without any it is off."""
    wishes = mission.diary.wishes
    mission.agenda.blocked |= rows_to(BLOCK, wishes)
    mission.agenda.pins |= rows_to(PIN, wishes)
    mission.ended = day_ended(wishes)
    lines = mission.diary.today
    if not lines:
        return
    shift = facts.now - facts.wall.timestamp()
    for line in lines:
        _remember(mission, line, shift)
    open_line = mission.diary.interrupted
    mission.phase, mission.held = Phase.WAITING, RESTARTED
    if open_line is not None:
        _take_up(mission, open_line, last, facts)
    if mission.mover is not None and mission.leg is not None and mission.row is not None:
        mission.mover.stands_in(mission.leg)
    elif mission.mover is not None and mission.place != mission.home:
        mission.mover.lost()
    mission.agenda.order_day(facts.now, facts.wall, mission.state(facts))


def _remember(mission: Mission, line: VisitLine, shift: float) -> None:
    """Take one line of today into what people see, and into where the cart stands."""
    if line.outcome == "blocked" and not line.sides:
        mission.agenda.blocked.add(line.row)
        return
    if line.outcome in {HOME, AWAY}:
        gone = line.outcome == AWAY and line.row in mission.visits
        mission.place = mission.visits[line.row].entrance if gone else mission.home
        return
    if line.ended is None:
        return
    row = mission.mine.rows.get(line.row)
    kind = "visit" if line.row else line.outcome
    state = line.outcome if line.row else "done"
    mission.agenda.course.past.append(
        StopView(kind, line.row, line.sides, state, line.begun + shift, line.ended + shift)
    )
    if row is not None:
        mission.place = mission.visits[row.name].exit
        mission.tainted = mission.tainted or row.infected
    elif not line.row:
        mission.place = mission.home
        mission.tainted = mission.tainted and line.outcome != "disinfect"


def _take_up(mission: Mission, line: VisitLine, last: LastSession | None, facts: MissionFacts) -> None:
    """Go on with the visit under way: on the spot where the place is still known, else from the row's entrance."""
    if line.row not in mission.visits:
        # A stay at the dock, or a row that the house file has no more.
        mission.diary.resume(line)
        mission.diary.end("broken_off", facts.wall)
        mission.place = mission.home if not line.row else mission.place
        return
    mission.diary.resume(line)
    mission.leg = leg_of(mission.mine, mission.visits[line.row], line.sides or SIDES)
    mission.begun = line.begun + facts.now - facts.wall.timestamp()
    if last is not None and last.row == line.row:
        mission.phase = Phase.IN if line.turned is None else Phase.OUT
    else:
        mission.phase, mission.lost = Phase.MOVING, True
