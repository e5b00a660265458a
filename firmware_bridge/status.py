"""How the link is doing, for people; and telemetry as the loop sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from firmware_bridge.clock_sync import ClockSync
from firmware_bridge.enums import Flag
from firmware_bridge.events import Telemetry
from firmware_bridge.link import Counters
from firmware_bridge.messages import Telemetry as TelemetryMessage


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """A snapshot. `ok` is stricter than `connected`: false also while too many frames arrive damaged."""

    connected: bool
    ok: bool
    session: int
    boot_id: int | None
    round_trip_s: float | None
    problem: str
    counters: Counters
    sessions: int


class LinkQuality(msgspec.Struct, frozen=True):
    """How the cable does. Round trips of this session as the loop hears them, counts since the program's start.

    `bad` frames came damaged, `repeated` requests were sent again for want of an answer, `foreign` frames were of
    another session; `sessions` is how often the controller was greeted.
    """

    trip_p50_ms: float | None
    trip_p99_ms: float | None
    sent: int
    received: int
    bad: int
    repeated: int
    foreign: int
    sessions: int


def link_quality(clock: ClockSync, counters: Counters, sessions: int) -> LinkQuality:
    """Return what people are told of the cable."""
    usual, worst = clock.trip_percentile_s(0.5), clock.trip_percentile_s(0.99)
    return LinkQuality(
        None if usual is None else 1e3 * usual,
        None if worst is None else 1e3 * worst,
        counters.sent,
        counters.received,
        counters.bad,
        counters.repeated,
        counters.foreign,
        sessions,
    )


_BITS: Final = {
    "pressure_ok": int(Flag.PRESSURE_OK),
    "leak": int(Flag.LEAK),
    "compressor_on": int(Flag.COMPRESSOR),
    "estop": int(Flag.ESTOP),
    "button": int(Flag.BUTTON),
    "bumper": int(Flag.BUMPER),
    "end_switch": int(Flag.END_SWITCH),
    "armed": int(Flag.ARMED),
    "heartbeat_lost": int(Flag.HEARTBEAT_LOST),
    "driving": int(Flag.DRIVING),
}
"""Plain numbers: an enum's own operators would take most of the time that a report costs."""
_IMPLAUSIBLE: Final = int(Flag.PRESSURE_IMPLAUSIBLE)


def telemetry_event(message: TelemetryMessage, clock: ClockSync) -> Telemetry:
    """Return the event of a telemetry message, on host time."""
    flags = message.flags
    return Telemetry(
        t=clock.to_host(message.tick_us),
        encoder_ticks=message.encoder_ticks,
        velocity_mm_s=message.velocity_mm_s,
        motor_mm_s=message.motor_mm_s,
        pressure_kpa=message.pressure_kpa,
        pressure_believed=not flags & _IMPLAUSIBLE,
        battery_mv=message.battery_mv,
        valves=message.valves,
        openings=message.openings,
        bad_frames=message.bad_frames,
        refused=message.refused,
        deadman_trips=message.deadman_trips,
        queued=message.queued,
        unreported=message.unreported,
        **{name: bool(flags & bit) for name, bit in _BITS.items()},
    )
