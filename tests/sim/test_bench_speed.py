import pytest

from sim.bench_speed import bench_speed


@pytest.mark.slow
def test_the_simulator_is_timed_for_both_detectors_and_both_sizes() -> None:
    found = bench_speed(rows=20)
    assert set(found["lockstep"]) == {"truth", "onnx"} == set(found["targets"]) - {"season_s"}
    assert 0.0 < found["season"]["peak_mib"]["42 days"] < 1.1 * found["season"]["peak_mib"]["14 days"]
    assert all(row["frames"] > 0 and row["times_real_time"] > 0.0 for row in found["lockstep"].values())
    assert list(found["season_us_per_flower_and_day"]) == ["1 rows", "20 rows"]
    assert list(found["cpu_ms_per_frame"]) == ["row of 2 m", "row of 160 m"]
