"""The cart on its rails: motor lag, wheel slip and an encoder that counts wheel travel, not truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from sim.native._native import ffi, lib
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


NORMALS = 4096
"""Normal numbers drawn at a time."""


class Vehicle:
    """The cart; `step` moves it by `dt` under a commanded wheel speed. Constant cost per step.

    True position `state.s` (m), `state.velocity` (m/s) and what the wheel has turned, `state.wheel_m` (m), stand in C;
    so do `state.spinning`, the wheels turn and the cart stands, and `state.blocked`, something holds cart and wheels.
    """

    def __init__(self, config: VehicleConfig, seed: int) -> None:
        self._config = config
        self._random = np.random.Generator(np.random.PCG64([seed, 0xCA27]))
        self._normals = np.empty(0)
        self._seed = seed
        self._now = 0.0
        self._joint_t: float | None = None
        self._wet: tuple[int | None, bool] = (None, False)
        self.plain = config.wet_share == config.joint_every_m == 0.0
        """Nothing on the rails that `native_cart_step` does not know."""
        self.state: Any = ffi.new(
            "native_cart *",
            {
                "time_constant_s": config.time_constant_s,
                "slip_mean": config.slip_mean,
                "slip_std": config.slip_std,
                "slip_length_m": config.slip_length_m,
                "speed_ripple": config.speed_ripple,
                "circumference_m": config.wheel_circumference_m,
                "ticks_per_m": config.ticks_per_m,
                "noise_ticks": config.encoder_noise_ticks,
                "s": config.start_s,
                "slip": config.slip_mean,
            },
        )

    def draw(self, count: int) -> None:
        """See to it that `count` more normal numbers are at hand."""
        state = self.state
        if len(self._normals) - state.used < count:
            fresh = self._random.standard_normal(max(NORMALS, count))
            self._normals = np.concatenate([self._normals[state.used :], fresh])
            state.normals, state.used = ffi.from_buffer("double[]", self._normals), 0

    def step(self, commanded_m_s: float, dt: float) -> None:
        """Advance by `dt` seconds (at most a few ms) under wheel speed command `commanded_m_s`."""
        config, before = self._config, self.state.s
        self.draw(1)
        wet = self._wet_slip() if config.wet_share > 0.0 and not self.state.spinning else 0.0
        lib.native_cart_step(self.state, commanded_m_s, dt, wet)
        self._now += dt
        if config.joint_every_m > 0.0:
            self._cross_joint(before)

    @property
    def mast_s(self) -> float:
        """Where the mast with cameras and nozzles truly is: the cart's place, and the mast's swing."""
        place: float = self.state.s
        if self._joint_t is None:
            return place
        config, since = self._config, self._now - self._joint_t
        swing = float(sin_turns(config.mast_hz * since)) * fallen(since / config.mast_settle_s)
        return place + 1e-3 * config.joint_shake_mm * swing

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
        self.draw(1)
        ticks: int = lib.native_cart_ticks(self.state)
        return ticks
