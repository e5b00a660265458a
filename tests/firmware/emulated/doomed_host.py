"""A host in a process of its own, to be killed: connects, arms, fires one long train and keeps polling."""

from __future__ import annotations

import sys
import time

from firmware_bridge.bridge import McuBridge, PulseCommand
from firmware_bridge.events import Event, Telemetry
from firmware_bridge.transport import SerialTransport


def main(port: str) -> None:
    """Live until killed."""
    bridge = McuBridge(SerialTransport(port))
    bridge.connect(time.monotonic())
    asked = fired = False
    while True:
        now = time.monotonic()
        events: list[Event] = bridge.poll(now)
        for state in (event for event in events if isinstance(event, Telemetry)):
            if state.pressure_ok and not asked:
                asked = True
                bridge.arm(now)
            if state.armed and not fired:
                fired = True
                at = state.encoder_ticks + 30
                bridge.fire([PulseCommand(1, 9, at, 1, on_us=15_000, period_us=41_667, count=24)], now)
        time.sleep(0.002)


if __name__ == "__main__":
    main(sys.argv[1])
