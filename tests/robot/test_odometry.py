from math import inf, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.odometry import Odometry, OdometryConfig

CONFIG = OdometryConfig(noise_m=0.0005)


def rolling(speed: float = 0.15, seconds: float = 1.0, period: float = 0.02) -> Odometry:
    odometry = Odometry(CONFIG)
    odometry.set_origin(0.0)
    for step in range(round(seconds / period) + 1):
        odometry.add(10.0 + step * period, round(speed * step * period * 10_000))
    return odometry


def test_pose_between_two_samples_is_interpolated() -> None:
    pose = rolling().at(10.51)
    assert pose is not None
    assert pose.s == pytest.approx(0.51 * 0.15, abs=1e-4)
    assert pose.velocity == pytest.approx(0.15, abs=1e-3)
    assert pose.s_std == CONFIG.noise_m


def test_pose_shortly_after_the_last_sample_is_extrapolated_and_less_sure() -> None:
    pose = rolling().at(11.05)
    assert pose is not None
    assert pose.s == pytest.approx(1.05 * 0.15, abs=1e-4)
    assert pose.s_std == pytest.approx(CONFIG.noise_m + 0.05 * CONFIG.drift_per_s)


def test_extrapolation_ends_but_unsureness_grows_on() -> None:
    odometry = rolling()
    soon, late = odometry.at(12.0), odometry.at(20.0)
    assert soon is not None and late is not None
    assert late.s == soon.s
    assert late.s_std > 10 * soon.s_std / 2


def test_backward_travel_has_a_negative_velocity() -> None:
    pose = rolling(speed=-0.2).at(10.9)
    assert pose is not None
    assert pose.velocity == pytest.approx(-0.2, abs=1e-3)


def test_no_pose_before_the_position_is_set() -> None:
    odometry = Odometry(CONFIG)
    odometry.add(1.0, 500)
    assert odometry.at(1.0) is None
    assert odometry.set_position(2.0)
    pose = odometry.at(1.0)
    assert pose is not None
    assert pose.s == pytest.approx(2.0)


def test_position_cannot_be_set_before_the_first_reading() -> None:
    assert not Odometry(CONFIG).set_position(1.0)


def test_single_impossible_reading_is_dropped_and_counted() -> None:
    odometry = rolling()
    assert not odometry.add(11.02, 900_000)
    assert odometry.add(11.04, round(1.04 * 1500))
    assert odometry.glitches == 1
    assert odometry.position_known


def test_lasting_jump_is_believed_and_makes_the_position_unknown() -> None:
    odometry = rolling()
    for step in range(6):
        odometry.add(11.02 + 0.02 * step, 900_000 + step)
    assert not odometry.position_known
    assert odometry.last_ticks == 900_005


def test_sample_older_than_the_last_is_dropped() -> None:
    odometry = rolling()
    assert not odometry.add(10.5, 0)
    assert odometry.last_t == pytest.approx(11.0)


def test_ticks_and_places_agree() -> None:
    odometry = rolling()
    odometry.set_position(3.0)
    assert odometry.ticks_at(3.0) == odometry.last_ticks
    assert odometry.ticks_at(3.01) - odometry.ticks_at(3.0) == 100


def test_memory_stays_bounded_over_a_long_row() -> None:
    odometry = rolling(seconds=60.0)
    assert len(odometry._times) <= 256


@given(
    st.lists(st.tuples(st.floats(allow_nan=True), st.integers(-(2**31), 2**31 - 1)), max_size=40),
    st.floats(allow_nan=True),
)
def test_no_reading_and_no_time_yields_a_pose_that_is_not_finite(
    samples: list[tuple[float, int]], t: float
) -> None:
    odometry = Odometry(CONFIG)
    odometry.set_origin(0.0)
    for at, ticks in samples:
        odometry.add(at, ticks)
    pose = odometry.at(t)
    assert pose is None or (isfinite(pose.s) and isfinite(pose.velocity) and not pose.s_std < 0)


@pytest.mark.parametrize("s", [nan, inf, -inf])
def test_position_that_is_not_a_number_is_refused(s: float) -> None:
    odometry = rolling()
    assert not odometry.set_position(s)
    odometry.set_origin(s)
    assert not odometry.position_known


def test_correction_is_taken_up_little_by_little_over_the_way() -> None:
    odometry = Odometry(OdometryConfig())
    odometry.add(0.0, 0)
    odometry.set_position(1.0)
    odometry.slew(0.01)
    for step in range(1, 101):
        odometry.add(0.1 * step, 100 * step)
    pose = odometry.at(10.0)
    assert pose is not None and pose.s == pytest.approx(2.0 + 0.004)
    for step in range(101, 401):
        odometry.add(0.1 * step, 100 * step)
    pose = odometry.at(40.0)
    assert pose is not None and pose.s == pytest.approx(5.0 + 0.01)


@pytest.mark.parametrize("metres", [float("nan"), float("inf"), 0.6])
def test_correction_that_makes_no_sense_changes_nothing(metres: float) -> None:
    odometry = Odometry(OdometryConfig())
    odometry.add(0.0, 0)
    odometry.set_position(1.0)
    odometry.slew(metres)
    odometry.add(1.0, 10_000)
    pose = odometry.at(1.0)
    assert pose is not None and pose.s == pytest.approx(2.0)
