"""The core's configuration: the limits a board enforces against its host. header.py turns it into C."""

from __future__ import annotations

import struct
import zlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_NOZZLES = 64
MAX_LAG_US = 50_000

Lag = Annotated[int, Field(ge=0, le=MAX_LAG_US)]


class CoreConfig(BaseModel):
    """What the board is built with; bounds are hard limits, checked again by the core. All values assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nozzles: int = Field(default=64, ge=1, le=MAX_NOZZLES, description="valves on the board")
    ticks_per_m: int = Field(
        default=10_000, ge=100, le=1_000_000, description="encoder ticks per metre of travel"
    )
    max_on_us: int = Field(default=50_000, ge=1_000, le=100_000, description="longest single opening")
    max_train_us: int = Field(
        default=1_000_000, ge=1_000, le=5_000_000, description="first opening to last closing"
    )
    max_count: int = Field(default=24, ge=1, le=100, description="openings in a train")
    min_period_us: int = Field(default=20_000, ge=2_000, le=1_000_000, description="opening to opening")
    min_gap_us: int = Field(default=5_000, ge=1_000, le=1_000_000, description="a valve's rest after closing")
    duty_permille: int = Field(
        default=400, ge=1, le=1000, description="long-run share of time a valve may be open"
    )
    duty_budget_us: int = Field(
        default=1_000_000, ge=10_000, le=10_000_000, description="open time above that share"
    )
    max_open: int = Field(default=12, ge=1, le=MAX_NOZZLES, description="valves open at the same moment")
    queue_per_nozzle: int = Field(default=8, ge=8, le=32, description="pulses a nozzle can hold")
    max_wait_ms: int = Field(
        default=20_000, ge=100, le=600_000, description="longest a pulse may stay queued"
    )
    late_us: int = Field(
        default=10_000, ge=1_000, le=100_000, description="lateness at which an opening is dropped"
    )
    pass_ticks: int = Field(default=20, ge=1, le=1_000, description="distance past a trigger still fired at")
    max_ahead_ticks: int = Field(
        default=30_000, ge=100, le=10_000_000, description="farthest trigger accepted"
    )
    min_pressure_kpa: int = Field(default=150, ge=0, le=2_000, description="below this nothing opens")
    max_pressure_kpa: int = Field(
        default=1_000, ge=1, le=10_000, description="above this the sensor is not believed"
    )
    pressure_age_ms: int = Field(default=200, ge=10, le=2_000, description="an older reading is not believed")
    stuck_openings: int = Field(
        default=60,
        ge=0,
        le=100_000,
        description="openings without any change of the reading = stuck sensor; 0 is off",
    )
    leak_drop_kpa: int = Field(
        default=12,
        ge=0,
        le=1_000,
        description="fall with every valve closed, in one window, that is a leak; 0 is off",
    )
    leak_window_ms: int = Field(
        default=3_000, ge=100, le=60_000, description="closed time over which a fall is measured"
    )
    max_velocity_mm_s: int = Field(default=500, ge=1, le=3_000, description="fastest travel accepted")
    ramp_mm_s2: int = Field(default=500, ge=10, le=10_000, description="the drive's acceleration")
    max_drive_ms: int = Field(default=500, ge=50, le=2_000, description="longest validity of a drive command")
    heartbeat_ms: int = Field(default=250, ge=50, le=250, description="silence after which the dead-man acts")
    lag_us: tuple[Lag, ...] = Field(
        default=(12_000,) * MAX_NOZZLES,
        min_length=MAX_NOZZLES,
        max_length=MAX_NOZZLES,
        description="coil energised to air at the mouth, per nozzle",
    )

    def pack(self) -> bytes:
        """Return the C struct's bytes: little-endian uint32 in field order."""
        scalars = [getattr(self, name) for name in SCALARS]
        return struct.pack(f"<{len(scalars) + MAX_NOZZLES}I", *scalars, *self.lag_us)

    def crc(self) -> int:
        """Return the CRC-32 that the core reports in WELCOME."""
        return zlib.crc32(self.pack())


SCALARS: tuple[str, ...] = tuple(name for name in CoreConfig.model_fields if name != "lag_us")


def bounds(name: str) -> tuple[int, int]:
    """Return the hard limits of a field other than `lag_us`."""
    metadata = CoreConfig.model_fields[name].metadata
    low, high = (next(getattr(m, end) for m in metadata if hasattr(m, end)) for end in ("ge", "le"))
    return int(low), int(high)
