"""One flower's story in a recording, from first sight to outcome: what was seen, believed, decided and done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from firmware_bridge.events import PulseOutcome, PulseReceipt
from robot.loop import ControlLoop
from robot.recording_format import RecordedStep
from robot.settings import RobotConfig
from robot.types import CommandName, PlannedPulse, Reason, StepRecord
from sim.replay_setting import ReplayError
from vision.types import SIDES, STAGE_NAMES, Flower, Side

Kind = Literal["seen", "left", "shot", "refused", "answered", "outcome", "one with", "gone", "passed"]

BELIEF_STEP = 0.1
"""A view is told to people when the leading stage changes, or its belief by this much."""


class Moment(msgspec.Struct, frozen=True):
    """One thing that happened; `views`, `stage`, `belief` (bud, open, spent), `place`, `place_std_mm` on sight."""

    t: float
    cart_s: float | None
    kind: Kind
    what: str
    views: int | None = None
    stage: str | None = None
    belief: tuple[float, float, float] | None = None
    place: tuple[float, float, float] | None = None
    place_std_mm: float | None = None


class Story(msgspec.Struct, frozen=True):
    """What `bombus replay --why` prints. `told` are the indices of the moments that a person needs."""

    side: Side
    flower_id: int
    summary: str
    moments: list[Moment]
    told: list[int]


def flower_key(text: str) -> tuple[Side | None, int]:
    """Return side and number of "left:12" or "12"; raises ReplayError."""
    head, colon, number = text.rpartition(":")
    side = next((one for one in SIDES if one == head), None)
    if (colon and side is None) or not number.isascii() or not number.isdigit():
        raise ReplayError(f"--why {text}: no flower's number; name it as 12, left:12 or right:12")
    return side, int(number)


class StoryTeller:
    """A Watcher that follows one flower number, on one side or on both."""

    def __init__(self, side: Side | None, flower_id: int) -> None:
        self._sides: Sequence[Side] = SIDES if side is None else (side,)
        self._id = flower_id
        self._t_start = 0.0
        self._moments: dict[Side, list[Moment]] = {side: [] for side in self._sides}
        self._views: dict[Side, int] = {}
        self._pulses: dict[int, Side] = {}
        self._numbers: dict[Side, int] = {}
        self._ended: set[Side] = set()
        self._loop: ControlLoop | None = None

    def begin(self, config: RobotConfig, t_start: float) -> None:
        """Count from the recording's start."""
        self._t_start = t_start

    def step(self, loop: ControlLoop, done: StepRecord, given: RecordedStep | None) -> None:
        """Look what this step meant for the flower; another row counts its flowers anew."""
        if self._begun_anew(loop, done):
            self._ended |= {side for side in self._sides if self._moments[side]}
        self._sides = [side for side in self._sides if side not in self._ended]
        for side in self._sides:
            if side in done.frames and side in loop.sights:
                self._see(side, loop, done)
        self._decide(done)
        for event in done.events:
            self._hear(event, done)

    def story(self) -> Story:
        """Return the story; raises ReplayError when there is none, or two."""
        sides = [side for side, moments in self._moments.items() if moments]
        if not sides:
            known = (
                ", ".join(f"{side} up to {n}" for side, n in sorted(self._numbers.items())) or "none at all"
            )
            raise ReplayError(f"--why {self._id}: no such flower was seen; numbers seen: {known}")
        if len(sides) > 1:
            raise ReplayError(
                f"--why {self._id}: there is one on each side; name left:{self._id} or right:{self._id}"
            )
        moments = self._moments[sides[0]]
        return Story(sides[0], self._id, _summary(sides[0], self._id, moments), moments, _told(moments))

    def _begun_anew(self, loop: ControlLoop, done: StepRecord) -> bool:
        before, self._loop = self._loop, loop
        anew = {CommandName.SET_ROW, CommandName.SET_POSITION}
        return (before is not None and before is not loop) or any(one.name in anew for one in done.commands)

    def _see(self, side: Side, loop: ControlLoop, done: StepRecord) -> None:
        flowers = loop.sights[side].flowers(-np.inf, np.inf)
        if flowers:
            self._numbers[side] = max(self._numbers.get(side, 0), flowers[-1].flower_id)
        flower = next((one for one in flowers if one.flower_id == self._id), None)
        before = self._views.get(side)
        if flower is None:
            if before is not None:
                del self._views[side]
                self._add(side, done, "gone", "no longer on the map: not seen again, or one with another")
            return
        if before == flower.views:
            return
        self._views[side] = flower.views
        self._moments[side].append(_sight(flower, done, self._t_start, first=before is None))

    def _decide(self, done: StepRecord) -> None:
        for pulse in done.pulses:
            if pulse.side in self._sides and self._id in pulse.flower_ids:
                self._pulses[pulse.pulse_id] = pulse.side
                self._add(pulse.side, done, "shot", _pulse_text(pulse, self._id))
        for refused in done.pulse_refusals:
            if refused.pulse.side in self._sides and self._id in refused.pulse.flower_ids:
                text = f"pulse {refused.pulse.pulse_id} not sent: {_words(refused.reason)} ({refused.detail})"
                self._add(refused.pulse.side, done, "refused", text)
        for one in done.flower_refusals:
            if one.side in self._sides and one.flower_id == self._id:
                if one.final:
                    self._add(one.side, done, "passed", f"the nozzles have passed it: {_words(one.reason)}")
                else:
                    self._add(one.side, done, "left", f"left alone for now: {_words(one.reason)}")

    def _hear(self, event: object, done: StepRecord) -> None:
        side = self._pulses.get(getattr(event, "pulse_id", -1))
        if side is None:
            return
        if isinstance(event, PulseReceipt):
            word = "accepted" if event.accepted else f"refused: {event.reason}"
            self._add(side, done, "answered", f"controller: pulse {event.pulse_id} {word}")
        elif isinstance(event, PulseOutcome):
            opened = (
                f" from {event.opened_at - self._t_start:.3f} s on" if event.opened_at is not None else ""
            )
            text = f"controller: pulse {event.pulse_id} {event.outcome}, {event.openings} openings{opened}"
            self._add(side, done, "outcome", text)

    def _add(self, side: Side, done: StepRecord, kind: Kind, what: str) -> None:
        cart_s = None if done.pose is None else round(done.pose.s, 4)
        self._moments[side].append(Moment(round(done.now - self._t_start, 3), cart_s, kind, what))


