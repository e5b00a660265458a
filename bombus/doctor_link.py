"""Doctor's look at the valve controller: port, session, protocol, configuration, round trips, clock, dead-man."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bombus.bench_port import PortLink, open_bench
from bombus.checks import Check
from firmware_bridge.events import LinkUp, Telemetry
from firmware_bridge.messages import PROTOCOL_HASH
from firmware_bridge.transport import TransportError
from robot.bench_link import BenchError
from robot.config import DEMO_MACHINE, load_config
from robot.settings import RobotConfig

PINGS, PING_S = 150, 0.02
WITHIN_S = 15.0
LONG_TRIP_MS = 10.0
"""p99; the control loop looks every 10 ms, so a longer way shows in its reactions (assumed)."""
LOST_SHARE = 0.01
DRIFT_PPM = 200.0
"""Two crystals of 100 ppm each."""
CLOCK_ERROR_MS = 1.0
"""0.15 mm of travel at 0.15 m/s."""
BEATS = 3
"""So many heartbeats must fit into the dead-man's time: one may be lost."""


def link_checks(config: Path | None, port: str | None) -> Iterator[Check]:
    """Yield the checks of the link, as far as they can be made."""
    settings = load_config(config or DEMO_MACHINE)
    name = port or settings.serial.port
    try:
        with open_bench(config, port, bridge={"ping_s": PING_S}) as (link, up):
            yield Check("serial port", True, f"{name} opens")
            yield Check("controller", True, f"firmware {up.firmware_version}, last start: {up.reset_cause}")
            yield _protocol(link, up)
            yield _configuration(link, up, settings)
            if not up.protocol_mismatch:
                yield from _traffic(link)
                yield _heartbeat(link, settings)
    except TransportError as error:
        detail, _, remedy = str(error).rpartition(": ")
        yield Check("serial port", False, detail, remedy)
    except BenchError as error:
        yield Check("serial port", True, f"{name} opens")
        yield Check(
            "controller", False, str(error), "check its power, the port and the baud rate; reflash it"
        )


def _protocol(link: PortLink, up: LinkUp) -> Check:
    ok = not up.protocol_mismatch
    detail = f"{PROTOCOL_HASH:#010x} on both sides" if ok else link.bridge.link.problem
    remedy = f"flash the firmware that belongs to this program (protocol {PROTOCOL_HASH:#010x})"
    return Check("protocol", ok, detail, "" if ok else remedy)


def _configuration(link: PortLink, up: LinkUp, settings: RobotConfig) -> Check:
    crc = f"{up.config_crc:#010x}"
    highest = max(settings.nozzle_numbers) + 1
    if up.config_mismatch:
        return Check("configuration", False, link.bridge.link.problem, "correct bridge or controller")
    if up.ticks_per_m != settings.odometry.ticks_per_m:
        detail = f"the board counts {up.ticks_per_m} ticks/m, the file says {settings.odometry.ticks_per_m}"
        return Check("configuration", False, detail, "set odometry.ticks_per_m, or flash the board for it")
    if up.nozzles < highest:
        detail = f"the board has {up.nozzles} nozzles, the file names {highest}"
        return Check("configuration", False, detail, "mend [[nozzles]], or flash the board for them")
    expected = settings.bridge.expected_config_crc
    said = (
        f"CRC {crc}" if expected is not None else f"CRC {crc}, any is taken: set bridge.expected_config_crc"
    )
    return Check("configuration", True, f"{said}; {up.nozzles} nozzles, {up.ticks_per_m} ticks/m")


def _traffic(link: PortLink) -> Iterator[Check]:
    """Ping for some seconds; yield what became of the frames, the round trips and the clock."""
    trips: list[float] = []
    before, sessions = link.telemetry().bad_frames, link.bridge.link.sessions
    seen = [link.bridge.clock, link.bridge.clock.taken]

    def enough() -> bool:
        # A new session has a clock of its own.
        clock = link.bridge.clock
        if [clock, clock.taken] != seen:
            seen[:] = [clock, clock.taken]
            trips.append(clock.last_trip_s)
        return len(trips) >= PINGS

    link.wait(enough, WITHIN_S)
    yield _frames(link, len(trips), before, link.bridge.link.sessions - sessions)
    if not trips:
        return
    p50, p99 = (float(value) for value in np.percentile(1e3 * np.asarray(trips), (50, 99)))
    ok = p99 <= LONG_TRIP_MS
    detail = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms over {len(trips)} pings"
    yield Check("round trip", ok, detail, "" if ok else "use USB or 1 Mbaud; free a core of this machine")
    clock = link.bridge.clock
    drift_ppm = (1e-6 / clock.seconds_per_us - 1.0) * 1e6
    error_ms = 500.0 * (clock.trip_s or 0.0)
    ok = abs(drift_ppm) <= DRIFT_PPM and error_ms <= CLOCK_ERROR_MS
    detail = f"drift {drift_ppm:+.0f} ppm, error at most {error_ms:.2f} ms"
    yield Check("clock", ok, detail, "" if ok else "shorten the line's delay; look at the board's crystal")


def _frames(link: PortLink, answered: int, bad_before: int, reconnects: int) -> Check:
    counters = link.bridge.link.counters
    reports = [event for event in link.events if isinstance(event, Telemetry)]
    bad_there = max(0, reports[-1].bad_frames - bad_before) if reports else 0
    spoilt = counters.bad + bad_there + counters.repeated
    ok = link.bridge.link.connected and answered >= PINGS and reconnects == 0 and spoilt <= LOST_SHARE * PINGS
    detail = (
        f"{answered} of {PINGS} pings answered in {WITHIN_S:g} s; damaged: {counters.bad} here, {bad_there} on the "
        f"board; {counters.repeated} requests repeated, {reconnects} sessions lost"
    )
    remedy = "shorten or shield the cable, lower the baud rate; free a core of this machine"
    return Check("frames", ok, detail, "" if ok else remedy)


def _heartbeat(link: PortLink, settings: RobotConfig) -> Check:
    limits = link.bridge.limits
    if limits is None:
        return Check("heartbeat", False, "the board told no limits", "reflash it")
    beat_ms = 1000.0 * settings.bridge.heartbeat_s
    ok = beat_ms * BEATS <= limits.heartbeat_ms
    detail = f"one each {beat_ms:.0f} ms, the dead-man acts after {limits.heartbeat_ms} ms"
    remedy = f"set bridge.heartbeat_s to {limits.heartbeat_ms / 1000 / BEATS:.3f} or less"
    return Check("heartbeat", ok, detail, "" if ok else remedy)
