"""The link's benchmark measures what it names; how fast it is, no test judges."""

import json
from math import isfinite

import pytest

from sim import bench_link


@pytest.mark.realtime
def test_one_run_gives_sync_round_trips_and_codec_beside_their_targets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_link, "SETTLE_S", 2.5)
    monkeypatch.setattr(bench_link, "SYNC_S", 0.5)
    monkeypatch.setattr(bench_link, "BLOCKS", 2)
    result = json.loads(json.dumps(bench_link.bench_link()))
    sync, trips, codec = result["clock_sync"], result["round_trip"], result["codec"]
    # A board clock misjudged by its drift would be off by 80 µs for each second since the machine started.
    assert 0.0 < sync["error_p50_us"] <= sync["error_p99_us"] < 50_000
    assert sync["samples"] > 10
    assert trips["trips"] == 2 * bench_link.BLOCK
    figures = [trips[f"{way}_p50_us"] for way in ("bridge", "bare", "echo")]
    assert all(isfinite(figure) and figure > 0.0 for figure in figures)
    assert trips["ratio_to_bare_p50"] == pytest.approx(figures[0] / figures[1], abs=0.02)
    assert codec["encode_us"] > 0.0
    assert codec["decode_us"] > 0.0
    named = sync.keys() | trips.keys() | codec.keys()
    assert set(result["targets"]) <= named


def test_clock_of_the_drifting_board_runs_fast_and_wraps() -> None:
    assert bench_link.board_ticks(1.0, 0) == 1_000_000
    assert bench_link.board_ticks(1000.0, 80) == 1_000_080_000
    assert bench_link.board_ticks(4295.0, 0) == 4_295_000_000 - (1 << 32)
