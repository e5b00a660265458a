import pytest

from sim.air import AirConfig, AirSupply


def run(supply: AirSupply, open_nozzles: int, seconds: float) -> None:
    for _ in range(round(seconds / 0.001)):
        supply.step(open_nozzles, 0.001)


def test_open_nozzles_use_air_and_lower_the_pressure() -> None:
    supply = AirSupply(AirConfig(compressor_nl_min=0))
    run(supply, 2, 1.0)
    assert supply.pressure_kpa < 600.0
    assert 4.0 < supply.used_nl <= 5.0  # two nozzles of 150 nl/min for a second, a little less as it sags


def test_the_compressor_refills_to_its_cut_out_and_stops() -> None:
    supply = AirSupply(AirConfig(start_kpa=400))
    run(supply, 0, 60.0)
    assert supply.pressure_kpa == pytest.approx(620.0, abs=1.0)


def test_an_empty_tank_stays_at_zero() -> None:
    supply = AirSupply(AirConfig(start_kpa=0, compressor_nl_min=0))
    run(supply, 64, 1.0)
    assert supply.pressure_kpa == 0.0
    assert supply.used_nl == 0.0


def test_a_sagging_tank_weakens_the_jets_only_where_no_regulator_holds_them() -> None:
    air = AirSupply(AirConfig(start_kpa=300.0))
    assert air.strength(0.0) == 1.0
    assert air.strength(1.0) == pytest.approx(0.5)
