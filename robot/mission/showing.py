"""What people see of the mission, drawn up a few times a second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from robot.mission.course import Course
from robot.mission.facts import MissionFacts
from robot.mission.mission_view import AskView, MissionView, StopView, WindowView, WishView
from robot.mission.plan_types import Stop, StopKind
from robot.mission.runner import IN_ROW, Phase
from robot.mission.waits import Told, Wait
from robot.mission.wishes import in_force
from robot.mission.words import ask_at_dock, ask_for_dock, ask_for_row, ask_to_fetch, span

if TYPE_CHECKING:
    from robot.mission.mission import Mission

MOVES = frozenset({Phase.MOVING, Phase.HOMING})


def view_of(mission: Mission, facts: MissionFacts) -> MissionView:
    """Return the day as it stands."""
    agenda, now = mission.agenda, facts.now
    free = now + mission.state(facts).free_in
    stops = (*agenda.course.past, *_under_way(mission, free), *_ahead(mission, free))
    errors, says = mission.errors_s, why(mission, facts)
    return MissionView(
        now=now,
        house=mission.house.config.name,
        robot=mission.robot.name,
        phase=mission.phase.value,
        why=says.text,
        held=mission.held.text,
        why_code=says.code,
        window=WindowView(mission.gate.open, mission.gate.why, agenda.opens, agenda.closes),
        stops=stops,
        rows=_rows(mission, stops),
        ask=ask_of(mission),
        row=mission.leg.row if mission.leg is not None else "",
        row_ends=free if mission.phase in IN_ROW else None,
        house_ends=stops[-1].end if agenda.course.plan is not None and stops else None,
        quality=agenda.quality,
        planning=agenda.planning,
        problem=agenda.problem or mission.diary.problem,
        replans=agenda.replans,
        prediction_error_s=sum(errors) / len(errors) if errors else None,
        house_error_s=agenda.house_error_s,
        wishes=tuple(
            WishView(wish.kind, wish.row, wish.who, wish.wall) for wish in in_force(mission.diary.wishes)
        ),
    )


def ask_of(mission: Mission) -> AskView | None:
    """Return what a person is asked to do, if anything."""
    phase, refused, dock = mission.phase, mission.refused, mission.robot.dock
    if mission.mover is not None and phase in MOVES and not mission.lost:
        if not mission.mover.stuck:
            return None
        refused = refused or Told(mission.mover.stuck, Wait.STUCK)
    if phase is Phase.MOVING and mission.leg is not None:
        return ask_for_row(mission.leg, mission.lost, refused, mission.leg.start_s(mission.config.head_s))
    if phase is Phase.HOMING:
        return ask_for_dock(dock, refused)
    if phase is Phase.DOCK and mission.agenda.course.now is not None:
        return ask_at_dock(mission.agenda.course.now, refused)
    return ask_to_fetch(dock, refused) if phase is Phase.HELP else None


def why(mission: Mission, facts: MissionFacts) -> Told:
    """Return one sentence: what the mission does, or what it waits for."""
    phase = mission.phase
    if phase is Phase.OFF:
        return Told("Off: press START to begin the day", phase)
    ask, held = ask_of(mission), mission.held
    if ask is not None:
        return Told(f"{ask.text} ({held.text})", held.code) if held else Told(ask.text, ask.what)
    if held:
        return Told(held.text[0].upper() + held.text[1:], held.code)
    if phase is Phase.WAITING:
        return _waits_for(mission, facts)
    if phase is Phase.DONE:
        ended = ": the day was ended by a person" if mission.ended else ""
        return Told(f"Done for today{ended}", phase)
    return _does(mission)


def _does(mission: Mission) -> Told:
    phase, row = mission.phase, mission.leg.row if mission.leg is not None else ""
    if phase in MOVES:
        to = f"row {row}" if phase is Phase.MOVING else f"dock {mission.robot.dock}"
        return Told(f"Driving to {to}")
    if phase is Phase.RESTING:
        return Told(f"Resting in row {row}: {mission.gate.why}", mission.gate.code or phase)
    if phase is Phase.OUT:
        return Told(f"On the way back in row {row}, treating what was missed")
    return Told(f"Working row {row} at {mission.pacer.now.speed:.2f} m/s ({mission.pacer.now.by})")


def _waits_for(mission: Mission, facts: MissionFacts) -> Told:
    agenda = mission.agenda
    if agenda.planning or agenda.window is None:
        failed = Told(f"Waiting: {agenda.problem}", Wait.NO_PLAN)
        return failed if agenda.problem else Told("Waiting: the plan is being made", Wait.PLAN)
    if not mission.gate.open:
        opens = agenda.opens - facts.now
        soon = f"; opens in {span(opens)}" if opens > 0.0 else ""
        return Told(f"Waiting: {mission.gate.why}{soon}", mission.gate.code)
    ahead = agenda.course.ahead
    if ahead and ahead[0].kind is StopKind.VISIT:
        job = agenda.course.job(ahead[0])
        left = agenda.course.zero + job.release - facts.now
        if left > 0.0:
            return Told(f"Waiting: row {job.row} rests for another {span(left)}", Wait.ROW_RESTS)
    return Told("Waiting", mission.phase)


def _under_way(mission: Mission, free: float) -> Iterator[StopView]:
    course, leg = mission.agenda.course, mission.leg
    if leg is not None and (mission.phase in IN_ROW or mission.lost):
        job = course.now_job
        value, must = (job.value, job.must) if job is not None else (0.0, False)
        yield StopView("visit", leg.row, leg.sides, "now", mission.begun, free, value, must, leg.infected)
    elif mission.phase is Phase.DOCK and course.now is not None:
        yield StopView(course.now.kind.value, "", (), "now", mission.begun, free)


def _ahead(mission: Mission, free: float) -> Iterator[StopView]:
    course = mission.agenda.course
    for number, (stop, start, end) in enumerate(course.starts(free)):
        yield _planned(course, stop, start, end, "planned" if number else "next")


def _planned(course: Course, stop: Stop, start: float, end: float, state: str) -> StopView:
    if stop.kind is not StopKind.VISIT:
        return StopView(stop.kind.value, "", (), state, start, end)
    job = course.job(stop)
    return StopView("visit", job.row, job.sides, state, start, end, job.value, job.must, job.infected)


def _rows(mission: Mission, stops: tuple[StopView, ...]) -> dict[str, str]:
    """Return each row's state; rows of other robots are not ours to tell."""
    plan = mission.agenda.course.plan
    due = {job.row for job in plan.problem.jobs} if plan is not None else set()
    states = {row: "left" if row in due else "not_due" for row in mission.mine.rows}
    states |= {stop.row: "planned" if stop.state == "next" else stop.state for stop in stops if stop.row}
    states |= {row: "blocked" for row in mission.agenda.blocked if states.get(row) not in {"now", "done"}}
    return states | {row.name: "no_go" for row in mission.house.rows.values() if row.no_go}
