import pytest

from firmware_bridge.core_config import CoreConfig
from sim.coil import CoilConfig, Coils
from sim.faults import KINDS

CONFIG = CoilConfig()


def test_a_coil_warms_towards_its_rise_and_cools_again() -> None:
    coils = Coils(CONFIG)
    coils.switch(3, True, 0.0)
    assert coils.celsius(3, CONFIG.time_constant_s) == pytest.approx(
        CONFIG.ambient_c + 0.632 * CONFIG.rise_k, rel=0.01
    )
    assert coils.celsius(3, 3600.0) == pytest.approx(CONFIG.ambient_c + CONFIG.rise_k)
    coils.switch(3, False, 3600.0)
    assert coils.celsius(3, 7200.0) == pytest.approx(CONFIG.ambient_c)
    assert coils.hottest_c(7200.0) == pytest.approx(CONFIG.ambient_c + CONFIG.rise_k)


def test_other_coils_stay_as_they_are() -> None:
    coils = Coils(CONFIG)
    coils.switch(3, True, 0.0)
    assert coils.celsius(4, 100.0) == CONFIG.ambient_c


def hottest_with(on_s: float, period_s: float, for_s: float) -> float:
    coils = Coils(CONFIG)
    for n in range(round(for_s / period_s)):
        coils.switch(0, True, n * period_s)
        coils.switch(0, False, n * period_s + on_s)
    return coils.hottest_c(for_s)


def test_the_controller_s_duty_budget_keeps_a_coil_far_below_its_limit() -> None:
    core = CoreConfig()
    share = core.duty_permille / 1000.0
    steady = hottest_with(0.02 * share, 0.02, 600.0)
    burst_k = CONFIG.rise_k * core.duty_budget_us * 1e-6 / CONFIG.time_constant_s
    assert steady + burst_k < CONFIG.limit_c - 20.0


def test_without_a_budget_a_coil_would_pass_its_limit() -> None:
    assert hottest_with(0.05, 0.06, 600.0) > CONFIG.limit_c


def test_a_shorted_driver_is_found_before_its_coil_is_at_the_limit_however_hard_it_worked() -> None:
    on_s = 0.02 * CoreConfig().duty_permille / 1000.0
    coils = Coils(CONFIG)
    for n in range(30_000):
        coils.switch(0, True, 0.02 * n)
        coils.switch(0, False, 0.02 * n + on_s)
    coils.switch(0, True, 600.0)
    assert coils.celsius(0, 600.0 + (KINDS["valve_shorted"].within_s or 0.0)) < CONFIG.limit_c
