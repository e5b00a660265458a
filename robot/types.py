"""What the control loop passes between its steps, and the small protocols it is built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import msgspec

from firmware_bridge.events import LinkUp, Telemetry
from firmware_bridge.status import LinkQuality
from robot.mission.mission_view import MissionView
from robot.valve_state import ValveTestState
from vision.types import Flower, Frame, Pose, Side

if TYPE_CHECKING:
    from robot.ledger import TreatedPlace


class Reason(StrEnum):
    """Why a flower was not shot (planner), a pulse not sent (safety) or not fired (MCU)."""

    NOT_READY = "not_ready"
    UNSURE = "unsure"
    PLACE_UNSURE = "place_unsure"
    LOOK_AGAIN = "look_again"
    OUT_OF_REACH = "out_of_reach"
    TREATED_RECENTLY = "treated_recently"
    DAILY_CAP = "daily_cap"
    BUD_IN_JET = "bud_in_jet"
    PASSED = "passed"
    NOZZLE_BUSY = "nozzle_busy"
    OVER_AIR_BUDGET = "over_air_budget"
    NOT_ARMED = "not_armed"
    ESTOP = "estop"
    LOW_PRESSURE = "low_pressure"
    LINK_DOWN = "link_down"
    POSITION_UNSURE = "position_unsure"
    OUTSIDE_ROW = "outside_row"
    OVER_CAP = "over_cap"
    QUEUE_FULL = "queue_full"
    LATE = "late"
    STALE = "stale"
    BAD_SESSION = "bad_session"
    NO_ANSWER = "no_answer"
    STOPPED = "stopped"


Place = tuple[float, float, float]
"""A point in row coordinates: s, h, d in metres."""

FlowerKey = tuple[Side, int]
"""A flower of this run: the side's map numbers its own flowers."""


class Train(msgspec.Struct, frozen=True):
    """A pulse train: `count` openings of `on_us`, one every `period_us`."""

    on_us: int
    period_us: int
    count: int

    @property
    def duration_us(self) -> int:
        """First opening to last closing."""
        return self.period_us * (self.count - 1) + self.on_us


class PlannedPulse(msgspec.Struct, frozen=True):
    """One train from one nozzle: opens when the encoder reaches `trigger_ticks`.

    `aim` is where the jet's axis should meet the crop at the middle of the train; `direction` is the
    sign of travel. `flower_ids` are the flowers in the heart of the jet, the one aimed at first, and
    `places` their places in the same order.
    """

    pulse_id: int
    side: Side
    nozzle: int
    trigger_ticks: int
    direction: int
    train: Train
    aim: Place
    flower_ids: tuple[int, ...]
    places: tuple[Place, ...]


class FlowerRefusal(msgspec.Struct, frozen=True):
    """A flower that is not shot now, and why; `final` once the nozzles have passed it."""

    side: Side
    flower_id: int
    reason: Reason
    final: bool = False


class PulseRefusal(msgspec.Struct, frozen=True):
    """A planned pulse that was not sent, and why, in words for the operator."""

    pulse: PlannedPulse
    reason: Reason
    detail: str


class Mode(StrEnum):
    """What the robot is doing; `robot/modes.py` holds the only table of changes."""

    STARTING = "starting"
    READY = "ready"
    RUNNING = "running"
    STOPPED = "stopped"
    FAULT = "fault"
    DONE = "done"


class CommandName(StrEnum):
    """What a person may ask of the control loop."""

    STOP = "stop"
    """Stop at once: valves closed, drive zero, latched until `release`."""
    RELEASE = "release"
    """Clear a stop or an acknowledged fault; the robot is then ready, not moving."""
    START = "start"
    """Drive and treat from where the cart stands."""
    PAUSE = "pause"
    """Roll to a halt and stay ready; nothing is latched."""
    SET_POSITION = "set_position"
    """Tell the robot where it stands: `value` is s in m from the row head."""
    SET_ROW = "set_row"
    """Begin row `text` at its head (or at s = `value` when given)."""
    SET_RUN = "set_run"
    """The next way along the row of |`value`| m: in from the head (above 0) or back out to it (below)."""
    SET_SPEED = "set_speed"
    """Cruise at `value` m/s, within the machine's limits."""
    RELOAD = "reload"
    """Take the machine file anew; refused while a row is worked. The daemon does it, the loop never sees it."""
    ACKNOWLEDGE = "acknowledge"
    """Mark the fault with code `text` as seen."""
    CORRECT = "correct"
    """The cart stands `value` m farther along the row than its wheels say: only the mission tells it, by a tag."""
    OUTVOTED = "outvoted"
    """`text` (tag, switch, map or nobody) is contradicted at the row's end by two others: only the mission tells it."""
    CONFIRM = "confirm"
    """What the mission asked for is done; `value` is the number on the row's tag where it asks for one."""
    BLOCK_ROW = "block_row"
    """Leave out row `text` today; the one being worked is left at once."""
    PIN_ROW = "pin_row"
    """Work row `text` today, whatever gives way for it."""
    UNPIN_ROW = "unpin_row"
    """Leave row `text` to the planner again."""
    END_DAY = "end_day"
    """Begin no more rows today and go to the dock."""
    SET_CLIMATE = "set_climate"
    """Tell the greenhouse air by hand: `value` in degrees Celsius, `text` the humidity in % RH."""
    TEST_VALVE = "test_valve"
    """Fire one dose from nozzle `value` of side `text`, for a technician, while the cart stands (docs/dashboard.md)."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a person; `by` names who gave it, for the audit journal."""

    name: CommandName
    value: float | None = None
    text: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that is present, or was and awaits acknowledgement; texts are for the operator."""

    code: str
    severity: str
    text: str
    remedy: str
    since: float
    present: bool
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class SideView:
    """One side after a step: the last frame with its detections, and the map's flowers."""

    camera_id: str
    frame: Frame | None
    frame_problem: str | None
    detections: int
    flowers: tuple[Flower, ...]


