import pytest

from sim.vehicle import Vehicle, VehicleConfig


def drive(vehicle: Vehicle, speed: float, seconds: float) -> None:
    for _ in range(round(seconds / 0.001)):
        vehicle.step(speed, 0.001)


def test_the_cart_reaches_the_commanded_speed_and_stops_again() -> None:
    vehicle = Vehicle(VehicleConfig(), seed=1)
    drive(vehicle, 0.15, 3.0)
    assert vehicle.state.velocity == pytest.approx(0.15, rel=0.05)
    drive(vehicle, 0.0, 3.0)
    assert abs(vehicle.state.velocity) < 1e-6


def test_slip_makes_the_encoder_run_ahead_of_the_truth() -> None:
    config = VehicleConfig(slip_mean=0.01, slip_std=0.0, encoder_noise_ticks=0.0, start_s=0.0)
    vehicle = Vehicle(config, seed=1)
    drive(vehicle, 0.3, 30.0)
    assert vehicle.state.s == pytest.approx(0.99 * vehicle.encoder_ticks() / config.ticks_per_m, rel=1e-3)


def test_the_same_seed_drives_the_same_way() -> None:
    one, two = (Vehicle(VehicleConfig(), seed=7) for _ in range(2))
    drive(one, 0.15, 2.0)
    drive(two, 0.15, 2.0)
    assert (one.state.s, one.state.velocity, one.mast_s) == (two.state.s, two.state.velocity, two.mast_s)
    assert one.encoder_ticks() == two.encoder_ticks()


def test_encoder_noise_has_the_configured_spread() -> None:
    vehicle = Vehicle(VehicleConfig(encoder_noise_ticks=3.0), seed=3)
    readings = [vehicle.encoder_ticks() for _ in range(4000)]
    mean = sum(readings) / len(readings)
    spread = (sum((r - mean) ** 2 for r in readings) / len(readings)) ** 0.5
    assert mean == pytest.approx(0.0, abs=0.3)
    assert spread == pytest.approx(3.0, rel=0.1)


def driven(config: VehicleConfig, metres: float = 6.0) -> list[tuple[float, float, float]]:
    """Return (place, wheel travel, mast) of each step at 0.15 m/s."""
    cart = Vehicle(config, seed=1)
    found = []
    while cart.state.s < metres:
        cart.step(0.15, 0.002)
        found.append((cart.state.s, cart.state.wheel_m, cart.mast_s))
    return found


def test_wet_stretches_lose_more_of_the_wheels_travel_than_dry_ones() -> None:
    dry = driven(VehicleConfig(slip_std=0.0))[-1]
    wet = driven(VehicleConfig(slip_std=0.0, wet_share=1.0, wet_slip=0.05))[-1]
    assert wet[1] / dry[1] == pytest.approx(1.05, abs=0.005)


def test_wet_stretches_belong_to_the_row_and_its_seed() -> None:
    config = VehicleConfig(slip_std=0.0, wet_share=0.4)
    assert driven(config, 2.0) == driven(config, 2.0)


def test_a_rail_joint_slows_the_cart_and_swings_the_mast_for_a_while() -> None:
    steps = driven(VehicleConfig(joint_every_m=2.0, joint_shake_mm=5.0), 3.9)
    swing = [(s, abs(mast - s)) for s, _, mast in steps]
    assert max(off for s, off in swing if 2.0 <= s < 2.1) > 0.002
    assert max(off for s, off in swing if 2.8 <= s < 3.9) < 0.0002
    assert all(off == 0.0 for s, off in swing if s < -0.01)


def test_without_joints_the_mast_stands_on_the_cart() -> None:
    assert all(mast == s for s, _, mast in driven(VehicleConfig(), 1.0))
