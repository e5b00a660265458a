"""The cart on its rails: motor lag, wheel slip and an encoder that counts wheel travel, not truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field


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
        self._noise = self._random.standard_normal(4096)
        self._noise_at = 0
        self._slip = config.slip_mean
        self.spinning = False
        """The wheels turn and the cart stands."""
        self.state = CartState(s=config.start_s, velocity=0.0, wheel_m=0.0)

    def _normal(self) -> float:
        if self._noise_at == self._noise.size:
            self._noise = self._random.standard_normal(4096)
            self._noise_at = 0
        self._noise_at += 1
        return float(self._noise[self._noise_at - 1])

    def step(self, commanded_m_s: float, dt: float) -> None:
        """Advance by `dt` seconds (at most a few ms) under wheel speed command `commanded_m_s`."""
        config, state = self._config, self.state
        ripple = 1.0 + config.speed_ripple * math.sin(
            2 * math.pi * state.wheel_m / config.wheel_circumference_m
        )
        state.velocity += (commanded_m_s * ripple - state.velocity) * min(1.0, dt / config.time_constant_s)
        wheel = state.velocity * dt
        # Ornstein-Uhlenbeck over distance: slip belongs to the place on the pipe, not to the time spent there.
        share = abs(wheel) / config.slip_length_m
        self._slip += (config.slip_mean - self._slip) * share
        if share > 0:
            self._slip += config.slip_std * math.sqrt(2 * share) * self._normal()
        state.wheel_m += wheel
        state.s += 0.0 if self.spinning else wheel * (1.0 - self._slip)

    def encoder_ticks(self) -> int:
        """Return one noisy encoder reading in ticks, 0 at switch-on."""
        exact = self.state.wheel_m * self._config.ticks_per_m
        return round(exact + self._config.encoder_noise_ticks * self._normal())
