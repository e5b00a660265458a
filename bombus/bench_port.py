"""Opens the valve controller's port for a command at the bench; nobody else may hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from firmware_bridge.events import LinkUp
from firmware_bridge.sniffer import Heard, Sniffer
from firmware_bridge.transport import SerialTransport, Transport
from robot.bench_link import BenchLink
from robot.calibration.config import calibrated_lags
from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config


class PortLink(BenchLink):
    """A BenchLink that knows its port's name."""

    port = ""


@contextmanager
def open_bench(
    config: Path | None,
    port: str | None,
    hear: Callable[[Heard], None] | None = None,
    bridge: Mapping[str, object] | None = None,
    lags_us: Sequence[int] | None = None,
) -> Iterator[tuple[PortLink, LinkUp]]:
    """Yield an open session; raises ConfigError, TransportError (also while the daemon runs) or BenchError.

    `bridge` and `lags_us` replace what the machine file says of the bridge and of the valves' lags.
    """
    settings = load_config(config or DEMO_MACHINE)
    clock = MonotonicClock()
    name = port or settings.serial.port
    serial = SerialTransport(name, settings.serial.baud_rate)
    transport: Transport = serial if hear is None else Sniffer(serial, clock.now, hear)
    rhythm = settings.bridge.model_copy(update=dict(bridge or {}))
    lags_us = calibrated_lags(settings) if lags_us is None else lags_us
    link = PortLink(transport, rhythm, clock, serial.wait, lags_us)
    link.port = name
    try:
        yield link, link.open()
    finally:
        link.close()
