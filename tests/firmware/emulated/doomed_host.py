"""A host in a process of its own, to be killed: connects, arms, fires long trains and keeps polling."""

from __future__ import annotations

import sys
import time

from firmware_bridge.bridge import McuBridge, PulseCommand
from firmware_bridge.events import Event, PulseOutcome, PulseReceipt, Telemetry
from firmware_bridge.transport import SerialTransport


def main(port: str) -> None:
    """Live until killed."""
    bridge = McuBridge(SerialTransport(port))
    bridge.connect(time.monotonic())
    pulse_id, fired = 0, False
    while True:
        now = time.monotonic()
        events: list[Event] = bridge.poll(now)
        for event in events:
            if isinstance(event, PulseOutcome) or (isinstance(event, PulseReceipt) and not event.accepted):
                fired = False
            elif isinstance(event, Telemetry) and event.pressure_ok and not event.armed:
                bridge.arm(now)
            elif isinstance(event, Telemetry) and event.armed and not fired:
                fired, pulse_id = True, pulse_id + 1
                at = event.encoder_ticks + 30
                train = PulseCommand(pulse_id, 9, at, 1, on_us=15_000, period_us=41_667, count=24)
                bridge.fire([train], now)
        time.sleep(0.002)


if __name__ == "__main__":
    main(sys.argv[1])
