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
    assert one.state == two.state
    assert one.encoder_ticks() == two.encoder_ticks()


def test_encoder_noise_has_the_configured_spread() -> None:
    vehicle = Vehicle(VehicleConfig(encoder_noise_ticks=3.0), seed=3)
    readings = [vehicle.encoder_ticks() for _ in range(4000)]
    mean = sum(readings) / len(readings)
    spread = (sum((r - mean) ** 2 for r in readings) / len(readings)) ** 0.5
    assert mean == pytest.approx(0.0, abs=0.3)
    assert spread == pytest.approx(3.0, rel=0.1)
