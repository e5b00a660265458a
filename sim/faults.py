"""Faults of the machine that a scenario can name: what breaks, when, and how the plant shows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sim.camera_faults import UNPLUGGED_S

if TYPE_CHECKING:
    from sim.plant import Plant

LEAK_NL_MIN: Final = 200.0
"""A hose off its barb (assumed): more than the compressor of the default plant delivers."""
TIRED_SHARE: Final = 0.1
"""What a worn compressor still delivers (assumed)."""
LOW_KPA: Final = 120.0
"""Gauge pressure after the regulator was turned down: below what the controller fires with."""


class FaultNameError(ValueError):
    """A fault that cannot be scripted; the text names it and the choices."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault's name, what it is, and what it does to the plant."""

    name: str
    text: str
    strike: Callable[[Plant], None]


@dataclass(frozen=True, slots=True)
class TimedFault:
    """A fault that strikes `t` seconds after the start."""

    t: float
    kind: FaultKind


def _stick(plant: Plant) -> None:
    plant.next_closing_sticks = True


def _leak(plant: Plant) -> None:
    plant.air.leak_nl_min = LEAK_NL_MIN


def _drop(plant: Plant) -> None:
    plant.air.pressure_kpa = min(plant.air.pressure_kpa, LOW_KPA)
    plant.air.delivery = 0.0


def _tire(plant: Plant) -> None:
    plant.air.delivery = TIRED_SHARE


def _freeze_gauge(plant: Plant) -> None:
    plant.frozen_kpa = round(plant.air.pressure_kpa)


def _lose_gauge(plant: Plant) -> None:
    plant.gauge_lost_t = plant.now


def _freeze_encoder(plant: Plant) -> None:
    plant.frozen_ticks = plant.vehicle.encoder_ticks()


def _slip(plant: Plant) -> None:
    plant.vehicle.spinning = True


def _press(plant: Plant) -> None:
    plant.estop_pressed = True


def _bump(plant: Plant) -> None:
    plant.bumper_pressed = True


def _spoil(name: str) -> Callable[[Plant], None]:
    def strike(plant: Plant) -> None:
        plant.camera_faults[name] = (plant.now, plant.place_at(plant.now))

    return strike


KINDS: Final[Mapping[str, FaultKind]] = {
    kind.name: kind
    for kind in (
        FaultKind("valve_stuck", "the next valve that closes hangs open", _stick),
        FaultKind("air_leak", f"a hose comes off: {LEAK_NL_MIN:g} normal litres a minute are lost", _leak),
        FaultKind("pressure_low", f"the pressure drops to {LOW_KPA:g} kPa and does not return", _drop),
        FaultKind("compressor_tired", f"the compressor delivers {100 * TIRED_SHARE:g} %", _tire),
        FaultKind("gauge_frozen", "the pressure sensor repeats its last reading", _freeze_gauge),
        FaultKind("gauge_lost", "the pressure sensor sends nothing more", _lose_gauge),
        FaultKind("encoder_dead", "the wheel encoder counts no more", _freeze_encoder),
        FaultKind("wheel_slip", "the wheels spin on the pipe and the cart stands", _slip),
        FaultKind(
            "camera_unplugged",
            f"the left camera's plug is out for {UNPLUGGED_S:g} s",
            _spoil("camera_unplugged"),
        ),
        FaultKind("camera_frozen", "the left camera repeats one picture", _spoil("camera_frozen")),
        FaultKind("camera_dark", "the left camera's pictures turn dark", _spoil("camera_dark")),
        FaultKind(
            "camera_torn", "the left camera's pictures are put together from two", _spoil("camera_torn")
        ),
        FaultKind("estop", "someone presses the e-stop button", _press),
        FaultKind("bumper", "someone stands in the aisle", _bump),
    )
}


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
