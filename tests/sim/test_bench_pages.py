import pytest

from sim import bench_pages
from sim.realtime import RealtimeError


def test_a_phase_is_told_by_its_middle_and_its_worst_window() -> None:
    windows = [(1.0, 9.0), (2.0, 7.0), (3.0, 30.0)]
    assert bench_pages._over(windows) == {"p50_ms": 2.0, "p99_ms": 9.0, "worst_p99_ms": 30.0}


def test_a_phase_without_times_is_no_result() -> None:
    with pytest.raises(RealtimeError, match="measure longer"):
        bench_pages._over([])


def test_three_phases_of_the_longest_fit_the_row() -> None:
    assert (
        3 * (bench_pages.longest_phase_s() + bench_pages.SETTLE_S) * bench_pages.SPEED_M_S < bench_pages.ROW_M
    )
