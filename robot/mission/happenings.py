"""What happened since the mission's last step: the facts become at most one event, the gravest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from robot.mission.along import at_end, end_verdict, ends_early
from robot.mission.facts import MissionFacts
from robot.mission.plan_types import StopKind
from robot.mission.row_place import End
from robot.mission.runner import TABLE, Event, Phase
from robot.mission.waits import DOUBT

if TYPE_CHECKING:
    from robot.mission.mission import Mission


def happened(mission: Mission, facts: MissionFacts) -> Event | None:
    """Return the gravest event that changes the phase, or None."""
    return next((event for event in _events(mission, facts) if (mission.phase, event) in TABLE), None)


def _events(mission: Mission, facts: MissionFacts) -> Iterator[Event]:
    phase, agenda = mission.phase, mission.agenda
    if facts.wall.astimezone().date() > mission.day:
        yield Event.NEW_DAY
    if facts.lost:
        yield Event.LOST
    if agenda.stranded and not agenda.planning:
        yield Event.STRANDED
    if mission.ended and not mission.lost:
        yield Event.END
    if mission.leg is not None and mission.leg.row in agenda.blocked and not mission.lost:
        yield Event.BLOCKED
    if not mission.lost:
        yield from _of_window(mission, facts)
        if phase is Phase.MOVING and not agenda.planning and not _still_next(mission):
            yield Event.CHANGED
    early = ends_early(mission, facts)
    if early or at_end(mission, facts):
        through = mission.leg is not None and mission.leg.through
        if not early and end_verdict(mission, facts) is not End.END:
            mission.held = DOUBT
            return
        yield Event.ROW_LEFT if phase is Phase.OUT or through else Event.ROW_END
    if mission.arrived or (phase is Phase.HOMING and mission.place == mission.home):
        yield Event.ARRIVED
    if mission.served or (phase is Phase.DOCK and agenda.course.now is None):
        yield Event.SERVED
    if phase is Phase.WAITING and not mission.held:
        yield from _next(mission, facts)
    if mission.started:
        yield Event.START


def _of_window(mission: Mission, facts: MissionFacts) -> Iterator[Event]:
    if mission.agenda.window is None:
        return
    if facts.now >= mission.agenda.closes:
        yield Event.OVER
    yield Event.OPENED if mission.gate.open else Event.CLOSED


def _next(mission: Mission, facts: MissionFacts) -> Iterator[Event]:
    """Say where the plan leads from here, once it may be gone."""
    agenda = mission.agenda
    if agenda.planning or agenda.window is None:
        return
    ahead = agenda.course.ahead
    if not ahead or mission.ended or facts.now >= agenda.closes:
        yield Event.NOTHING_LEFT if mission.place == mission.home else Event.NEXT_DOCK
    elif ahead[0].kind is not StopKind.VISIT:
        yield Event.NEXT_DOCK
    elif mission.gate.open and facts.now >= agenda.course.zero + agenda.course.job(ahead[0]).release:
        yield Event.NEXT_ROW


def _still_next(mission: Mission) -> bool:
    course = mission.agenda.course
    if not course.ahead or course.ahead[0].kind is not StopKind.VISIT or mission.leg is None:
        return False
    return course.job(course.ahead[0]).row == mission.leg.row
