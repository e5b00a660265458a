import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.aim import JetConfig, NozzleBank, candidate_shifts, jet_distance, opening_offsets, shot_at
from robot.types import Train

BANK = NozzleBank(side="right", first_nozzle=32, count=32, h_first=1.3675, pitch=0.015)
TRAIN = Train(on_us=15_000, period_us=41_667, count=3)
JET = JetConfig()


def test_heights_follow_the_mcus_numbers_from_the_bottom() -> None:
    assert BANK.height(32) == pytest.approx(1.3675)
    assert BANK.height(63) == pytest.approx(1.8325)


def test_nearest_nozzles_come_nearest_first() -> None:
    assert BANK.nearest(1.3675 + 0.015 * 10 + 0.002, 3) == [42, 43, 41]


@given(st.floats(-10, 10), st.integers(1, 5))
def test_nearest_nozzles_exist_and_the_first_is_the_best(h: float, most: int) -> None:
    found = BANK.nearest(h, most)
    best = min(range(32, 64), key=lambda nozzle: abs(BANK.height(nozzle) - h))
    assert abs(BANK.height(found[0]) - h) <= abs(BANK.height(best) - h) + 1e-12
    assert all(32 <= nozzle <= 63 for nozzle in found)
    assert len(set(found)) == len(found) <= most


@pytest.mark.parametrize("velocity", [0.15, 0.3, -0.15])
def test_middle_of_the_train_meets_the_flower(velocity: float) -> None:
    shot = shot_at(BANK, JET, TRAIN, aim_s=5.0, distance=0.18, velocity=velocity)
    lean = 0.18 / JET.exit_speed
    middle_of_nozzle_path = 0.5 * (shot.start_s + shot.end_s) + BANK.s_offset
    assert middle_of_nozzle_path + velocity * lean == pytest.approx(5.0)
    assert (shot.end_s - shot.start_s) == pytest.approx(velocity * TRAIN.duration_us * 1e-6)


def test_nozzle_offset_moves_the_trigger_back() -> None:
    ahead = BANK.model_copy(update={"s_offset": 0.3})
    plain = shot_at(BANK, JET, TRAIN, aim_s=5.0, distance=0.18, velocity=0.15)
    offset = shot_at(ahead, JET, TRAIN, aim_s=5.0, distance=0.18, velocity=0.15)
    assert plain.start_s - offset.start_s == pytest.approx(0.3)


def test_openings_lie_evenly_about_the_aim() -> None:
    offsets = opening_offsets(0.15, TRAIN)
    assert offsets.sum() == pytest.approx(0.0)
    assert np.diff(offsets) == pytest.approx(0.15 * 0.041667)


def test_jet_distance_is_measured_in_the_plane_of_s_and_h() -> None:
    away = jet_distance(
        np.array([[1.003, 1.604, 0.4]]), np.array([1.0]), np.array([1.6]), np.array([0.0, 0.003])
    )
    assert away.shape == (1, 1, 2)
    assert away[0, 0].tolist() == pytest.approx([0.005, 0.004])


def test_shifts_go_both_ways_from_small_to_large() -> None:
    assert candidate_shifts(0.002, 0.004) == pytest.approx([0.0, 0.002, -0.002, 0.004, -0.004])
    assert candidate_shifts(0.002, 0.0) == [0.0]


def test_footprint_grows_with_distance_and_never_vanishes() -> None:
    radius = JET.radius_at(np.array([0.1, 0.182, 0.3, -5.0]))
    assert radius[1] == pytest.approx(0.014)
    assert radius[0] < radius[1] < radius[2]
    assert radius[3] > 0
