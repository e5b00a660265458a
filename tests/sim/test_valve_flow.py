import pytest

from sim.airjet import AirJetConfig
from sim.valve_flow import ValveFlow


def test_air_flows_one_lag_after_each_edge() -> None:
    flow = ValveFlow(AirJetConfig(valve_lag_s=0.012, valve_lag_std_s=0.0), seed=1)
    flow.edge(True, 0.0)
    flow.edge(False, 0.030)
    means = [flow.take(0.001 * n) for n in range(1, 60)]
    assert sum(means) == pytest.approx(30.0)
    assert means[:11] == pytest.approx([0.0] * 11)
    assert means[13:41] == pytest.approx([1.0] * 28)
    assert means[43:] == pytest.approx([0.0] * 16)


def test_edge_told_late_is_made_up() -> None:
    flow = ValveFlow(AirJetConfig(valve_lag_s=0.0, valve_lag_std_s=0.0), seed=1)
    assert flow.take(1.0) == 0.0
    flow.edge(True, 0.5)
    assert flow.take(2.0) == pytest.approx(1.5)
    assert flow.take(3.0) == pytest.approx(1.0)


def test_lag_spreads_from_edge_to_edge_and_is_the_same_for_a_seed() -> None:
    def run(seed: int) -> list[float]:
        flow = ValveFlow(AirJetConfig(), seed)
        for n in range(50):
            flow.edge(True, 0.1 * n)
            flow.edge(False, 0.1 * n + 0.015)
        return [flow.take(0.001 * n) for n in range(1, 5200)]

    assert run(3) == run(3)
    assert run(3) != run(4)
    assert sum(run(3)) == pytest.approx(50 * 15.0, rel=0.05)


def test_bitmap_of_commands_gives_the_same_air_as_its_edges() -> None:
    config = AirJetConfig(valve_lag_s=0.012, valve_lag_std_s=0.0)
    by_edges, by_bitmap = ValveFlow(config, 1), ValveFlow(config, 1)
    for t, valves, edges in ((0.0, 0b101, (True, True)), (0.02, 0b100, (False,)), (0.03, 0, (False,))):
        by_bitmap.follow(valves, t)
        by_bitmap.follow(valves, t)
        for is_open in edges:
            by_edges.edge(is_open, t)
    air = [(by_edges.take(0.001 * n), by_bitmap.take(0.001 * n)) for n in range(1, 50)]
    assert sum(ours for ours, _ in air) == pytest.approx(50.0)
    assert all(ours == theirs for ours, theirs in air)