@dataclass(frozen=True, slots=True)
class LoopView:
    """Everything a snapshot may show, after one step; counters run since the daemon's start."""

    now: float
    mode: Mode
    faults: tuple[ActiveFault, ...]
    row: str
    row_length: float
    pose: Pose | None
    position_known: bool
    cruise_speed: float
    link_text: str
    link_up: bool
    armed: bool
    estop: bool
    pressure_kpa: float | None
    battery_v: float | None
    sides: Mapping[Side, SideView]
    pulses_sent: int
    pulses_done: int
    pulses_refused: int
    flowers_treated: int
    refusals: Mapping[Reason, int]
    recent_pulses: tuple[PlannedPulse, ...]
    stage_ms: Mapping[str, tuple[float, float]]
    """Stage name -> p50, p99 in milliseconds, measured here."""
    decisions_sha256: str
    ready_seen: int = 0
    air_normal_l: float = 0.0
    """Air used so far, in litres at normal pressure."""
    flower_states: Mapping[FlowerKey, str] = field(default_factory=dict)
    """What is meant for each flower in view: 'planned', 'treated' or the Reason it is left alone."""
    finished: tuple[tuple[Side, int, float, str], ...] = ()
    """Flowers with a new last word: side, id, s, and 'treated' or the Reason it was missed; on a way back once more."""
    mission: MissionView | None = None
    """The day as a whole, where the machine has a house."""
    controller: LinkUp | None = None
    """What the valve controller said of itself when the session began; then its newest report, and how the cable does."""
    report: Telemetry | None = None
    link_quality: LinkQuality | None = None
    valve_test: ValveTestState | None = None
    stage_bins: Mapping[str, list[int]] = field(default_factory=dict)
    """Stage name -> counts in the bins of `stopwatch.EDGES_MS`."""


class StepRecord(msgspec.Struct, frozen=True):
    """One step as the recorder keeps it: the inputs that decide, and what was decided.

    `events` are the bridge's own event objects in the order they came, `places` where the refused flowers
    stand, `treated` what the ledger knew of the row that was begun, None where none was.
    """

    now: float
    events: tuple[object, ...]
    frames: Mapping[Side, Frame]
    commands: tuple[Command, ...]
    mode: Mode
    pose: Pose | None
    detections: Mapping[Side, object]
    pulses: tuple[PlannedPulse, ...]
    pulse_refusals: tuple[PulseRefusal, ...]
    flower_refusals: tuple[FlowerRefusal, ...]
    places: Mapping[FlowerKey, Place] = msgspec.field(default_factory=dict)
    treated: tuple[TreatedPlace, ...] | None = None


class Recorder(Protocol):
    """Keeps what happened; must not block the loop for longer than a buffered write."""

    @property
    def problem(self) -> str:
        """Why something is not kept at the moment, or an empty text."""
        ...

    def record_step(self, record: StepRecord) -> None:
        """Keep one step."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class AlertSink(Protocol):
    """Who keeps what people must be told, until they have acknowledged it."""

    def take(self, faults: Sequence[ActiveFault], commands: Iterable[Command], now: float) -> None:
        """Take the faults after a step and the commands people gave in it; never blocks."""
        ...


class TelemetrySink(Protocol):
    """Where the loop shows its state after a step."""

    def publish(self, view: LoopView) -> None:
        """Show `view`; drops what nobody reads, never blocks."""
        ...


class CommandSource(Protocol):
    """Where people's commands come from."""

    def take(self) -> Sequence[Command]:
        """Return the commands that came since the last call, oldest first; never blocks."""
        ...
