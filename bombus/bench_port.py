"""Opens the valve controller's port for a command at the bench; nobody else may hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware_bridge.events import LinkUp
from firmware_bridge.sniffer import Heard, Sniffer
from firmware_bridge.transport import SerialTransport, Transport
from robot.bench_link import BenchLink
from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config


class PortLink(BenchLink):
    """A BenchLink that knows its port's name."""

    port = ""


@contextmanager
def open_bench(
    config: Path | None, port: str | None, hear: Callable[[Heard], None] | None = None
) -> Iterator[tuple[PortLink, LinkUp]]:
    """Yield an open session; raises ConfigError, TransportError (also while the daemon runs) or BenchError."""
    settings = load_config(config or DEMO_MACHINE)
    clock = MonotonicClock()
    name = port or settings.serial.port
    serial = SerialTransport(name, settings.serial.baud_rate)
    transport: Transport = serial if hear is None else Sniffer(serial, clock.now, hear)
    link = PortLink(transport, settings.bridge, clock, serial.wait)
    link.port = name
    try:
        yield link, link.open()
    finally:
        link.close()
