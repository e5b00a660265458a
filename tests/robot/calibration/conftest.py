"""A board in virtual time with a tank whose valves lag, for measuring lags without waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from firmware_bridge.bridge import BridgeConfig
from firmware_bridge.core import Core
from firmware_bridge.core_config import CoreConfig
from robot.bench_link import BenchLink
from sim.air import AirConfig, AirSupply
from sim.airjet import AirJetConfig
from sim.clock import SimClock
from sim.valve_flow import ValveFlow


class Bench:
    """Core, tank and lagging valves; a Transport, and the world that a SimClock advances."""

    def __init__(self, lag_s: float, std_s: float, seed: int, nozzle_nl_min: float = 150.0) -> None:
        self.core = Core(CoreConfig(), boot_id=0xB0B0)
        self.air = AirSupply(AirConfig(nozzle_nl_min=nozzle_nl_min))
        self.flow = ValveFlow(AirJetConfig(valve_lag_s=lag_s, valve_lag_std_s=std_s), seed)
        self.now_us = 0
        self.clock = SimClock(self.advance)
        self.link = BenchLink(self, BridgeConfig(), self.clock)

    def advance(self, t: float) -> None:
        while self.now_us + 1000 <= round(t * 1e6):
            self.now_us += 1000
            self.air.step(self.flow.take(self.now_us * 1e-6), 0.001)
            self.core.step(self.now_us, 0, round(self.air.pressure_kpa))
            for edge in self.core.edges():
                self.flow.edge(edge.open, edge.at_us * 1e-6)

    def read(self) -> bytes:
        return self.core.take_output()

    def write(self, data: bytes) -> None:
        self.core.receive(data, self.now_us)

    def close(self) -> None:
        """Nothing to release."""


@pytest.fixture
def make_bench() -> Callable[..., Any]:
    return Bench
