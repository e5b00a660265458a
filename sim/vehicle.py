"""The cart on its rails: motor lag, wheel slip and an encoder that counts wheel travel, not truth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sim.shakes import fallen
from sim.trigonometry import sin_turns


class VehicleConfig(BaseModel):
    """How the cart answers its drive. Every value is assumed unless a source is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ticks_per_m: int = Field(
        10_000, ge=100, le=1_000_000, description="encoder ticks per metre of wheel travel"
    )
    start_s: float = Field(
        -1.0, ge=-20, le=0, description="true position at switch-on (m); the crop starts at 0"
    )
    time_constant_s: float = Field(0.15, gt=0, le=5, description="first-order lag of drive and cart")
    slip_mean: float = Field(0.002, ge=0, le=0.2, description="mean share of wheel travel lost on the pipe")
    slip_std: float = Field(0.003, ge=0, le=0.2, description="spread of the slip along the row")
    slip_length_m: float = Field(0.5, gt=0, le=50, description="length along which slip stays alike")
    speed_ripple: float = Field(
        0.02, ge=0, le=0.5, description="relative speed error, periodic with the wheel"
    )
    wheel_circumference_m: float = Field(0.5, gt=0, le=3, description="period of the speed ripple")
    wet_share: float = Field(0.0, ge=0, le=1, description="share of the pipe that is wet, in stretches")
    wet_length_m: float = Field(1.5, gt=0, le=50, description="length of such a stretch")
    wet_slip: float = Field(
        0.04, ge=0, le=0.5, description="share of wheel travel lost there, on top of the dry pipe's"
    )
    joint_every_m: float = Field(0.0, ge=0, le=50, description="from rail joint to rail joint; 0 for none")
    joint_stop: float = Field(
        0.3, ge=0, le=1, description="share of its speed that a joint takes from the cart"
    )
    joint_shake_mm: float = Field(
        4.0, ge=0, le=50, description="first swing of the mast along the row after it"
    )
    mast_hz: float = Field(3.0, gt=0, le=30, description="how fast the mast swings")
    mast_settle_s: float = Field(0.5, gt=0, le=20, description="time in which its swing falls to 1/e")
    end_cam_m: float = Field(
        0.1, ge=0, le=5, description="from so many m past either end of the row on the end switch is worked"
    )
    encoder_noise_ticks: float = Field(
        1.5, ge=0, le=100, description="std of one reading, edge jitter and wobble"
    )


@dataclass(slots=True)
class CartState:
    """True position (m) and speed (m/s), and what the wheel has turned (m)."""

    s: float
    velocity: float
    wheel_m: float


class Vehicle:
    """The cart; `step` moves it by `dt` under a commanded wheel speed. Constant cost per step."""

    def __init__(self, config: VehicleConfig, seed: int) -> None:
        self._config = config
        self._random = np.random.Generator(np.random.PCG64([seed, 0xCA27]))
        self._noise: Iterator[float] = iter(())
        self._slip = config.slip_mean
        self._seed = seed
        self._now = 0.0
        self._joint_t: float | None = None
        self._wet: tuple[int | None, bool] = (None, False)
        self.spinning = False
        """The wheels turn and the cart stands."""
        self.blocked = False
        """Something holds the cart; the wheels stand too."""
        self.state = CartState(s=config.start_s, velocity=0.0, wheel_m=0.0)

    def _normal(self) -> float:
        for value in self._noise:
            return value
        self._noise = iter(self._random.standard_normal(4096).tolist())
        return next(self._noise)

    def step(self, commanded_m_s: float, dt: float) -> None:
        """Advance by `dt` seconds (at most a few ms) under wheel speed command `commanded_m_s`."""
        config, state = self._config, self.state
        wave = math.sin(2 * math.pi * state.wheel_m / config.wheel_circumference_m)
        ripple = 1.0 + config.speed_ripple * wave
        gone = dt / config.time_constant_s
        velocity = state.velocity
        velocity += (commanded_m_s * ripple - velocity) * (gone if gone < 1.0 else 1.0)
        state.velocity = velocity = 0.0 if self.blocked else velocity
        wheel = velocity * dt
        # Ornstein-Uhlenbeck over distance: slip belongs to the place on the pipe, not to the time spent there.
        share = abs(wheel) / config.slip_length_m
        self._slip += (config.slip_mean - self._slip) * share
        if share > 0:
            self._slip += config.slip_std * math.sqrt(2 * share) * self._normal()
        state.wheel_m += wheel
        before = state.s
        if not self.spinning:
            wet = self._wet_slip() if config.wet_share > 0.0 else 0.0
            state.s += wheel * (1.0 - self._slip - wet)
        self._now += dt
        if config.joint_every_m > 0.0:
            self._cross_joint(before)

    @property
    def mast_s(self) -> float:
        """Where the mast with cameras and nozzles truly is: the cart's place, and the mast's swing."""
        if self._joint_t is None:
            return self.state.s
        config, since = self._config, self._now - self._joint_t
        swing = float(sin_turns(config.mast_hz * since)) * fallen(since / config.mast_settle_s)
        return self.state.s + 1e-3 * config.joint_shake_mm * swing

    def _wet_slip(self) -> float:
        """Return what a wet stretch adds to the slip; which stretches are wet belongs to the row."""
        config = self._config
        stretch = math.floor(self.state.s / config.wet_length_m)
        if stretch != self._wet[0]:
            # Entropy is never negative; the cart may stand a little before the row's head.
            draw = np.random.Generator(np.random.PCG64([self._seed, 0x3E7, stretch + 1000])).random()
            self._wet = stretch, bool(draw < config.wet_share)
        return config.wet_slip if self._wet[1] else 0.0

    def _cross_joint(self, before: float) -> None:
        config, state = self._config, self.state
        if math.floor(before / config.joint_every_m) != math.floor(state.s / config.joint_every_m):
            state.velocity *= 1.0 - config.joint_stop
            self._joint_t = self._now

    def encoder_ticks(self) -> int:
        """Return one noisy encoder reading in ticks, 0 at switch-on."""
        exact = self.state.wheel_m * self._config.ticks_per_m
        return round(exact + self._config.encoder_noise_ticks * self._normal())
