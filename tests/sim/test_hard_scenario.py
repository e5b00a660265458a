"""The hard scenario is really hard, and none of its settings is on in the reference row."""

from sim.scenario import load_scenario


def test_the_reference_row_has_none_of_it() -> None:
    row = load_scenario("row")
    assert row.vehicle.wet_share == row.vehicle.joint_every_m == 0.0
    assert row.jets.pressure_exponent == row.jets.hz_weight == row.jets.shake.push_mm == 0.0
    assert row.camera.delivery_jitter_s == row.camera.stamp_jitter_s == 0.0
    assert row.misfit == type(row.misfit)()
    assert row.lens == type(row.lens)()


def test_the_hard_row_has_all_of_it() -> None:
    hard, row = load_scenario("hard"), load_scenario("row")
    for section in ("world", "vehicle", "air", "jets", "camera", "lens", "misfit"):
        assert getattr(hard, section) != getattr(row, section), section
    assert hard.jets.shake.push_mm > 0.0 < hard.jets.hz_weight
    assert hard.air.compressor_nl_min < row.air.compressor_nl_min