def _sight(flower: Flower, done: StepRecord, t_start: float, *, first: bool) -> Moment:
    bud, is_open, spent = (round(float(x), 3) for x in flower.belief)
    stage = STAGE_NAMES[int(np.argmax(flower.belief))]
    s, h, d = (round(float(x), 4) for x in flower.position)
    std = float(np.sqrt(max(0.0, float(np.max(np.diagonal(flower.covariance)[:2])))))
    place = (
        f"s {s:.3f}, h {h:.3f}, d {d:.3f} m, ± {1000 * std:.0f} mm"
        if flower.place_known
        else "place not known yet"
    )
    text = f"{'first seen' if first else f'view {flower.views}'}: {stage} {max(bud, is_open, spent):.2f}; {place}"
    return Moment(
        round(done.now - t_start, 3),
        None if done.pose is None else round(done.pose.s, 4),
        "seen",
        text,
        flower.views,
        stage,
        (bud, is_open, spent),
        (s, h, d),
        round(1000 * std, 1),
    )


def _pulse_text(pulse: PlannedPulse, flower_id: int) -> str:
    train = f"{pulse.train.count} x {pulse.train.on_us / 1000:g} ms"
    others = [str(one) for one in pulse.flower_ids if one != flower_id]
    shared = f", together with {', '.join(others)}" if others else ""
    return (
        f"pulse {pulse.pulse_id} sent: nozzle {pulse.nozzle}, {train}, opens at {pulse.trigger_ticks} ticks, "
        f"meets the crop at s {pulse.aim[0]:.3f}, h {pulse.aim[1]:.3f} m{shared}"
    )


def _words(reason: Reason) -> str:
    return reason.value.replace("_", " ")


def _told(moments: Sequence[Moment]) -> list[int]:
    """Return the moments that a person needs: all but the views that change nothing."""
    told: list[int] = []
    last: Moment | None = None
    views = [index for index, moment in enumerate(moments) if moment.kind == "seen"]
    for index, moment in enumerate(moments):
        if moment.belief is None:
            told.append(index)
            continue
        new = last is None or last.belief is None or moment.stage != last.stage
        known = last is not None and ("not known" in last.what) != ("not known" in moment.what)
        grown = (
            last is not None
            and last.belief is not None
            and (max(abs(a - b) for a, b in zip(moment.belief, last.belief, strict=True)) >= BELIEF_STEP)
        )
        if new or known or grown or index == views[-1]:
            told.append(index)
            last = moment
    return told


def _summary(side: Side, flower_id: int, moments: Sequence[Moment]) -> str:
    views = [moment for moment in moments if moment.kind == "seen"]
    words = [f"{side} flower {flower_id}"]
    if views and views[-1].belief is not None:
        last = views[-1]
        words.append(
            f"seen {last.views} times from {views[0].t:.2f} to {last.t:.2f} s, at last as {last.stage}"
        )
    last_word = next(
        (m for m in reversed(moments) if m.kind in {"outcome", "passed", "refused", "shot"}), None
    )
    if any(moment.kind == "shot" for moment in moments):
        fired = next((m.what for m in reversed(moments) if m.kind == "outcome"), "no outcome was recorded")
        words.append(f"shot; {fired}")
    elif last_word is not None:
        words.append(f"not shot; {last_word.what}")
    else:
        words.append("never near enough to be decided on")
    return ": ".join((words[0], "; ".join(words[1:])))
