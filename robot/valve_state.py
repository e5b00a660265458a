"""What people see of the technician's valve test; part of the snapshot as it is."""

from __future__ import annotations

import msgspec

from vision.types import Side


class ValveTested(msgspec.Struct, frozen=True):
    """One test: under way, over, or refused.

    `state` is arming, firing, disarming, or what became of it: done, cut_short, not_fired, refused or maybe_fired.
    `reason` is the code of why it did not end well, `text` the same as one sentence. `openings` of `asked` openings
    were counted by the valve controller, `open_ms` is how long the valve stood open. Pressure before, lowest from the
    first opening on, and after it; `lag_us` is the nozzle's valve lag as `bombus calibrate` measured it, if it did.
    """

    by: str
    side: Side
    nozzle: int
    state: str
    reason: str
    text: str
    asked: int
    openings: int
    open_ms: float
    pressure_before_kpa: float | None
    pressure_lowest_kpa: float | None
    pressure_after_kpa: float | None
    lag_us: int | None
    age_s: float


class ValveTestState(msgspec.Struct, frozen=True):
    """Whether a valve may be tested now, and how the last test went.

    `refused` is the code of why none may be asked for, or empty, `refused_text` the same as one sentence.
    """

    nozzles: dict[Side, tuple[int, ...]]
    refused: str
    refused_text: str
    last: ValveTested | None
