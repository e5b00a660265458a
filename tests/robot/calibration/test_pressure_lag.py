"""The lag comes out of the dips of a coarse, slow pressure reading; here the truth is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from robot.calibration.config import CalibrationConfig
from robot.calibration.lag_sensor import LagError, Train, blowing, blown, fit_lag
from robot.calibration.pressure import PressureSensor
from robot.calibration.valves import measure


def measured(bench: Any, **config: Any) -> Any:
    bench.clock.sleep_until(0.1)
    bench.link.open()
    ((_, estimate),) = measure(bench.link, [5], PressureSensor(), CalibrationConfig(**config))
    return estimate


@pytest.mark.parametrize("lag_s", [0.007, 0.012, 0.020])
@pytest.mark.parametrize("seed", [1, 2])
def test_lag_is_found_within_the_error_it_claims(
    make_bench: Callable[..., Any], lag_s: float, seed: int, record_property: Callable[..., None]
) -> None:
    estimate = measured(make_bench(lag_s, 0.0008, seed))
    error_us = (estimate.lag_s - lag_s) * 1e6
    record_property("error_us", round(error_us))
    # 24 trains of nine openings at 50 Hz and whole kPa: about 1 ms, which is 0.15 mm of travel.
    assert abs(error_us) < 2_000
    assert abs(error_us) < 3e6 * estimate.error_s
    assert 200 < estimate.error_s * 1e6 < 2_000


def test_delay_of_the_sensor_is_taken_off(make_bench: Callable[..., Any]) -> None:
    plain = measured(make_bench(0.020, 0.0, 1))
    less = measured(make_bench(0.020, 0.0, 1), sensor_delay_us=5_000)
    assert less.lag_s == pytest.approx(plain.lag_s - 0.005)


def test_blocked_nozzle_is_no_lag(make_bench: Callable[..., Any]) -> None:
    with pytest.raises(LagError, match=r"nozzle 5: .*blocked"):
        measured(make_bench(0.012, 0.0, 1, nozzle_nl_min=1.0), trains=4)


def test_impossible_lag_names_the_sensor_delay(make_bench: Callable[..., Any]) -> None:
    with pytest.raises(LagError, match="sensor_delay_us"):
        measured(make_bench(0.012, 0.0, 1), trains=12, sensor_delay_us=100_000)


def stall(bench: Any, at: list[float]) -> None:
    """Let the computer sleep through 0.6 s at each of these times."""
    awake = bench.clock.sleep_until

    def stalling(t: float) -> None:
        awake(t)
        if at and t > at[0]:
            at.pop(0)
            awake(t + 0.6)

    bench.clock.sleep_until = stalling


def test_train_that_the_dead_man_cut_is_fired_again(make_bench: Callable[..., Any]) -> None:
    bench, stalls = make_bench(0.012, 0.0, 1), [3.0, 6.0, 7.5]
    stall(bench, stalls)
    estimate = measured(bench, trains=8)
    assert not stalls
    assert bench.link.telemetry().deadman_trips >= 3
    assert estimate.lag_s == pytest.approx(0.012, abs=0.006)


def test_nozzle_that_never_fires_in_full_is_given_up(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(0.012, 0.0, 1)
    stall(bench, [1.0 + 0.9 * n for n in range(100)])
    with pytest.raises(LagError, match=r"nozzle 5: .*(deadman|not_armed); nothing was written"):
        measured(bench, trains=4)
    assert bench.core.valves == 0


def test_nothing_stays_armed_or_open(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(0.012, 0.0, 1)
    measured(bench, trains=4)
    assert bench.core.valves == 0
    assert not bench.link.telemetry().armed


def test_exact_readings_give_the_exact_lag_through_a_drift() -> None:
    trains = [Train(10.0 + n, 0.04, 0.103, 6) for n in range(4)]
    t = np.arange(9.5, 15.0, 0.002)
    values = 600.0 + 3.0 * t - 20.0 * sum(blown(t - 0.0135, train) for train in trains)
    estimate = fit_lag(t, values, trains, blown, 1.0)
    assert estimate.lag_s == pytest.approx(0.0135, abs=1e-4)
    assert estimate.error_s < 1e-4
    assert estimate.openings == 24


def test_response_is_the_air_so_far_or_whether_it_blows() -> None:
    train = Train(1.0, 0.04, 0.1, 2)
    t = np.array([0.9, 1.02, 1.05, 1.12, 2.0])
    assert blown(t, train) == pytest.approx([0.0, 0.02, 0.04, 0.06, 0.08])
    assert blowing(t, train) == pytest.approx([0, 1, 0, 1, 0])


def test_too_few_samples_say_so() -> None:
    with pytest.raises(LagError, match="samples around a train"):
        fit_lag(np.array([1.0]), np.array([600.0]), [Train(1.0, 0.04, 0.1, 2)], blown, 1.0)
