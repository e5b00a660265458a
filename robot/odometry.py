"""Encoder samples to the cart's place along the row, at any moment. The loop owns one."""

from __future__ import annotations

from bisect import bisect_right
from math import copysign, isfinite

from pydantic import BaseModel, ConfigDict, Field

from vision.types import Pose

KEEP_SAMPLES = 128
VELOCITY_SPAN_S = 0.12
SAMPLES_THAT_MAKE_A_JUMP = 5

SLEW_PER_M = 0.004
"""m a metre: a flower is in view for about half a metre, so it moves by 2 mm against the map (assumed)."""

MOST_SLEW_M = 0.5


class OdometryConfig(BaseModel):
    """The wheel encoder and how far its word is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    ticks_per_m: int = Field(
        10_000, ge=100, le=1_000_000, description="encoder ticks per metre; calibrate (assumed)"
    )
    max_speed: float = Field(1.5, gt=0, le=10, description="m/s; a faster step is a glitch (assumed)")
    noise_m: float = Field(0.0005, ge=0, le=0.05, description="std of a fresh position (assumed)")
    drift_per_s: float = Field(
        0.05, ge=0, le=5, description="m/s by which a stale position grows unsure (assumed)"
    )
    max_extrapolation_s: float = Field(0.25, gt=0, le=2, description="s beyond the last sample (assumed)")


class Odometry:
    """Interpolates between samples, extrapolates a little, and drops impossible ones."""

    def __init__(self, config: OdometryConfig) -> None:
        self._config = config
        self._times: list[float] = []
        self._ticks: list[int] = []
        self._jump: list[tuple[float, int]] = []
        self._origin_s: float | None = None
        self.glitches = 0
        self._slew_m = 0.0
        self._last_pose: tuple[float, Pose | None] | None = None
        """The last answer of `at` and its time: a step asks for its own moment again and again."""

    @property
    def position_known(self) -> bool:
        """True once the origin is set and no unexplained jump came since."""
        return self._origin_s is not None

    @property
    def origin_s(self) -> float | None:
        """Return s at encoder zero, or None while the position is unknown."""
        return self._origin_s

    @property
    def last_ticks(self) -> int | None:
        """Return the newest accepted reading, or None."""
        return self._ticks[-1] if self._ticks else None

    @property
    def last_t(self) -> float | None:
        """Return the host time of the newest accepted reading, or None."""
        return self._times[-1] if self._times else None

    def set_origin(self, origin_s: float | None) -> None:
        """Set s at encoder zero; None makes the position unknown."""
        self._slew_m, self._last_pose = 0.0, None
        self._origin_s = origin_s if origin_s is None or isfinite(origin_s) else None

    def set_position(self, s: float) -> bool:
        """Say that the cart stands at `s` now; False when no reading has come yet."""
        if not self._ticks or not isfinite(s):
            return False
        self._origin_s = s - self._ticks[-1] / self._config.ticks_per_m
        self._slew_m, self._last_pose = 0.0, None
        return True

    def slew(self, metres: float) -> None:
        """Move the place by `metres` over the way to come, so slowly that flowers in view keep theirs."""
        if isfinite(metres) and abs(metres) <= MOST_SLEW_M and self._origin_s is not None:
            self._slew_m = metres

    def ticks_at(self, s: float) -> int:
        """Return the encoder reading at `s`; needs a known position."""
        return round((s - (self._origin_s or 0.0)) * self._config.ticks_per_m)

    def forget(self) -> None:
        """Drop every sample and the origin: the MCU restarted and counts from elsewhere."""
        self._times.clear()
        self._ticks.clear()
        self._jump.clear()
        self._origin_s = self._last_pose = None

    def add(self, t: float, ticks: int) -> bool:
        """Take one reading of host time `t`; False when it was dropped as old or impossible.

        Readings that stay impossible for a while are the truth: the count was changed behind our
        back, so they are taken and the position becomes unknown.
        """
        self._last_pose = None
        if not isfinite(t) or (self._times and t <= self._times[-1]):
            return False
        if self._times and not self._possible(self._times[-1], self._ticks[-1], t, ticks):
            self.glitches += 1
            return self._consider_jump(t, ticks)
        self._jump.clear()
        self._slew_on(ticks)
        self._times.append(t)
        self._ticks.append(ticks)
        if len(self._times) > 2 * KEEP_SAMPLES:
            del self._times[:KEEP_SAMPLES], self._ticks[:KEEP_SAMPLES]
        return True

    def _slew_on(self, ticks: int) -> None:
        """Take up what the way since the last reading allows of a correction."""
        if not self._slew_m or not self._ticks or self._origin_s is None:
            return
        way = abs(ticks - self._ticks[-1]) / self._config.ticks_per_m
        step = copysign(min(abs(self._slew_m), SLEW_PER_M * way), self._slew_m)
        self._origin_s += step
        self._slew_m -= step

    def at(self, t: float) -> Pose | None:
        """Return the pose at host time `t`, or None without a reading or a known position."""
        if self._last_pose is None or self._last_pose[0] != t:
            self._last_pose = t, self._pose_at(t)
        return self._last_pose[1]

    def _pose_at(self, t: float) -> Pose | None:
        if not self._times or self._origin_s is None or not isfinite(t):
            return None
        config, velocity = self._config, self._velocity(t)
        ticks, age = self._ticks_at_time(t, velocity)
        return Pose(
            t=t,
            s=ticks / config.ticks_per_m + self._origin_s,
            velocity=velocity,
            s_std=config.noise_m + config.drift_per_s * age,
        )

    def age(self, now: float) -> float:
        """Return the seconds since the newest reading; inf without one."""
        return now - self._times[-1] if self._times else float("inf")

    def _possible(self, t0: float, ticks0: int, t: float, ticks: int) -> bool:
        config = self._config
        reach = config.max_speed * (t - t0) + 8 * config.noise_m
        return abs(ticks - ticks0) <= reach * config.ticks_per_m

    def _consider_jump(self, t: float, ticks: int) -> bool:
        if self._jump and not self._possible(*self._jump[-1], t, ticks):
            self._jump.clear()
        self._jump.append((t, ticks))
        if len(self._jump) < SAMPLES_THAT_MAKE_A_JUMP:
            return False
        jumped = list(self._jump)
        self.forget()
        self._times = [sample[0] for sample in jumped]
        self._ticks = [sample[1] for sample in jumped]
        return True

    def _ticks_at_time(self, t: float, velocity: float) -> tuple[float, float]:
        """Return the encoder count at `t` and by how many seconds `t` lies outside the samples."""
        after = bisect_right(self._times, t)
        if after == len(self._times):
            age = t - self._times[-1]
            ahead = min(age, self._config.max_extrapolation_s)
            return self._ticks[-1] + velocity * ahead * self._config.ticks_per_m, age
        if after == 0:
            return float(self._ticks[0]), self._times[0] - t
        t0, t1 = self._times[after - 1], self._times[after]
        share = (t - t0) / (t1 - t0)
        return self._ticks[after - 1] + share * (self._ticks[after] - self._ticks[after - 1]), 0.0

    def _velocity(self, t: float) -> float:
        """Return m/s over a short span of samples that ends at or before `t`."""
        times = self._times
        last = max(bisect_right(times, t), 2) - 1
        if last >= len(times):
            return 0.0
        first, end = last, times[last]
        while first > 0 and end - times[first] < VELOCITY_SPAN_S:
            first -= 1
        span = end - times[first]
        ticks = self._ticks[last] - self._ticks[first]
        return ticks / self._config.ticks_per_m / span if span > 0 else 0.0
