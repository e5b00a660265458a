"""Faults that a run can be told to have: what breaks, when, what it must lead to and how soon."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from robot.faults import Fault
from sim.camera_faults import UNPLUGGED_S

if TYPE_CHECKING:
    from sim.plant import Plant
    from sim.troubles import Troubles

LEAK_NL_MIN: Final = 200.0
"""A hose off its barb (assumed): more than the compressor of the default plant delivers."""
TIRED_SHARE: Final = 0.1
"""What a worn compressor still delivers (assumed)."""
LOW_KPA: Final = 120.0
"""Gauge pressure after the regulator was turned down: below what the controller fires with."""


PERSON_S: Final = 5.0
"""How long someone who walks by stands before the scanner (assumed)."""
EMPTY_MV: Final = 21_500
"""A 24 V lead battery at its end (assumed)."""
WALL_STEP_S: Final = 3600.0


class FaultNameError(ValueError):
    """A fault that cannot be scripted; the text names it and the choices."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault: what it does to the machine (`strike`) or around the controller (`trouble`), and what is told.

    One of the faults `told` is shown within `within_s`; none are named where the work goes on as if nothing were.
    """

    name: str
    text: str
    told: tuple[Fault, ...] = ()
    within_s: float | None = None
    strike: Callable[[Plant], None] | None = None
    trouble: Callable[[Troubles, float], None] | None = None
    by_picture: bool = False
    """It shows in pictures, so truth mode needs some that stand for them."""

    @property
    def lockstep_only(self) -> bool:
        """True for what the real-time simulation cannot break."""
        return self.trouble is not None


@dataclass(frozen=True, slots=True)
class TimedFault:
    """A fault that strikes `t` seconds after the start."""

    t: float
    kind: FaultKind

    def __str__(self) -> str:
        """Return it as it is given on the command line."""
        return f"{self.kind.name}@{self.t:g}"


class FaultScript:
    """The faults of a run, in the order of their times."""

    def __init__(self, faults: Sequence[str], start_t: float = 0.0) -> None:
        self._left = deque(sorted(map(parse_fault, faults), key=lambda fault: fault.t))
        self._start_t = start_t

    @property
    def next_t(self) -> float:
        """When the next one strikes; inf when none is left."""
        return self._left[0].t + self._start_t if self._left else math.inf

    def due(self, t: float) -> Iterator[FaultKind]:
        """Return those that strike until `t`, each once."""
        while self.next_t <= t:
            yield self._left.popleft().kind


def _stick(plant: Plant) -> None:
    plant.next_closing_sticks = True


def _leak(plant: Plant) -> None:
    plant.air.state.leak_nl_min = LEAK_NL_MIN


def _drop(plant: Plant) -> None:
    plant.air.state.pressure_kpa = min(plant.air.pressure_kpa, LOW_KPA)
    plant.air.state.delivery = 0.0


def _tire(plant: Plant) -> None:
    plant.air.state.delivery = TIRED_SHARE


def _freeze_gauge(plant: Plant) -> None:
    plant.frozen_kpa = round(plant.air.pressure_kpa)


def _lose_gauge(plant: Plant) -> None:
    plant.gauge_lost_t = plant.now


def _freeze_encoder(plant: Plant) -> None:
    plant.frozen_ticks = plant.vehicle.encoder_ticks()


def _slip(plant: Plant) -> None:
    plant.vehicle.state.spinning = True


def _press(plant: Plant) -> None:
    plant.estop_pressed = True


def _bump(plant: Plant) -> None:
    plant.bumper_pressed = True


def _short(plant: Plant) -> None:
    plant.next_opening_shorts = True


def _block(plant: Plant) -> None:
    plant.vehicle.state.blocked = True


def _step_in(plant: Plant) -> None:
    plant.person_until = plant.now + PERSON_S


def _stick_end_switch(plant: Plant) -> None:
    plant.end_switch_stays = True


def _kill_end_switch(plant: Plant) -> None:
    plant.end_switch_stays = False


def _drain(plant: Plant) -> None:
    plant.battery_mv = EMPTY_MV


def _spoil(name: str) -> Callable[[Plant], None]:
    def strike(plant: Plant) -> None:
        plant.camera_faults[name] = (plant.now, plant.place_at(plant.now))

    return strike


def _until(trouble: str, seconds: float) -> Callable[[Troubles, float], None]:
    """Return what makes a trouble last for some seconds."""
    return lambda troubles, now: setattr(troubles, trouble, now + seconds)


def _reset_board(troubles: Troubles, now: float) -> None:
    troubles.board_resets = True


def _fill_disk(troubles: Troubles, now: float) -> None:
    troubles.disk_full = True


def _step_wall(troubles: Troubles, now: float) -> None:
    troubles.wall_offset_s = -WALL_STEP_S


CAMERA: Final = (Fault.CAMERA_LEFT_LOST,)
FRAMES: Final = (Fault.FRAMES_LEFT_BAD,)
LINK: Final = (Fault.LINK_DOWN,)

KINDS: Final[Mapping[str, FaultKind]] = {
    kind.name: kind
    for kind in (
        # A window of 3 s in the pauses between trains, or all at once when the low pressure ends the firing.
        FaultKind("valve_stuck", "the next valve that closes hangs open", (Fault.AIR_LEAK,), 15.0, _stick),
        FaultKind("valve_shorted", "the next valve that opens stays energised", (Fault.AIR_LEAK,), 15.0, _short),
        FaultKind("air_leak", f"a hose comes off: {LEAK_NL_MIN:g} normal litres a minute are lost",
                  (Fault.AIR_LEAK,), 15.0, _leak),
        FaultKind("pressure_low", f"the pressure drops to {LOW_KPA:g} kPa and does not return",
                  (Fault.PRESSURE_LOW,), 0.1, _drop),
        # 4 s of pauses, once the tank is so far down that a healthy compressor runs.
        FaultKind("compressor_tired", f"the compressor delivers {100 * TIRED_SHARE:g} %",
                  (Fault.COMPRESSOR_WEAK,), 20.0, _tire),
        # 60 openings without any change of the reading: 20 trains.
        FaultKind("gauge_frozen", "the pressure sensor repeats its last reading",
                  (Fault.PRESSURE_SENSOR,), 25.0, _freeze_gauge),
        FaultKind("gauge_lost", "the pressure sensor sends nothing more", (Fault.PRESSURE_SENSOR,), 0.3, _lose_gauge),
        FaultKind("encoder_dead", "the wheel encoder counts no more", (Fault.NOT_MOVING,), 2.5, _freeze_encoder),
        # 0.15 m of counted travel at 0.15 m/s.
        FaultKind("wheel_slip", "the wheels spin on the pipe and the cart stands", (Fault.WHEELS_SPIN,), 1.6, _slip),
        FaultKind("row_blocked", "something on the rails holds the cart", (Fault.NOT_MOVING,), 2.5, _block),
        # At once in the row; 0.45 m on from where a cam may still work it.
        FaultKind("end_switch_stuck", "the row-end switch says that the row ends here, and stays so",
                  (Fault.END_DOUBT,), 3.0, _stick_end_switch),
        # It shows at the row's end alone: that of 17 m at 0.15 m/s.
        FaultKind("end_switch_dead", "the row-end switch does not say any more that the row ends",
                  (Fault.END_SWITCH_WRONG,), 120.0, _kill_end_switch),
        FaultKind("battery_low", f"the battery is at {EMPTY_MV / 1000:g} V", (Fault.BATTERY_LOW,), 0.1, _drain),
        FaultKind("estop", "someone presses the e-stop button", (), 0.1, _press),
        FaultKind("bumper", "the bumper is pressed and stays so", (Fault.BUMPER,), 0.1, _bump),
        FaultKind("person", f"someone stands in the aisle for {PERSON_S:g} s", (Fault.BUMPER,), 0.1, _step_in),
        FaultKind("serial_loss", "half of all pieces on the cable are lost for 3 s",
                  trouble=_until("frames_lost", 3.0)),
        FaultKind("serial_corrupt", "half of all pieces on the cable are spoilt for 3 s",
                  trouble=_until("frames_spoilt", 3.0)),
        # Half a second without telemetry.
        FaultKind("serial_stall", "the cable holds everything back for 1 s", LINK, 0.6,
                  trouble=_until("cable_stalls", 1.0)),
        FaultKind("serial_unplug", "the cable is out for 3 s", LINK, 0.1, trouble=_until("cable_out", 3.0)),
        FaultKind("mcu_reset", "the controller restarts", (Fault.POSITION_UNSURE,), 0.5, trouble=_reset_board),
        FaultKind("camera_unplugged", f"the left camera's plug is out for {UNPLUGGED_S:g} s", CAMERA, 1.3,
                  _spoil("camera_unplugged")),
        FaultKind("camera_late", "the left camera's pictures come 1.5 s late for 6 s", CAMERA, 1.3,
                  trouble=_until("camera_late", 6.0)),
        # 2 s without a usable frame, after five equal ones.
        FaultKind("camera_frozen", "the left camera repeats one picture", FRAMES, 3.1,
                  _spoil("camera_frozen"), by_picture=True),
        FaultKind("camera_dark", "the left camera's pictures turn dark", FRAMES, 3.1,
                  _spoil("camera_dark"), by_picture=True),
        # Some tears are too faint to be seen, and such a frame counts as good.
        FaultKind("camera_torn", "the left camera's pictures are put together from two", FRAMES, 20.0,
                  _spoil("camera_torn"), by_picture=True),
        FaultKind("disk_full", "the ledger's disk is full", (Fault.LEDGER_FAILED,), 1.1, trouble=_fill_disk),
        FaultKind("clock_step", f"the wall clock steps back by {WALL_STEP_S:g} s", trouble=_step_wall),
        # The dead-man's 250 ms, told with the second long step at the latest.
        FaultKind("host_overload", "each step of the loop takes 0.3 s for 3 s", (Fault.DEAD_MAN,), 0.7,
                  trouble=_until("overloaded", 3.0)),
        FaultKind("process_killed", "the daemon is killed; it starts again after 2 s",
                  trouble=_until("daemon_dead", 2.0)),
    )
}  # fmt: skip


def parse_fault(text: str) -> TimedFault:
    """Read `NAME` or `NAME@SECONDS`; raises FaultNameError in one line for anything else."""
    name, _, when = text.partition("@")
    if name not in KINDS:
        raise FaultNameError(f"fault '{name}': unknown; choose from {', '.join(KINDS)}")
    try:
        t = float(when or 0.0)
    except ValueError:
        t = math.nan
    if not 0.0 <= t < math.inf:
        raise FaultNameError(f"fault '{text}': {when!r} is no time; give seconds, as in {name}@12.5")
    return TimedFault(t, KINDS[name])
