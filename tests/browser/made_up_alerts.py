"""Alerts of a made-up day: one that is there, one that is over, some that people have seen; and how sending goes."""

from __future__ import annotations

from pathlib import Path

from robot.alerts.store import Alert, AlertStore, ChannelState
from robot.faults import FAULTS, Fault

HOUR_S = 3600.0


def raise_alerts(path: Path, now: float) -> None:
    """Fill an alerts file as it stands at wall time `now`."""
    store = AlertStore(path)
    store.begin()
    store.keep(
        [
            _alert(1, Fault.BUMPER, now - 26 * HOUR_S, seen=(now - 25.9 * HOUR_S, "Ana")),
            _alert(2, Fault.CAMERA_LEFT_LOST, now - 5 * HOUR_S, seen=(now - 4.8 * HOUR_S, "Tim")),
            _alert(3, Fault.LENS_DIRTY, now - 2 * HOUR_S, present=False, count=3),
            _alert(4, Fault.PRESSURE_LOW, now - 240.0, count=2),
        ]
    )
    store.note_channel(ChannelState("webhook", 0, "", now - 60.0))
    store.note_channel(ChannelState("mail", 3, "mail.farm.example: connection refused", now - 30.0))
    store.close()


def _alert(
    number: int,
    fault: Fault,
    raised: float,
    *,
    seen: tuple[float | None, str] = (None, ""),
    present: bool = True,
    count: int = 1,
) -> Alert:
    known = FAULTS[fault]
    wall, who = seen
    return Alert(
        number,
        fault.value,
        "fault",
        known.severity.value,
        known.text,
        known.remedy,
        raised,
        raised,
        count,
        present and wall is None,
        wall,
        who,
    )
