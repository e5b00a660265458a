"""The snapshot's `mission` block: the day's plan, what the mission waits for, and what it asks of people.

All times are seconds from the snapshot's `time`: negative is past. `docs/mission.md` tells what the words mean.
"""

from __future__ import annotations

import msgspec

from robot.mission.mission_view import AskView, MissionView, StopView
from vision.types import Side


class MissionStop(msgspec.Struct, frozen=True):
    """One stop of today's way: `kind` visit, swap or disinfect.

    `state` is planned, next, now, done, broken_off or blocked. Past times are measured, the others predicted.
    """

    kind: str
    row: str
    sides: tuple[Side, ...]
    state: str
    start_in_s: float
    end_in_s: float
    value: float
    must: bool
    infected: bool


class MissionAsk(msgspec.Struct, frozen=True):
    """What a person is asked to do; `confirm` answers it, with the tag's number as its value where `tag` is given.

    `what` is row, dock, swap, disinfect or fetch; `s` is
    where in the row the cart is to stand, m from its head; `refused` says why the last confirmation was not taken.
    """

    what: str
    text: str
    row: str
    tag: int | None
    refused: str
    s: float
    refused_code: str = ""


class WindowState(msgspec.Struct, frozen=True):
    """The window of good hours and air; `why` is a sentence."""

    open: bool
    why: str
    opens_in_s: float
    closes_in_s: float


class MissionWish(msgspec.Struct, frozen=True):
    """What a person wished for today and still holds: `kind` is block, pin or end_day (with no `row`).

    `wall` is when, in POSIX seconds by the robot's wall clock.
    """

    kind: str
    row: str
    who: str
    wall: float


class MissionState(msgspec.Struct, frozen=True):
    """The day as a whole.

    `phase` is off, waiting, moving, homing, dock, in, resting, out, help or done; `why` says in one sentence what
    the mission does or waits for; `held` why it goes on only after START ("" when it does not need one). `stops`
    are this robot's, in order, the past ones first. `rows` tells each row's state: planned, now, done,
    broken_off, blocked, left (due but not in the plan), no_go or not_due. `row_ends_in_s` and `house_ends_in_s`
    are predictions, None while there is none; `prediction_error_s` is how far the predictions of today's rows
    were off at their begin, on average; `house_error_s` how far that of the house was, by the day's first plan, once
    the work is over. `quality` is the plan's value over its upper bound. `why_code` names what it waits for
    (docs/troubleshooting.md), "" while it works; so does the ask's `refused_code`.
    """

    house: str
    robot: str
    phase: str
    why: str
    held: str
    window: WindowState
    stops: tuple[MissionStop, ...]
    rows: dict[str, str]
    ask: MissionAsk | None
    row: str
    row_ends_in_s: float | None
    house_ends_in_s: float | None
    rows_done: int
    rows_ahead: int
    quality: float | None
    planning: bool
    problem: str
    replans: int
    prediction_error_s: float | None
    house_error_s: float | None = None
    why_code: str = ""
    wishes: tuple[MissionWish, ...] = ()


def mission_state(view: MissionView) -> MissionState:
    """Return the block for the snapshot."""
    visits = [stop for stop in view.stops if stop.kind == "visit"]
    window, ask = view.window, view.ask
    return MissionState(
        house=view.house,
        robot=view.robot,
        phase=view.phase,
        why=view.why,
        held=view.held,
        why_code=view.why_code,
        window=WindowState(window.open, window.why, _in(view, window.opens), _in(view, window.closes)),
        stops=tuple(_stop(view, stop) for stop in view.stops),
        rows=dict(view.rows),
        ask=None if ask is None else _ask(ask),
        row=view.row,
        row_ends_in_s=None if view.row_ends is None else _in(view, view.row_ends),
        house_ends_in_s=None if view.house_ends is None else _in(view, view.house_ends),
        rows_done=sum(stop.state == "done" for stop in visits),
        rows_ahead=sum(stop.state in {"planned", "next", "now"} for stop in visits),
        quality=view.quality,
        planning=view.planning,
        problem=view.problem,
        replans=view.replans,
        prediction_error_s=view.prediction_error_s,
        house_error_s=view.house_error_s,
        wishes=tuple(MissionWish(wish.kind, wish.row, wish.who, wish.wall) for wish in view.wishes),
    )


def _ask(ask: AskView) -> MissionAsk:
    return MissionAsk(ask.what, ask.text, ask.row, ask.tag, ask.refused, ask.s, ask.refused_code)


def _stop(view: MissionView, stop: StopView) -> MissionStop:
    return MissionStop(
        stop.kind,
        stop.row,
        stop.sides,
        stop.state,
        _in(view, stop.start),
        _in(view, stop.end),
        round(stop.value, 1),
        stop.must,
        stop.infected,
    )


def _in(view: MissionView, t: float) -> float:
    return round(t - view.now, 1)
