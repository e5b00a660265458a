import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.clock_sync import ClockSync, extend

BOOT_AT = 1234.5


def mcu_us(t: float, ppm: float, start_us: int = 0) -> int:
    """The MCU's uint32 clock at host time t."""
    return (start_us + round((t - BOOT_AT) * (1.0 + ppm * 1e-6) * 1e6)) & 0xFFFF_FFFF


def errors_us(ppm: float, start_us: int = 0, poll_s: float = 0.0, seed: int = 1) -> list[float]:
    """Errors over 60 s of 10 Hz pings with exponential delays and stalls; `poll_s`: replies wait for a poll."""
    rng, clock, errors = random.Random(seed), ClockSync(), []
    for n in range(600):
        sent = BOOT_AT + 0.1 * n
        there = 5e-5 + rng.expovariate(1 / 3e-5) + (rng.uniform(0, 0.02) if rng.random() < 0.05 else 0.0)
        back = 5e-5 + rng.expovariate(1 / 3e-5) + poll_s
        clock.add(sent, sent + there + back, mcu_us(sent + there, ppm, start_us))
        if n > 64:
            t = sent + rng.uniform(-0.05, 0.05)
            errors.append(abs(clock.to_host(mcu_us(t, ppm, start_us)) - t) * 1e6)
    return sorted(errors)


@pytest.mark.parametrize("poll_s", [0.0, 0.01])
@pytest.mark.parametrize("ppm", [-80.0, 0.0, 80.0])
def test_drift_and_stalls_are_fitted_away(ppm: float, poll_s: float) -> None:
    errors = errors_us(ppm, poll_s=poll_s)
    assert errors[len(errors) // 2] < 60.0
    assert errors[int(len(errors) * 0.99)] < 150.0


def test_wrap_of_the_clock_goes_unnoticed() -> None:
    errors = errors_us(80.0, start_us=2**32 - 30_000_000)
    assert errors[-1] < 300.0


def test_first_sample_is_enough_to_begin_with() -> None:
    clock = ClockSync()
    assert clock.trip_s is None
    clock.add(10.0, 10.0004, 4_000_000_000)
    assert clock.to_host(4_000_000_000) == pytest.approx(10.0002)
    assert clock.to_host(4_000_500_000) == pytest.approx(10.5002)
    assert clock.to_host(3_999_500_000) == pytest.approx(9.5002)
    assert clock.trip_s == pytest.approx(0.0004)
    assert clock.to_mcu(10.5002) == 4_000_500_000


def test_round_trips_are_told_by_median_and_99th_percentile() -> None:
    clock = ClockSync()
    assert clock.trip_percentile_s(0.5) is None
    for n in range(1000):
        trip = 0.02 if n % 50 == 7 else 0.001
        clock.add(0.1 * n, 0.1 * n + trip, round(0.1e6 * n))
    assert clock.trip_percentile_s(0.5) == pytest.approx(0.001)
    assert clock.trip_percentile_s(0.99) == pytest.approx(0.02)
    assert clock.trip_percentile_s(1.0) == pytest.approx(0.02)


def test_clock_that_runs_absurdly_fast_is_not_followed() -> None:
    clock = ClockSync()
    for n in range(64):
        clock.add(0.1 * n, 0.1 * n + 1e-4, round(0.2e6 * n))
    assert clock.seconds_per_us == 1e-6


@given(near=st.integers(0, 2**40), offset=st.integers(-(2**31), 2**31 - 1))
def test_extension_finds_the_nearest_time(near: int, offset: int) -> None:
    assert extend((near + offset) & 0xFFFF_FFFF, near) == near + offset


@given(
    pings=st.lists(
        st.tuples(st.floats(0, 10), st.floats(-1, 1), st.integers(0, 2**32 - 1)), min_size=1, max_size=80
    )
)
def test_any_pings_give_a_finite_line(pings: list[tuple[float, float, int]]) -> None:
    clock, t = ClockSync(), 0.0
    for wait, trip, tick in pings:
        t += wait
        clock.add(t, t + trip, tick)
    assert 0.99e-6 < clock.seconds_per_us < 1.01e-6
    assert abs(clock.to_host(pings[-1][2])) < 1e9
