from datetime import UTC, datetime

import pytest

from robot.stopwatch import EDGES_MS, KEEP, Stopwatch


class SteppedClock:
    def __init__(self) -> None:
        self.t = 0.0

    def now(self) -> float:
        return self.t

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def sleep_until(self, t: float) -> None:
        self.t = t


def test_laps_are_told_as_median_and_99th_percentile_in_ms() -> None:
    clock = SteppedClock()
    watch = Stopwatch(clock)
    for i in range(100):
        watch.start()
        clock.t += 0.001 * (i + 1)
        watch.lap("detect")
    p50, p99 = watch.table()["detect"]
    assert p50 == pytest.approx(51, abs=1)
    assert p99 == pytest.approx(99, abs=1)


def test_a_whole_step_is_told_beside_its_laps() -> None:
    clock = SteppedClock()
    watch = Stopwatch(clock)
    watch.start()
    clock.t += 0.002
    watch.lap("plan")
    clock.t += 0.003
    watch.end("tell")
    assert watch.table() == {
        name: pytest.approx((ms, ms)) for name, ms in (("plan", 2), ("tell", 3), ("step", 5))
    }


def test_only_the_last_laps_are_kept() -> None:
    watch = Stopwatch(SteppedClock())
    for _ in range(KEEP):
        watch.add("frame_age", 1.0)
    for _ in range(KEEP):
        watch.add("frame_age", 0.002)
    assert watch.table()["frame_age"] == pytest.approx((2.0, 2.0))


def test_watch_without_laps_tells_nothing() -> None:
    assert Stopwatch(SteppedClock()).table() == {}


def test_a_histogram_counts_each_lap_once_the_longest_in_the_last_bin() -> None:
    watch = Stopwatch(SteppedClock())
    assert watch.histogram("detect") == [0] * (len(EDGES_MS) + 1)
    for ms in (0.4, 1.0, 1.5, 30.0, 501.0, 9000.0):
        watch.add("detect", 1e-3 * ms)
    assert watch.histogram("detect") == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
