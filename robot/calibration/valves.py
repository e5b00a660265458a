"""Fires trains on one nozzle after another and lets a sensor tell each valve's lag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from firmware_bridge.core_config import MAX_LAG_US
from firmware_bridge.enums import Result, word
from firmware_bridge.events import PulseOutcome, Telemetry
from robot.bench_link import BenchLink, RefusedError
from robot.calibration.config import CalibrationConfig
from robot.calibration.flash import CameraSensor
from robot.calibration.lag_sensor import LagError, LagEstimate, LagSensor, Train
from robot.calibration.microphone import MicrophoneSensor
from robot.calibration.pressure import PressureSensor
from robot.clock import Clock
from vision.types import Camera

AIR_WITHIN_S = 60.0
"""The compressor must have brought the pressure back by then (assumed)."""
SETTLE_S = 0.2
STALLED = frozenset({word(Result, Result.NOT_ARMED), word(Result, Result.LATE)})
"""Refusals after a stall of this computer: the dead-man acted, or the train came too late."""


def lag_sensor(config: CalibrationConfig, clock: Clock, open_camera: Callable[[], Camera]) -> LagSensor:
    """Return the sensor that the machine file names."""
    if config.lag_sensor == "microphone":
        return MicrophoneSensor(config.recorder, clock)
    if config.lag_sensor == "camera":
        return CameraSensor(open_camera)
    return PressureSensor()


def measure(
    link: BenchLink, nozzles: Sequence[int], sensor: LagSensor, config: CalibrationConfig
) -> Iterator[tuple[int, LagEstimate]]:
    """Yield each nozzle with its lag; the link is open and becomes armed. Raises LagError or BenchError."""
    link.listeners.append(sensor.hear)
    try:
        link.arm()
        for nozzle in nozzles:
            yield nozzle, _one(link, nozzle, sensor, config)
        link.disarm()
    finally:
        link.listeners.remove(sensor.hear)
        sensor.close()


def _one(link: BenchLink, nozzle: int, sensor: LagSensor, config: CalibrationConfig) -> LagEstimate:
    on_us, period_us = round(config.on_ms * 1000), round(config.period_ms * 1000)
    trains: list[Train] = []
    sensor.begin()
    link.wait(lambda: False, SETTLE_S)
    spoilt = 0
    while len(trains) < config.trains:
        _await_air(link)
        end = _fired(link, nozzle, on_us, period_us, config.openings)
        if end.outcome == "fired" and end.opened_at is not None:
            trains.append(Train(end.opened_at, on_us * 1e-6, period_us * 1e-6, end.openings))
        elif spoilt < config.trains:
            # A stalled computer or the dead-man cut it; a train more costs less than to begin again.
            spoilt += 1
            link.arm()
        else:
            raise LagError(f"nozzle {nozzle}: {end.outcome}, {end.cause}; nothing was written")
        link.wait(lambda: False, config.pause_s)
        link.events.clear()
    try:
        found = sensor.end(trains)
    except LagError as error:
        raise LagError(f"nozzle {nozzle}: {error}") from error
    lag_s = found.lag_s - config.sensor_delay_us * 1e-6
    if not 0.0 <= lag_s <= MAX_LAG_US * 1e-6:
        raise LagError(
            f"nozzle {nozzle}: a lag of {lag_s * 1e3:.1f} ms cannot be, a board takes 0 to "
            f"{MAX_LAG_US / 1000:g}; check calibration.sensor_delay_us and the sensor"
        )
    return LagEstimate(lag_s, found.error_s, found.openings)


def _fired(link: BenchLink, nozzle: int, on_us: int, period_us: int, openings: int) -> PulseOutcome:
    """Fire a train; one that a stall of this computer kept from starting counts as not fired."""
    try:
        return link.fire(nozzle, on_us, period_us, openings)
    except RefusedError as error:
        if error.reason not in STALLED:
            raise
        return PulseOutcome(link.clock.now(), 0, "not_fired", error.reason)


def _await_air(link: BenchLink) -> None:
    """Wait for pressure, while the compressor makes up for the trains."""
    seen: list[bool] = []

    def good() -> bool:
        seen.extend(event.pressure_ok for event in link.events[-20:] if isinstance(event, Telemetry))
        return bool(seen) and seen[-1]

    if not link.wait(good, AIR_WITHIN_S):
        raise LagError(f"no usable pressure for {AIR_WITHIN_S:g} s: is the compressor on?")
