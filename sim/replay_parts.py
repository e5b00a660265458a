"""What a replayed loop is built from: recorded time, events, frames and commands, and a ledger as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from firmware_bridge.bridge import PulseCommand
from firmware_bridge.events import Event
from firmware_bridge.status import LinkQuality
from robot.ledger import Ledger, PulseState, Settled, TreatedPlace
from robot.recording_format import RecordingHeader
from robot.types import Command, LoopView, PlannedPulse, StepRecord, Train
from vision.types import Frame


class ReplayClock:
    """A Clock that stands at the recorded step's `now`; wall time runs along with it."""

    def __init__(self, start: float, wall_start: datetime) -> None:
        self._start, self._wall_start = start, wall_start
        self.t = start

    def now(self) -> float:
        """Return the step's monotonic seconds."""
        return self.t

    def wall(self) -> datetime:
        """Return the UTC wall time of the step."""
        return self._wall_start + timedelta(seconds=self.t - self._start)

    def sleep_until(self, t: float) -> None:
        """Nothing to wait for."""


class SilentLink:
    """A ValveLink with nothing behind it: every order is dropped."""

    def connect(self, now: float) -> None:
        """Nothing to reach."""

    def poll(self, now: float) -> Sequence[Event]:
        """Return no events."""
        return ()

    def fire(self, pulses: Sequence[PulseCommand], now: float) -> None:
        """Open nothing."""

    def acknowledge(self, pulse_id: int, now: float) -> None:
        """Nobody to tell."""

    def query(self, pulse_id: int, now: float) -> None:
        """Nobody to ask."""

    def quality(self) -> LinkQuality | None:
        """No cable."""
        return None

    def drive(self, velocity_mm_s: int, now: float) -> None:
        """Nothing to drive."""

    def arm(self, now: float) -> None:
        """Nothing to arm."""

    def disarm(self, now: float) -> None:
        """Nothing to disarm."""

    def stop(self, now: float) -> None:
        """Nothing to stop."""

    def clear(self, now: float) -> None:
        """Nothing to release."""

    def close(self) -> None:
        """No port to let go of."""


class ReplayLink(SilentLink):
    """The recorded controller: says again what it said, whatever is asked of it."""

    def __init__(self) -> None:
        self.events: Sequence[Event] = ()

    def poll(self, now: float) -> Sequence[Event]:
        """Return the step's events."""
        return self.events


class HeldFrame:
    """A FrameSource that gives the frame put into it, once."""

    def __init__(self, camera_id: str) -> None:
        self._camera_id = camera_id
        self.frame: Frame | None = None

    @property
    def camera_id(self) -> str:
        """The camera's name."""
        return self._camera_id

    def take(self) -> Frame | None:
        """Return the frame, or None when it was taken."""
        frame, self.frame = self.frame, None
        return frame


class HeldCommands:
    """A CommandSource that gives the commands put into it, once."""

    def __init__(self) -> None:
        self.commands: Sequence[Command] = ()

    def take(self) -> Sequence[Command]:
        """Return the step's commands."""
        commands, self.commands = self.commands, ()
        return commands


class LastStep:
    """A Recorder that keeps the last step, and a TelemetrySink that keeps the last view."""

    problem = ""

    def __init__(self) -> None:
        self.record: StepRecord | None = None
        self.view: LoopView | None = None

    def record_step(self, record: StepRecord) -> None:
        """Keep the step."""
        self.record = record

    def publish(self, view: LoopView) -> None:
        """Keep the view."""
        self.view = view

    def close(self) -> None:
        """Nothing to finish."""


@dataclass(frozen=True, slots=True)
class SessionBefore:
    """The session before the recorded one, as its header tells it."""

    row: str
    boot_id: int | None
    origin_s: float | None


def session_before(extra: Mapping[str, str]) -> SessionBefore | None:
    """Return how the session before knew its place, or None; unreadable texts count as none."""
    words = extra.get("last_session", "").rsplit(" ", 2)
    if len(words) != 3:
        return None
    row, boot_id, origin_s = words
    try:
        return SessionBefore(
            row,
            None if boot_id == "None" else int(boot_id),
            None if origin_s == "None" else float(origin_s),
        )
    except ValueError:
        return None


class ReplayLedger(Ledger):
    """A ledger that knows of a row that is begun what the recorded one knew then."""

    told: Sequence[TreatedPlace] | None = None

    def treated_places(self, row: str, since: float, wall: float) -> list[TreatedPlace]:
        """Return what was `told` of the row, else what this ledger knows."""
        return super().treated_places(row, since, wall) if self.told is None else list(self.told)


def ledger_as_it_was(header: RecordingHeader, row: str) -> ReplayLedger:
    """Return a ledger in memory that knows what the recorded run's ledger knew of `row` at its start.

    Earlier pulses are maybe-fired in it, so that an outcome heard later replaces them as it did then.
    """
    ledger = ReplayLedger(":memory:")
    wall = datetime.fromisoformat(header.wall_start).timestamp()
    before = session_before(header.extra)
    last_id = int(header.extra.get("last_pulse_id", "0"))
    if before is None and not header.treated and not last_id:
        return ledger
    ledger.begin(before.row if before is not None else row, wall)
    if before is not None:
        ledger.note_place(before.boot_id, before.origin_s, None, wall)
    for pulse_id, group in groupby(sorted(header.treated, key=_pulse_id), key=_pulse_id):
        places = list(group)
        then = wall - places[0].age_s
        ledger.intend([_pulse(pulse_id, places)], row, header.t_start - places[0].age_s, then)
        last_id = 0 if pulse_id == last_id else last_id
    if last_id:
        ledger.intend([_pulse(last_id, [])], row, header.t_start, wall)
        ledger.settle([Settled(last_id, PulseState.REFUSED)], wall)
    return ledger


def _pulse_id(place: TreatedPlace) -> int:
    return place.pulse_id


def _pulse(pulse_id: int, places: Sequence[TreatedPlace]) -> PlannedPulse:
    return PlannedPulse(
        pulse_id=pulse_id,
        side=places[0].side if places else "left",
        nozzle=0,
        trigger_ticks=0,
        direction=1,
        train=Train(0, 0, 0),
        aim=places[0].place if places else (0.0, 0.0, 0.0),
        flower_ids=tuple(range(len(places))),
        places=tuple(place.place for place in places),
    )
