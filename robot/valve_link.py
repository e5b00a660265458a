"""What the loop asks of the valve controller: sent as bytes by McuBridge, played back by a recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from firmware_bridge.bridge import PulseCommand
from firmware_bridge.events import Event
from firmware_bridge.status import LinkQuality
from robot.types import PlannedPulse


class ValveLink(Protocol):
    """Valves and drive behind one link. No call blocks or raises for what the wire does."""

    def connect(self, now: float) -> None:
        """Begin to reach for the controller; LinkUp tells when it answered."""
        ...

    def poll(self, now: float) -> Sequence[Event]:
        """Send the heartbeat and retries that are due; return what came, oldest first."""
        ...

    def fire(self, pulses: Sequence[PulseCommand], now: float) -> None:
        """Send pulses in one write; receipts and outcomes come as events."""
        ...

    def acknowledge(self, pulse_id: int, now: float) -> None:
        """Say that a pulse's outcome is on disk."""
        ...

    def query(self, pulse_id: int, now: float) -> None:
        """Ask what became of a pulse, also of an earlier session."""
        ...

    def quality(self) -> LinkQuality | None:
        """Return how the cable does, or None where there is none."""
        ...

    def drive(self, velocity_mm_s: int, now: float) -> None:
        """Ask for a travel speed that ends by itself."""
        ...

    def arm(self, now: float) -> None:
        """Allow pulses and motion."""
        ...

    def disarm(self, now: float) -> None:
        """Close every valve, drop the queue, halt."""
        ...

    def stop(self, now: float) -> None:
        """Latch the emergency stop."""
        ...

    def clear(self, now: float) -> None:
        """Release the latch, when nothing is pressed."""
        ...

    def close(self) -> None:
        """Let go of the port."""
        ...


def as_commands(pulses: Sequence[PlannedPulse]) -> list[PulseCommand]:
    """Return planned pulses as the bridge takes them."""
    return [
        PulseCommand(
            pulse_id=pulse.pulse_id,
            nozzle=pulse.nozzle,
            trigger_ticks=pulse.trigger_ticks,
            direction=pulse.direction,
            on_us=pulse.train.on_us,
            period_us=pulse.train.period_us,
            count=pulse.train.count,
        )
        for pulse in pulses
    ]
